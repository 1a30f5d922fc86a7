# The pair, in cloudfail.toml's words; then where it runs, and what Google Cloud has beside.

variable "name" {
  type        = string
  default     = "edge"
  nullable    = false
  description = "The beginning of every name that is made here, and the end of the service account's; no other pair of the project, nor of its host project, has it."

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,18}[a-z0-9])?$", var.name))
    error_message = "name has 1 to 20 lowercase letters, digits and hyphens, begins with a letter and ends with no hyphen: a service account's name has 30 characters, of which `cloudfail-` takes ten."
  }
}

variable "instance_name" {
  type        = string
  default     = "edge"
  nullable    = false
  description = "The name of the vrrp_instance."
}

variable "virtual_router_id" {
  type        = number
  nullable    = false
  description = "The VRRP virtual router id, 1 to 255: a number that no other pair of these subnets has."
}

variable "advert_int" {
  type        = number
  default     = 1
  nullable    = false
  description = "Seconds between two adverts; a failover is noticed after three of them, and a bit."
}

variable "nopreempt" {
  type        = bool
  default     = null
  description = "A better node that comes back does not take over; null: cloudfail's default, which is true without preempt_delay."
}

variable "preempt_delay" {
  type        = number
  default     = null
  description = "Seconds until a better node that came back takes over; null: it does not."
}

variable "nodes" {
  type = map(object({
    zone         = string
    address      = string
    priority     = number
    machine_type = optional(string)
    interface    = optional(string)
  }))
  nullable    = false
  description = "Two or three members by name: the zone; the IPv4 address of the subnetwork, which is reserved; the VRRP priority; a machine type and a network device of its own."

  validation {
    condition     = alltrue([for name in keys(var.nodes) : can(regex("^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$", name))])
    error_message = "The name of a node has at most 32 lowercase letters, digits and hyphens: it is the end of its instance's name."
  }
  validation {
    condition     = alltrue([for node in var.nodes : can(cidrhost("${node.address}/32", 0)) && !strcontains(node.address, ":")])
    error_message = "The address of a node is one IPv4 address of the subnetwork, without a prefix length: cloudfail finds the peers' instances by it."
  }
  validation {
    condition     = alltrue([for node in var.nodes : can(regex("^${var.region}-[a-z]$", node.zone))])
    error_message = "The zone of a node is one of region, like europe-west1-b: a subnetwork is in one region."
  }
}

variable "claims" {
  type = list(object({
    kind        = string
    address     = optional(string)
    destination = optional(string)
    tables      = optional(list(string))
    name        = optional(string)
    region      = optional(string)
    allocate    = optional(bool)
  }))
  default     = []
  nullable    = false
  description = "What the master must own, in the words of [[instance.NAME.claim]]. A public-ip without an address gets a new one that is reserved; allocate = false says that it has one, where the same apply makes that; tables of a route may be left out; a forwarding-rule is made where forwarding_rules has its name, else it is there already."

  validation {
    condition     = length(var.claims) + length(var.responders) > 0
    error_message = "Nothing follows the master: add a claim, or a responder with a load_balancer."
  }
  validation {
    condition     = alltrue([for claim in var.claims : contains(["public-ip", "private-ip", "route", "forwarding-rule"], claim.kind)])
    error_message = "The kind of a claim is public-ip, private-ip, route or forwarding-rule."
  }
  validation {
    condition     = length([for claim in var.claims : claim if claim.kind == "public-ip"]) <= 1
    error_message = "A network interface has one external address: claim one public-ip, and use forwarding rules for all others."
  }
  validation {
    condition     = alltrue([for claim in var.claims : claim.allocate == null ? true : claim.kind == "public-ip" && claim.allocate == (claim.address == null)])
    error_message = "allocate is a word of a public-ip: true for a new address, and none named; false for one that is named."
  }
  validation {
    condition = alltrue([for claim in var.claims :
      try("${cidrhost(claim.destination, 0)}/${split("/", claim.destination)[1]}" == claim.destination, false)
    if claim.kind == "route"])
    error_message = "The destination of a route is a network in its shortest form, like 10.99.0.1/32: host bits are 0, IPv6 is compressed."
  }
  validation {
    condition = alltrue([for claim in var.claims :
      can(regex("^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$", claim.name))
    if claim.kind == "forwarding-rule"])
    error_message = "The name of a forwarding-rule has at most 63 lowercase letters, digits and hyphens, and begins with a letter."
  }
  validation {
    condition     = alltrue([for claim in var.claims : coalesce(claim.region, var.region) == var.region])
    error_message = "A forwarding rule is of the nodes' region, as its target has to be: leave region out of its claim."
  }
  validation {
    condition     = length([for claim in var.claims : claim if claim.kind == "forwarding-rule"]) <= 10
    error_message = "At most ten forwarding rules: the condition of the role names each, and Google allows twelve logical operators in one."
  }
}

variable "responders" {
  type = list(object({
    port     = number
    protocol = optional(string)
    path     = optional(string)
    address  = optional(string)
  }))
  default     = []
  nullable    = false
  description = "Ports that answer on the master only, in the words of [[instance.NAME.responder]]. Google's health checks may ask them, and nobody else. They ask the load balancer's address, so a responder listens at every address."

  validation {
    condition     = alltrue([for responder in var.responders : responder.address == null])
    error_message = "Leave the address of a responder out: health checks ask the load balancer's address, and the file is the same on all nodes."
  }
}

variable "virtual_ipaddress" {
  type        = list(string)
  default     = []
  nullable    = false
  description = "Addresses that keepalived adds on the master; empty: those of the claims, of their forwarding rules, and of the load balancer."
}

variable "vrrp_version" {
  type        = number
  default     = null
  description = "2 for PASS and AH; null: 2 where the authentication needs it, else 3."
}

variable "authentication" {
  type = object({
    type   = string
    secret = string
  })
  default     = null
  description = "Who may send adverts: PASS, AH or hmac, and the secret of Secret Manager: projects/PROJECT/secrets/NAME. Each node fetches its latest version with the pair's service account; it is in no metadata and no state."

  validation {
    condition     = var.authentication == null ? true : can(regex("^projects/[^/]+/secrets/[A-Za-z0-9_-]+(/versions/[A-Za-z0-9_-]+)?$", var.authentication.secret))
    error_message = "authentication.secret is projects/PROJECT/secrets/NAME, and never the secret itself; a regional secret has to be granted by hand."
  }
}

variable "cloudfail" {
  type = object({
    version   = optional(string)
    index_url = optional(string)
    wheel_url = optional(string)
  })
  default     = {}
  nullable    = false
  description = "Where cloudfail comes from: version (pinned; null: the one of this tree), index_url (null: PyPI), or wheel_url, which is https://, gs://BUCKET/OBJECT (the service account may read that object then), or file:// in the image."

}

variable "extra_configuration" {
  type        = string
  default     = ""
  nullable    = false
  description = "TOML that cloudfail.toml gets too: [agent], [instance.NAME.services], [[instance.NAME.hook]], [vrrp_script.NAME], ..."
}

variable "first_boot" {
  type        = list(string)
  default     = []
  nullable    = false
  description = "Shell commands that run as root before keepalived is started, each a line."
}

# ---- Where the pair runs, and what Google Cloud has beside cloudfail's words.

variable "project" {
  type        = string
  nullable    = false
  description = "The project of the nodes."

  validation {
    condition     = can(regex("^([a-z][-a-z0-9.]*[a-z0-9]:)?[a-z][-a-z0-9]{4,28}[a-z0-9]$", var.project))
    error_message = "project is the id of a project (6 to 30 lowercase letters, digits and hyphens), not its number and not its title."
  }
}

variable "host_project" {
  type        = string
  default     = null
  description = "The host project of a shared VPC, where network, subnetwork and firewall are; null: project. There it is that the rest of the roles is made."
}

variable "region" {
  type        = string
  nullable    = false
  description = "The region of the subnetwork and of all that is made here."

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region is a region like europe-west1, not a zone."
  }
}

variable "network" {
  type        = string
  nullable    = false
  description = "The VPC network of the nodes, which is there already: its name in host_project, or its self link."

  validation {
    condition     = can(regex("^(.*projects/[^/]+/global/networks/)?[a-z]([-a-z0-9]{0,61}[a-z0-9])?$", var.network))
    error_message = "network is the name of a VPC network, or projects/PROJECT/global/networks/NAME."
  }
}

variable "subnetwork" {
  type        = string
  nullable    = false
  description = "The subnetwork of the nodes, which is there already: its name in host_project and region, or its self link, as it has to be where the same configuration makes it."

  validation {
    condition     = can(regex("^(.*projects/[^/]+/regions/[^/]+/subnetworks/)?[a-z]([-a-z0-9]{0,61}[a-z0-9])?$", var.subnetwork))
    error_message = "subnetwork is the name of a subnetwork, or projects/PROJECT/regions/REGION/subnetworks/NAME."
  }
}

variable "own_egress" {
  type        = string
  default     = "nat"
  nullable    = false
  description = "Each node's own way to Google's API, whoever is master. nat: a Cloud NAT serves the subnetwork, and is there already. own-address: each node has an ephemeral external address, which is in nobody's way but a public-ip's. endpoint: the subnetwork has Private Google Access; packages then have to come from an image or a mirror that is within reach."

  validation {
    condition     = contains(["nat", "own-address", "endpoint"], var.own_egress)
    error_message = "own_egress is nat, own-address or endpoint."
  }
  validation {
    condition     = var.own_egress != "own-address" || length([for claim in var.claims : claim if claim.kind == "public-ip"]) == 0
    error_message = "A claimed public-ip displaces the node's own external address, and with it the way to the API: use own_egress nat or endpoint, or claim a forwarding-rule instead."
  }
}

variable "stack_type" {
  type        = string
  default     = "IPV4_ONLY"
  nullable    = false
  description = "IPV4_IPV6 where the subnetwork has an internal IPv6 range and packets of IPv6 are to be routed to the nodes."

  validation {
    condition     = contains(["IPV4_ONLY", "IPV4_IPV6"], var.stack_type)
    error_message = "stack_type is IPV4_ONLY or IPV4_IPV6."
  }
  validation {
    condition     = var.stack_type == "IPV4_IPV6" || alltrue([for claim in var.claims : !strcontains(claim.destination, ":") if claim.destination != null])
    error_message = "A route of IPv6 needs stack_type IPV4_IPV6: its next hop has to have an IPv6 address."
  }
}

variable "forwarding_rules" {
  type = map(object({
    protocol            = optional(string, "TCP")
    ports               = optional(list(string))
    scheme              = optional(string, "EXTERNAL")
    address             = optional(string)
    allocate            = optional(bool)
    allow_global_access = optional(bool)
  }))
  default     = {}
  nullable    = false
  description = "The claimed forwarding rules that are to be made, by name: protocol (TCP, UDP, ESP, AH, SCTP, ICMP or L3_DEFAULT), ports (null: all), scheme (EXTERNAL or INTERNAL), address (reserved already; null: a new one is), allocate (false: there is an address, where the same apply reserves it). EXTERNAL takes one port or range; a second one is a second rule, of the same address."

  validation {
    condition     = alltrue([for name in keys(var.forwarding_rules) : contains([for claim in var.claims : claim.name if claim.kind == "forwarding-rule"], name)])
    error_message = "Each of forwarding_rules is claimed: add { kind = \"forwarding-rule\", name = ... } to claims."
  }
  validation {
    condition     = alltrue([for name in keys(var.forwarding_rules) : !startswith(name, "${var.name}-node-") && !contains(["${var.name}-public", "${var.name}-balanced"], name)])
    error_message = "NAME-node-..., NAME-public and NAME-balanced are names of other addresses of this pair: name the rule otherwise."
  }
  validation {
    condition     = alltrue([for rule in var.forwarding_rules : contains(["TCP", "UDP", "ESP", "AH", "SCTP", "ICMP", "L3_DEFAULT"], rule.protocol)])
    error_message = "The protocol of a forwarding rule is TCP, UDP, ESP, AH, SCTP, ICMP or L3_DEFAULT."
  }
  validation {
    condition     = alltrue([for rule in var.forwarding_rules : rule.allocate == null ? true : rule.allocate == (rule.address == null)])
    error_message = "allocate is true for a new address, and none named, or false for one that is named."
  }
  validation {
    condition     = alltrue([for rule in var.forwarding_rules : contains(["EXTERNAL", "INTERNAL"], rule.scheme)])
    error_message = "The scheme of a forwarding rule is EXTERNAL or INTERNAL."
  }
  validation {
    condition     = alltrue([for rule in var.forwarding_rules : rule.ports == null ? true : contains(["TCP", "UDP", "SCTP"], rule.protocol)])
    error_message = "Only TCP, UDP and SCTP have ports: leave them out."
  }
  validation {
    condition     = alltrue([for rule in var.forwarding_rules : rule.ports == null ? true : length(rule.ports) >= 1 && length(rule.ports) <= (rule.scheme == "EXTERNAL" ? 1 : 5)])
    error_message = "An EXTERNAL rule has one port or range, like 443 or 8000-8010, an INTERNAL one up to five ports: make a second rule with the same address, or leave ports out for all of them."
  }
  validation {
    condition     = alltrue(flatten([for rule in var.forwarding_rules : [for port in coalesce(rule.ports, []) : can(regex("^[0-9]{1,5}(-[0-9]{1,5})?$", port))]]))
    error_message = "A port is a number, or a range like 8000-8010."
  }
}

variable "load_balancer" {
  type = object({
    scheme              = optional(string, "INTERNAL")
    protocol            = optional(string, "TCP")
    ports               = optional(list(string))
    address             = optional(string)
    allocate            = optional(bool)
    allow_global_access = optional(bool)
  })
  default     = null
  description = "A passthrough load balancer that asks the first of responders who is master: scheme (INTERNAL or EXTERNAL), protocol (TCP, UDP or L3_DEFAULT), up to five ports (null: all), address (reserved already; null: a new one is), allocate (false: there is an address, where the same apply reserves it). null: none is made."

  validation {
    condition     = var.load_balancer == null ? true : length(var.responders) > 0
    error_message = "A load balancer has to ask somebody who is master: add a responder, like { port = 8100 }."
  }
  validation {
    condition     = try(var.load_balancer.allocate, null) == null ? true : var.load_balancer.allocate == (var.load_balancer.address == null)
    error_message = "load_balancer.allocate is true for a new address, and none named, or false for one that is named."
  }
  validation {
    condition     = var.load_balancer == null ? true : contains(["INTERNAL", "EXTERNAL"], var.load_balancer.scheme)
    error_message = "load_balancer.scheme is INTERNAL or EXTERNAL."
  }
  validation {
    condition     = var.load_balancer == null ? true : contains(["TCP", "UDP", "L3_DEFAULT"], var.load_balancer.protocol)
    error_message = "load_balancer.protocol is TCP, UDP or L3_DEFAULT."
  }
  validation {
    condition     = try(var.load_balancer.ports == null, true) || try(var.load_balancer.protocol != "L3_DEFAULT" && length(var.load_balancer.ports) >= 1 && length(var.load_balancer.ports) <= 5, false)
    error_message = "load_balancer.ports are one to five ports of TCP or UDP; leave them out for all."
  }
}

variable "standing_routes" {
  type        = bool
  default     = null
  description = "Every node has a route all the time, and a failover deletes the better one; see docs/reference/kinds-gcp.md."
}

variable "route_priority" {
  type        = number
  default     = null
  description = "Routes are made with this priority or the one below it, with standing_routes with the fifteen above it; null: 1000."
}

variable "delete_routes_on_destroy" {
  type        = bool
  default     = true
  nullable    = false
  description = "The claimed routes are made by cloudfail, and not known to Terraform: true deletes them on destroy, by `gcloud` on the machine that runs Terraform. false: delete them yourself, or their network stays."
}

variable "machine_type" {
  type        = string
  default     = "e2-small"
  nullable    = false
  description = "The machine type of nodes that name none."
}

variable "image" {
  type        = string
  default     = "projects/ubuntu-os-cloud/global/images/family/ubuntu-2404-lts-amd64"
  nullable    = false
  description = "The boot image or its family. A newer one takes effect when a node is replaced."
}

variable "first_boot_by" {
  type        = string
  default     = "cloud-init"
  nullable    = false
  description = "What of the image runs the first boot: cloud-init, which Ubuntu's have, or startup-script (Google's guest environment), for Debian's and Red Hat's, which have no cloud-init."

  validation {
    condition     = contains(["cloud-init", "startup-script"], var.first_boot_by)
    error_message = "first_boot_by is cloud-init or startup-script."
  }
  validation {
    condition     = var.first_boot_by != "cloud-init" || !can(regex("(debian|rhel|centos|rocky)[a-z-]*-cloud", var.image))
    error_message = "Google's images of Debian, RHEL, CentOS and Rocky Linux have no cloud-init: set first_boot_by = \"startup-script\"."
  }
}

variable "disk" {
  type = object({
    size_gb = optional(number, 10)
    type    = optional(string, "pd-balanced")
  })
  default     = {}
  nullable    = false
  description = "The boot disk: size_gb and type."

  validation {
    condition     = var.disk.size_gb >= 10
    error_message = "disk.size_gb is at least 10: that is Ubuntu's image."
  }
}

variable "disk_encryption_key" {
  type        = string
  default     = null
  description = "A key of Cloud KMS for the boot disks: projects/PROJECT/locations/REGION/keyRings/RING/cryptoKeys/KEY. null: Google's own key; no disk of Google Cloud is unencrypted."

  validation {
    condition     = var.disk_encryption_key == null ? true : can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.disk_encryption_key))
    error_message = "disk_encryption_key is projects/PROJECT/locations/REGION/keyRings/RING/cryptoKeys/KEY."
  }
}

variable "labels" {
  type        = map(string)
  default     = {}
  nullable    = false
  description = "Labels of everything that has labels."

  validation {
    condition     = length(var.labels) <= 64 && alltrue([for key, value in var.labels : can(regex("^[\\p{Ll}\\p{Lo}][\\p{Ll}\\p{Lo}\\p{N}_-]{0,62}$", key)) && can(regex("^[\\p{Ll}\\p{Lo}\\p{N}_-]{0,63}$", value))])
    error_message = "A label has a key of 1 to 63 lowercase letters, digits, _ and -, a letter first, and a value of at most 63 of them; 64 labels at most."
  }
}

variable "tags" {
  type        = list(string)
  default     = []
  nullable    = false
  description = "Network tags of the nodes, for firewall rules and routes of your own."

  validation {
    condition     = length(var.tags) <= 64 && alltrue([for tag in var.tags : can(regex("^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$", tag))])
    error_message = "A network tag has at most 63 lowercase letters, digits and hyphens, begins with a letter and ends with no hyphen; 64 tags at most."
  }
}

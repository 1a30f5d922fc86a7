# Where the pair runs, and what Google Cloud has beside cloudfail's words.

variable "project" {
  type        = string
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
  description = "The region of the subnetwork and of all that is made here."

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region is a region like europe-west1, not a zone."
  }
}

variable "network" {
  type        = string
  description = "The VPC network of the nodes, which is there already: its name in host_project, or its self link."

  validation {
    condition     = can(regex("^(.*projects/[^/]+/global/networks/)?[a-z]([-a-z0-9]{0,61}[a-z0-9])?$", var.network))
    error_message = "network is the name of a VPC network, or projects/PROJECT/global/networks/NAME."
  }
}

variable "subnetwork" {
  type        = string
  description = "The subnetwork of the nodes, which is there already: its name in host_project and region, or its self link, as it has to be where the same configuration makes it."

  validation {
    condition     = can(regex("^(.*projects/[^/]+/regions/[^/]+/subnetworks/)?[a-z]([-a-z0-9]{0,61}[a-z0-9])?$", var.subnetwork))
    error_message = "subnetwork is the name of a subnetwork, or projects/PROJECT/regions/REGION/subnetworks/NAME."
  }
}

variable "own_egress" {
  type        = string
  default     = "nat"
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
    allow_global_access = optional(bool)
  }))
  default     = {}
  description = "The claimed forwarding rules that are to be made, by name: protocol (TCP, UDP, ESP, AH, SCTP, ICMP or L3_DEFAULT), ports (null: all), scheme (EXTERNAL or INTERNAL), address (reserved already; null: a new one is). EXTERNAL takes one port or range; a second one is a second rule, of the same address."

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
    allow_global_access = optional(bool)
  })
  default     = null
  description = "A passthrough load balancer that asks the first of responders who is master: scheme (INTERNAL or EXTERNAL), protocol (TCP, UDP or L3_DEFAULT), up to five ports (null: all), address (reserved already; null: a new one is). null: none is made."

  validation {
    condition     = var.load_balancer == null ? true : length(var.responders) > 0
    error_message = "A load balancer has to ask somebody who is master: add a responder, like { port = 8100 }."
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
  description = "The claimed routes are made by cloudfail, and not known to Terraform: true deletes them on destroy, by `gcloud` on the machine that runs Terraform. false: delete them yourself, or their network stays."
}

variable "machine_type" {
  type        = string
  default     = "e2-small"
  description = "The machine type of nodes that name none."
}

variable "image" {
  type        = string
  default     = "projects/ubuntu-os-cloud/global/images/family/ubuntu-2404-lts-amd64"
  description = "The boot image or its family. A newer one takes effect when a node is replaced."
}

variable "first_boot_by" {
  type        = string
  default     = "cloud-init"
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
  description = "Labels of everything that has labels."
}

variable "tags" {
  type        = list(string)
  default     = []
  description = "Network tags of the nodes, for firewall rules and routes of your own."
}

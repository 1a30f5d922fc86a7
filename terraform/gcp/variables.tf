# The pair, in cloudfail.toml's words. Where it runs, and what Google Cloud has beside: variables_cloud.tf.

variable "name" {
  type        = string
  description = "The beginning of every name that is made here, and the end of the service account's; no other pair of the project, nor of its host project, has it."

  validation {
    condition     = can(regex("^[a-z]([-a-z0-9]{0,18}[a-z0-9])?$", var.name))
    error_message = "name has 1 to 20 lowercase letters, digits and hyphens, begins with a letter and ends with no hyphen: a service account's name has 30 characters, of which `cloudfail-` takes ten."
  }
}

variable "instance_name" {
  type        = string
  default     = "edge"
  description = "The name of the vrrp_instance."
}

variable "virtual_router_id" {
  type        = number
  description = "The VRRP virtual router id, 1 to 255."
}

variable "advert_int" {
  type        = number
  default     = 1
  description = "Seconds between two adverts, 0.1 to 40."
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
  }))
  default     = []
  description = "What the master must own, in the words of [[instance.NAME.claim]]. A public-ip without an address gets a new one that is reserved; tables of a route may be left out; a forwarding-rule is made where forwarding_rules has its name, else it is there already."

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
    protocol = optional(string, "http")
    path     = optional(string, "/master")
  }))
  default     = []
  description = "Ports that answer on the master only, in the words of [[instance.NAME.responder]]; http and /master unless told otherwise. Google's health checks may ask them, and nobody else. They ask the load balancer's address, so a responder listens at every address."

}

variable "virtual_ipaddress" {
  type        = list(string)
  default     = []
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
  description = "Where cloudfail comes from: version (pinned; null: the one of this tree), index_url (null: PyPI), or wheel_url, which is https://, gs://BUCKET/OBJECT (the service account may read that object then), or file:// in the image."

}

variable "extra_configuration" {
  type        = string
  default     = ""
  description = "TOML that cloudfail.toml gets too: [agent], [instance.NAME.services], [[instance.NAME.hook]], [vrrp_script.NAME], ..."
}

variable "first_boot" {
  type        = list(string)
  default     = []
  description = "Shell commands that run as root before keepalived is started, each a line."
}

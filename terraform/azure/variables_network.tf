# The ways to the nodes, and out of them.

variable "own_egress" {
  type        = string
  default     = "nat"
  nullable    = false
  description = "How a node reaches the API before it owns anything: nat (the subnet has a NAT gateway; cloudfail looks), own-address (each node gets a public address of its own; what comes in there, the security group decides), or assured (another way, like a firewall of a route table: you vouch for it, and cloudfail does not look)."

  validation {
    condition     = contains(["nat", "own-address", "assured"], var.own_egress)
    error_message = "own_egress is nat, own-address or assured. There is no endpoint: Azure Resource Manager has none in a subnet; for a private link of Resource Management take assured, with its endpoint in provider_settings."
  }
}

variable "ingress" {
  type = list(object({
    name         = string
    protocol     = string
    ports        = optional(list(string), ["*"])
    sources      = list(string)
    destinations = optional(list(string), ["*"])
  }))
  default     = []
  nullable    = false
  description = "What else may reach the nodes, besides VRRP and the load balancer's probes: nothing, if this is empty. sources are networks or one service tag; destinations too (* also of what is routed through a node). Rules get priorities in this order."

  validation {
    condition     = length(var.ingress) <= 100 && length(distinct([for rule in var.ingress : lower(rule.name)])) == length(var.ingress)
    error_message = "ingress has at most 100 rules, each with a name of its own."
  }
  validation {
    condition     = alltrue([for rule in var.ingress : can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,50}$", rule.name)) && !contains(["vrrp", "probes", "nobody-else"], lower(rule.name))])
    error_message = "The name of a rule has letters, digits, - and _, begins with a letter or a digit, and is none of vrrp, probes and nobody-else, which are made here."
  }
  validation {
    condition     = alltrue([for rule in var.ingress : contains(["Tcp", "Udp", "Icmp", "Esp", "Ah", "*"], rule.protocol)])
    error_message = "The protocol of a rule is Tcp, Udp, Icmp, Esp, Ah or *: a security group knows no other."
  }
  validation {
    condition     = alltrue([for rule in var.ingress : contains(["Tcp", "Udp"], rule.protocol) || rule.ports == tolist(["*"])])
    error_message = "Only Tcp and Udp have ports."
  }
  validation {
    condition = alltrue([for rule in var.ingress : rule.ports == tolist(["*"]) || (length(rule.ports) > 0 && alltrue([for port in rule.ports :
    can(regex("^\\d{1,5}(-\\d{1,5})?$", port)) && try(max([for number in split("-", port) : tonumber(number)]...), 65536) <= 65535]))])
    error_message = "A port is a number to 65535, a range like 8000-8100, or * alone."
  }
  validation {
    condition = alltrue(flatten([for rule in var.ingress : [for side in [rule.sources, rule.destinations] :
      (length(side) == 1 && can(regex("^(\\*|[A-Za-z]+(\\.[A-Za-z0-9]+)?)$", side[0]))) ||
      (length(side) > 0 && alltrue([for one in side : can(cidrhost(strcontains(one, "/") ? one : "${one}/${strcontains(one, ":") ? 128 : 32}", 0))]))
    ]]))
    error_message = "sources and destinations are networks and addresses, or one service tag or * alone."
  }
}

variable "load_balancer" {
  type = object({
    type        = optional(string, "public")
    subnet_name = optional(string)
    address     = optional(string)
    rules = list(object({
      name         = string
      protocol     = string
      port         = number
      backend_port = optional(number)
    }))
  })
  default     = null
  description = "A Standard load balancer whose probe asks the first responder: public (its address is made here), or internal (a static address of subnet_name). Clients are let in by ingress."

  validation {
    condition     = var.load_balancer == null || length(var.responders) > 0
    error_message = "A load balancer needs a responder: that is how it finds the master."
  }
  validation {
    condition     = var.load_balancer == null ? true : contains(["public", "internal"], var.load_balancer.type)
    error_message = "load_balancer.type is public or internal."
  }
  validation {
    condition = var.load_balancer == null ? true : (var.load_balancer.type == "internal" ?
      var.load_balancer.subnet_name != null && can(cidrnetmask("${var.load_balancer.address}/32")) :
    var.load_balancer.subnet_name == null && var.load_balancer.address == null)
    error_message = "An internal load balancer has the name of a subnet and an IPv4 address of it; a public one has neither."
  }
  validation {
    condition     = var.load_balancer == null ? true : length(var.load_balancer.rules) > 0 && length(distinct([for rule in var.load_balancer.rules : rule.name])) == length(var.load_balancer.rules)
    error_message = "A load balancer has rules, each with a name of its own."
  }
  validation {
    condition = var.load_balancer == null ? true : alltrue([for rule in var.load_balancer.rules : rule.protocol == "All" ?
      var.load_balancer.type == "internal" && rule.port == 0 && coalesce(rule.backend_port, 0) == 0 :
      contains(["Tcp", "Udp"], rule.protocol) && alltrue([for port in [rule.port, coalesce(rule.backend_port, rule.port)] : port >= 1 && port <= 65535])
    ])
    error_message = "A rule is of Tcp or Udp and has ports from 1 to 65535, or is All with port 0, which is every port of an internal load balancer."
  }
}

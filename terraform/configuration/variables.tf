# The words are those of cloudfail.toml: docs/reference/config.md says what each one means.

variable "provider_name" {
  type        = string
  description = "The cloud, as cloudfail names it: aws, gcp or azure."

  validation {
    condition     = contains(["aws", "gcp", "azure"], var.provider_name)
    error_message = "provider_name is aws, gcp or azure."
  }
}

variable "provider_settings" {
  type        = map(any)
  default     = {}
  description = "The keys of [provider.NAME], for example { region = \"eu-central-1\" }."
}

variable "instance_name" {
  type        = string
  default     = "edge"
  description = "The name of the vrrp_instance."

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$", var.instance_name))
    error_message = "instance_name has 1 to 32 letters, digits, - or _, and begins with a letter or a digit."
  }
}

variable "virtual_router_id" {
  type        = number
  description = "The VRRP virtual router id: a number that no other pair of these subnets has."

  validation {
    condition     = var.virtual_router_id >= 1 && var.virtual_router_id <= 255 && floor(var.virtual_router_id) == var.virtual_router_id
    error_message = "virtual_router_id is a whole number from 1 to 255."
  }
}

variable "advert_int" {
  type        = number
  default     = 1
  description = "Seconds between two adverts; a failover is noticed after three of them, and a bit."

  validation {
    condition     = var.advert_int >= 0.1 && var.advert_int <= 40
    error_message = "advert_int is 0.1 to 40 seconds: VRRP counts hundredths, and has 12 bits for them."
  }
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

  validation {
    condition     = var.preempt_delay == null ? true : var.preempt_delay >= 0 && var.preempt_delay <= 1000
    error_message = "preempt_delay is 0 to 1000 seconds."
  }
}

variable "nodes" {
  type = map(object({
    address      = string
    priority     = number
    subnet       = optional(string)
    interface    = optional(string)
    interface_id = optional(string)
  }))
  description = "The members by name: the unicast address VRRP speaks from, the priority, the CIDR of the subnet, the network device, and the cloud's id of the network interface."

  validation {
    condition     = length(var.nodes) >= 2 && length(var.nodes) <= 3
    error_message = "nodes has two or three members."
  }
  validation {
    condition     = length(distinct([for node in var.nodes : node.priority])) == length(var.nodes)
    error_message = "No two nodes share a priority: both would be master at once after a tie."
  }
  validation {
    condition     = alltrue([for node in var.nodes : node.priority >= 1 && node.priority <= 254 && floor(node.priority) == node.priority])
    error_message = "A priority is a whole number from 1 to 254."
  }
  validation {
    condition     = length(distinct([for node in var.nodes : node.address])) == length(var.nodes)
    error_message = "No two nodes share an address."
  }
  validation {
    condition     = alltrue([for node in var.nodes : can(cidrhost("${node.address}/${strcontains(node.address, ":") ? 128 : 32}", 0))])
    error_message = "The address of a node is one IPv4 or IPv6 address, without a prefix length."
  }
  validation {
    condition     = length(distinct([for node in var.nodes : strcontains(node.address, ":")])) == 1
    error_message = "The addresses of all nodes are of one family: VRRP speaks IPv4 or IPv6, not both in one instance."
  }
}

variable "claims" {
  type = list(object({
    kind            = string
    address         = optional(string)
    private_address = optional(string)
    resource_id     = optional(string)
    destination     = optional(string)
    tables          = optional(list(string))
    role_arn        = optional(string)
    name            = optional(string)
    region          = optional(string)
    project         = optional(string)
  }))
  default     = []
  description = "What the master must own, in the words of [[instance.NAME.claim]]."
}

variable "responders" {
  type = list(object({
    port     = number
    protocol = optional(string)
    path     = optional(string)
    address  = optional(string)
  }))
  default     = []
  description = "Ports that answer on the master only, in the words of [[instance.NAME.responder]]."
}

variable "virtual_ipaddress" {
  type        = list(string)
  default     = []
  description = "Addresses that keepalived adds on the master; empty: those of the claims."
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
  description = "Who may send adverts: PASS, AH or hmac, and the id of the secret in the cloud's secret store. Each node fetches it with its own role; it is in no user data and no state."

  validation {
    condition     = var.authentication == null ? true : contains(["PASS", "AH", "hmac"], var.authentication.type)
    error_message = "authentication.type is PASS, AH or hmac; leave authentication out for none."
  }
}

variable "own_egress" {
  type        = string
  default     = "check"
  description = "check: doctor proves that the cloud's API is reached without any claimed object; assured: this module's caller has seen to it."

  validation {
    condition     = contains(["check", "assured"], var.own_egress)
    error_message = "own_egress is check or assured."
  }
}

variable "cloudfail" {
  type = object({
    version   = optional(string)
    index_url = optional(string)
    wheel_url = optional(string)
  })
  default     = {}
  description = "Where cloudfail comes from: version (pinned; null: the one of this tree), index_url (null: PyPI), or wheel_url, which is https://, or the cloud's bucket (s3://, gs://, an https blob), fetched with the node's role."
}

variable "extra_configuration" {
  type        = string
  default     = ""
  description = "TOML that is appended to cloudfail.toml: [keepalived], [instance.NAME.services], hooks, [vrrp_script.NAME], ..."
}

variable "first_boot" {
  type        = list(string)
  default     = []
  description = "Shell commands that run as root before keepalived is started, each a line."
}

# The words are those of cloudfail.toml: docs/reference/config.md says what each one means.

variable "provider_name" {
  type        = string
  nullable    = false
  description = "The cloud, as cloudfail names it: aws, gcp or azure."

  validation {
    condition     = contains(["aws", "gcp", "azure"], var.provider_name)
    error_message = "provider_name is aws, gcp or azure."
  }
}

variable "provider_settings" {
  type        = any
  default     = {}
  nullable    = false
  description = "The keys of [provider.NAME], for example { region = \"eu-central-1\" }; a null is left out."

  validation {
    condition     = can(keys(var.provider_settings)) && can([for value in var.provider_settings : value == null ? "" : tostring(value)])
    error_message = "provider_settings is an object of texts, numbers and booleans, like { region = \"eu-central-1\" }."
  }
  validation {
    condition = alltrue([for key in try(keys(var.provider_settings), []) : contains({
      aws   = ["region", "endpoint", "profile", "role_arn", "credentials_file", "ca_bundle"]
      gcp   = ["project", "host_project", "endpoint", "credentials_file", "route_priority", "standing_routes", "iam_endpoint", "impersonate"]
      azure = ["subscription", "resource_group", "cloud", "endpoint", "ca_file", "credential", "client_id", "api_version"]
    }[var.provider_name], key)])
    error_message = "provider_settings has a key that [provider.${var.provider_name}] has not; docs/reference/config.md lists them."
  }
}

variable "instance_name" {
  type        = string
  default     = "edge"
  nullable    = false
  description = "The name of the vrrp_instance."

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$", var.instance_name))
    error_message = "instance_name has 1 to 32 letters, digits, - or _, and begins with a letter or a digit."
  }
}

variable "virtual_router_id" {
  type        = number
  nullable    = false
  description = "The VRRP virtual router id: a number that no other pair of these subnets has."

  validation {
    condition     = var.virtual_router_id >= 1 && var.virtual_router_id <= 255 && floor(var.virtual_router_id) == var.virtual_router_id
    error_message = "virtual_router_id is a whole number from 1 to 255."
  }
}

variable "advert_int" {
  type        = number
  default     = 1
  nullable    = false
  description = "Seconds between two adverts; a failover is noticed after three of them, and a bit."

  validation {
    condition     = var.advert_int >= 0.01 && var.advert_int <= 255 && abs(var.advert_int * 100 - floor(var.advert_int * 100 + 0.5)) < 0.000001
    error_message = "advert_int is 0.01 to 40.95 seconds in steps of 0.01; with VRRP version 2 it is 1 to 255 whole seconds."
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
  nullable    = false
  description = "The members by name: the unicast address VRRP speaks from, the priority, the CIDR of the subnet, the network device, and the cloud's id of the network interface."

  validation {
    condition     = length(var.nodes) >= 2 && length(var.nodes) <= 3
    error_message = "nodes has two or three members."
  }
  validation {
    condition     = length(distinct([for node in var.nodes : node.priority])) == length(var.nodes)
    error_message = "No two nodes share a priority, or both would be master; give each its own."
  }
  validation {
    condition     = alltrue([for node in var.nodes : node.priority >= 1 && node.priority <= 254 && floor(node.priority) == node.priority])
    error_message = "A priority is a whole number from 1 to 254."
  }
  validation {
    condition     = alltrue([for name in keys(var.nodes) : can(regex("^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$", name))])
    error_message = "The name of a node has 1 to 63 letters, digits, dots, - or _, and begins with a letter or a digit."
  }
  validation {
    condition     = length(distinct([for node in var.nodes : try(cidrhost("${node.address}/${strcontains(node.address, ":") ? 128 : 32}", 0), node.address)])) == length(var.nodes)
    error_message = "No two nodes share an address: each has its own unicast address."
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
  nullable    = false
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
  nullable    = false
  description = "Ports that answer on the master only, in the words of [[instance.NAME.responder]]."

  validation {
    condition     = alltrue([for one in var.responders : one.port >= 1 && one.port <= 65535 && floor(one.port) == one.port])
    error_message = "The port of a responder is a whole number from 1 to 65535."
  }
  validation {
    condition     = alltrue([for one in var.responders : one.protocol == null ? true : contains(["tcp", "http"], one.protocol)])
    error_message = "The protocol of a responder is tcp or http; leave it out for tcp."
  }
  validation {
    condition     = alltrue([for one in var.responders : one.path == null ? true : startswith(one.path, "/") || one.protocol != "http"])
    error_message = "The path of a responder begins with a slash."
  }
}

variable "virtual_ipaddress" {
  type        = list(string)
  default     = []
  nullable    = false
  description = "Addresses that keepalived adds on the master; empty: those of the claims."

  validation {
    condition     = length(distinct([for one in var.virtual_ipaddress : split("/", one)[0]])) == length(var.virtual_ipaddress)
    error_message = "An address is in virtual_ipaddress twice; remove one of the two."
  }
  validation {
    condition     = !anytrue([for one in var.virtual_ipaddress : can(regex("^(127\\.|::1(/|$))", one))])
    error_message = "virtual_ipaddress has an address of the loopback device, which is every machine's own; name one that can move."
  }
}

variable "vrrp_version" {
  type        = number
  default     = null
  description = "2 for PASS and AH; null: 2 where the authentication needs it, else 3."

  validation {
    condition     = var.vrrp_version == null ? true : contains([2, 3], var.vrrp_version)
    error_message = "vrrp_version is 2 or 3; leave it out for the one that the authentication needs."
  }
}

variable "authentication" {
  type = object({
    type   = string
    secret = string
  })
  default     = null
  description = "Who may send adverts: PASS, AH or hmac (keepalived 2.4.2 and newer), and the id of the secret in the cloud's secret store: an ARN of Secrets Manager or of an SSM parameter; projects/PROJECT/secrets/NAME; https://VAULT.vault.azure.net/secrets/NAME. Each node fetches it with its own role; it is in no user data and no state."

  validation {
    condition     = var.authentication == null ? true : contains(["PASS", "AH", "hmac"], var.authentication.type)
    error_message = "authentication.type is PASS, AH or hmac; leave authentication out for none."
  }
  validation {
    condition = var.authentication == null ? true : can(regex({
      aws   = "^arn:[a-z0-9-]+:(secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:|ssm:[a-z0-9-]+:[0-9]{12}:parameter/)[A-Za-z0-9/_+=.@-]+$"
      gcp   = "^projects/[a-z0-9:.-]+(/locations/[a-z0-9-]+)?/secrets/[A-Za-z0-9_-]+(/versions/[A-Za-z0-9_-]+)?$"
      azure = "^https://[A-Za-z0-9-]+\\.vault\\.[a-z.]+/secrets/[A-Za-z0-9-]+(/[0-9a-f]{32})?$"
    }[var.provider_name], var.authentication.secret))
    error_message = "authentication.secret is the id of a secret in the store of ${var.provider_name}, and never the secret itself: ${ {
      aws   = "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX or arn:aws:ssm:REGION:ACCOUNT:parameter/NAME"
      gcp   = "projects/PROJECT/secrets/NAME"
      azure = "https://VAULT.vault.azure.net/secrets/NAME"
    }[var.provider_name]}."
  }
}

variable "own_egress" {
  type        = string
  default     = "check"
  nullable    = false
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
  nullable    = false
  description = "Where cloudfail comes from: version (pinned; null: the one of this tree), index_url (null: PyPI), or wheel_url, which is https://, the cloud's bucket (s3://, gs://, an https blob; fetched with the node's role), or file:// in the image. What cloudfail needs comes from the index in any case."

  validation {
    condition     = var.cloudfail.version == null ? true : can(regex("^[0-9]+(\\.[0-9]+)*((a|b|rc)[0-9]+)?(\\.post[0-9]+)?(\\.dev[0-9]+)?$", var.cloudfail.version))
    error_message = "cloudfail.version is one version, like 0.1.0: nodes that differ in it are not wanted."
  }
  validation {
    condition     = var.cloudfail.index_url == null ? true : can(regex("^https?://[A-Za-z0-9.:\\[\\]-]+(/[A-Za-z0-9._~/%+-]*)?$", var.cloudfail.index_url))
    error_message = "cloudfail.index_url is the URL of a package index, like https://pypi.org/simple, without a user or password: whoever may read user data would have it."
  }
  validation {
    condition     = var.cloudfail.wheel_url == null ? true : can(regex("^(https|file|${var.provider_name == "aws" ? "s3" : var.provider_name == "gcp" ? "gs" : "https"})://[A-Za-z0-9./:_~%+-]+/cloudfail-[0-9][A-Za-z0-9._+-]*\\.whl$", var.cloudfail.wheel_url))
    error_message = "cloudfail.wheel_url is https://, file:// or the bucket of the same cloud (s3://, gs://), and ends in the wheel's own name, like cloudfail-0.1.0-py3-none-any.whl."
  }
  validation {
    condition     = var.cloudfail.wheel_url == null || var.cloudfail.version == null
    error_message = "cloudfail has a wheel_url and a version; the wheel has its version in its name, so leave version out."
  }
}

variable "extra_configuration" {
  type        = string
  default     = ""
  nullable    = false
  description = "TOML that cloudfail.toml gets too: what stands beneath [instance.NAME], [keepalived], [guard] and [provider.NAME] joins what is written there, all else is appended: [instance.NAME.services], [[instance.NAME.hook]], [vrrp_script.NAME], [agent], ..."
}

variable "first_boot" {
  type        = list(string)
  default     = []
  nullable    = false
  description = "Shell commands that run as root before keepalived is started, each a line. They run again whenever cloudfail-first-boot does."
}

# What goes into cloudfail.toml has that file's words: docs/reference/config.md says what each one means.

variable "name" {
  type        = string
  default     = "cloudfail"
  description = "The prefix of the names of everything made here."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}$", var.name))
    error_message = "name has 1 to 31 lower-case letters, digits or -, and begins with a letter: IAM adds to it."
  }
}

variable "instance_name" {
  type        = string
  default     = "edge"
  description = "The name of the vrrp_instance."
}

variable "virtual_router_id" {
  type        = number
  description = "The VRRP virtual router id, 1 to 255: a number that no other pair of these subnets has."
}

variable "advert_int" {
  type        = number
  default     = 1
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
    subnet_id     = string
    address       = string
    priority      = number
    interface     = optional(string)
    instance_type = optional(string)
  }))
  description = "Two or three members by name: an existing subnet, a fixed primary private address in it, the VRRP priority, the network device if the address does not tell it, and an instance type of its own."

  validation {
    condition     = alltrue([for node in var.nodes : can(cidrnetmask("${node.address}/32"))])
    error_message = "The address of a node is one IPv4 address without a prefix length: the primary private address of its network interface."
  }
  validation {
    condition     = alltrue([for node in var.nodes : can(regex("^subnet-", node.subnet_id))])
    error_message = "subnet_id is the id of a subnet (subnet-...)."
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
    allocate        = optional(bool, false)
  }))
  default     = []
  description = "What the master must own, in the words of [[instance.NAME.claim]]. public-ip: an existing Elastic IP by resource_id, address or both, or allocate = true, and the module makes it. private-ip: all nodes share one subnet. route: destination and the tables, by id or by their name in route_tables; role_arn, as text, for tables of another account."

  validation {
    condition = alltrue([for claim in var.claims : claim.kind != "public-ip" ? true :
      claim.allocate ? claim.address == null && claim.resource_id == null : claim.address != null || claim.resource_id != null
    ])
    error_message = "A public-ip has either allocate = true, or an Elastic IP that exists: resource_id (eipalloc-...), address or both."
  }
  validation {
    condition     = alltrue([for claim in var.claims : claim.resource_id == null ? true : startswith(claim.resource_id, "eipalloc-")])
    error_message = "resource_id is an allocation id (eipalloc-...)."
  }
  validation {
    condition     = alltrue([for claim in var.claims : claim.kind == "public-ip" ? true : claim.private_address == null && !claim.allocate && claim.resource_id == null])
    error_message = "private_address, resource_id and allocate are words of a public-ip only."
  }
  validation {
    condition     = length(distinct([for claim in var.claims : coalesce(claim.private_address, "primary") if claim.kind == "public-ip"])) == length([for claim in var.claims : true if claim.kind == "public-ip"])
    error_message = "A private address carries one Elastic IP: give each public-ip a private_address of its own (one of them may sit on the primary address)."
  }
  validation {
    condition = alltrue([for claim in var.claims : claim.private_address == null ? true :
      contains([for other in var.claims : other.address if other.kind == "private-ip"], claim.private_address)
    ])
    error_message = "The private_address of a public-ip is claimed as a private-ip as well: Terraform gives no node a secondary address, cloudfail moves it."
  }
  validation {
    condition     = alltrue([for claim in var.claims : claim.kind != "private-ip" || claim.address != null])
    error_message = "A private-ip has an address."
  }
  validation {
    condition     = alltrue([for claim in var.claims : claim.kind != "route" ? true : claim.destination != null])
    error_message = "A route has a destination: a network like 10.99.0.0/16, or 10.99.0.1/32 for one address."
  }
  validation {
    condition = alltrue([for claim in var.claims : claim.kind != "route" ? true :
      claim.tables == null ? false : length(claim.tables) > 0
    ])
    error_message = "A route has tables: the ids of one or more route tables, or their names in route_tables."
  }
  validation {
    condition     = alltrue([for claim in var.claims : claim.role_arn == null ? true : claim.kind == "route" && can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/", claim.role_arn))])
    error_message = "role_arn is the ARN of a role (arn:aws:iam::ACCOUNT:role/NAME), and a word of a route only."
  }
}

variable "route_tables" {
  type        = map(string)
  default     = {}
  description = "Ids of route tables by names of yours, for the tables of claims: needed where a table is made in the same apply, since its id is not known before."
}

variable "create_routes" {
  type        = bool
  default     = true
  description = "Make the claimed routes, pointing at the best node first and left to cloudfail from then on; false: they exist (or cloudfail makes them, and then destroy leaves them). Never made in another account (role_arn)."
}

variable "responders" {
  type = list(object({
    port     = number
    protocol = optional(string)
    path     = optional(string)
    address  = optional(string)
  }))
  default     = []
  description = "Ports that answer on the master only, for the health check of a load balancer, in the words of [[instance.NAME.responder]]. Open them to it in ingress."

  validation {
    condition = length(var.additional_security_group_ids) > 0 ? true : alltrue([for responder in var.responders : anytrue([
      for rule in var.ingress : rule.protocol == "-1" ? true : rule.protocol != "tcp" ? false : rule.from_port == null ? true : rule.from_port <= responder.port && responder.port <= coalesce(rule.to_port, rule.from_port)
    ])])
    error_message = "The port of a responder is opened to nobody, so no health check would reach it: add it to ingress, or name a security group in additional_security_group_ids."
  }
}

variable "virtual_ipaddress" {
  type        = list(string)
  default     = []
  description = "Addresses that keepalived adds on the master; empty: those of the claims."
}

variable "authentication" {
  type = object({
    type   = string
    secret = string
  })
  default     = null
  description = "Who may send adverts: PASS, AH or hmac, and the ARN of the secret in Secrets Manager, or of an SSM parameter. Each node fetches it with its own role; it is in no user data and no state."
}

variable "cloudfail" {
  type = object({
    version   = optional(string)
    index_url = optional(string)
    wheel_url = optional(string)
  })
  default     = {}
  description = "Where cloudfail comes from: version (null: the one of this tree), index_url (null: PyPI), or wheel_url: https://, or s3://BUCKET/KEY, fetched with the node's role."
}

variable "decrypt_key_arns" {
  type        = list(string)
  default     = []
  description = "The customer managed KMS keys of the secret and of the wheel's bucket: a node may decrypt by them, through Secrets Manager, Parameter Store and S3 only."

  validation {
    condition     = alltrue([for arn in var.decrypt_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", arn))])
    error_message = "decrypt_key_arns are ARNs of keys (arn:aws:kms:REGION:ACCOUNT:key/ID): a policy does not follow aliases."
  }
}

variable "extra_configuration" {
  type        = string
  default     = ""
  description = "TOML that is merged into cloudfail.toml: services, hooks, [vrrp_script.NAME], [guard] protected, ..."
}

variable "first_boot" {
  type        = list(string)
  default     = []
  description = "Shell commands that run as root before keepalived is started, each a line."
}

variable "provider_settings" {
  type = object({
    endpoint  = optional(string)
    ca_bundle = optional(string)
  })
  default     = {}
  description = "More keys of [provider.aws]. With endpoint, own_egress = \"endpoint\" makes no EC2 endpoint but takes this one: https://vpce-..., or https://ec2.REGION.amazonaws.com where the VPC's private DNS leads to one."
}

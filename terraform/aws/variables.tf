# What goes into cloudfail.toml has that file's words: docs/reference/config.md says what each one means.

variable "name" {
  type        = string
  default     = "edge"
  nullable    = false
  description = "The prefix of the names of everything made here."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}$", var.name))
    error_message = "name has 1 to 31 lower-case letters, digits or -, and begins with a letter: IAM adds to it."
  }
  validation {
    condition     = !startswith("${var.name}-", "sg-")
    error_message = "name is not sg, and does not begin with sg-: EC2 takes no security group of such a name."
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
    subnet_id     = string
    address       = string
    priority      = number
    interface     = optional(string)
    instance_type = optional(string)
  }))
  nullable    = false
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
  nullable    = false
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
  nullable    = false
  description = "Ids of route tables by names of yours, for the tables of claims: needed where a table is made in the same apply, since its id is not known before."
}

variable "create_routes" {
  type        = bool
  default     = true
  nullable    = false
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
  nullable    = false
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
  nullable    = false
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
  description = "Who may send adverts: PASS, AH or hmac, and the ARN of the secret in Secrets Manager, or of an SSM parameter. Each node fetches it with its own role; it is in no user data and no state."
}

variable "cloudfail" {
  type = object({
    version   = optional(string)
    index_url = optional(string)
    wheel_url = optional(string)
  })
  default     = {}
  nullable    = false
  description = "Where cloudfail comes from: version (null: the one of this tree), index_url (null: PyPI), or wheel_url: https://, or s3://BUCKET/KEY, fetched with the node's role."
}

variable "decrypt_key_arns" {
  type        = list(string)
  default     = []
  nullable    = false
  description = "The customer managed KMS keys of the secret and of the wheel's bucket: a node may decrypt by them, through Secrets Manager, Parameter Store and S3 only."

  validation {
    condition     = alltrue([for arn in var.decrypt_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", arn))])
    error_message = "decrypt_key_arns are ARNs of keys (arn:aws:kms:REGION:ACCOUNT:key/ID): a policy does not follow aliases."
  }
}

variable "extra_configuration" {
  type        = string
  default     = ""
  nullable    = false
  description = "TOML that is merged into cloudfail.toml: services, hooks, [vrrp_script.NAME], [guard] protected, ..."
}

variable "first_boot" {
  type        = list(string)
  default     = []
  nullable    = false
  description = "Shell commands that run as root before keepalived is started, each a line."
}

variable "provider_settings" {
  type = object({
    endpoint  = optional(string)
    ca_bundle = optional(string)
  })
  default     = {}
  nullable    = false
  description = "More keys of [provider.aws]. With endpoint, own_egress = \"endpoint\" makes no EC2 endpoint but takes this one: https://vpce-..., or https://ec2.REGION.amazonaws.com where the VPC's private DNS leads to one."
}

# What the machines are: their way out, what they accept, image, disks, access.

variable "own_egress" {
  type        = string
  nullable    = false
  description = "Each node's own way to the EC2 API, without anything claimed. nat: the subnet's own routes, nothing is made. own-address: an Elastic IP for each node's primary address. endpoint: a VPC endpoint, made here."

  validation {
    condition     = contains(["nat", "own-address", "endpoint"], var.own_egress)
    error_message = "own_egress is nat, own-address or endpoint."
  }
  validation {
    condition     = var.own_egress == "nat" ? !anytrue([for claim in var.claims : claim.kind == "public-ip"]) : true
    error_message = "own_egress = \"nat\" does not go with a public-ip: an Elastic IP needs a subnet whose default route is an internet gateway, and a standby has no address to leave through that. Take endpoint; or own-address, and let the public-ip sit on a private_address."
  }
  validation {
    condition     = var.own_egress == "own-address" ? alltrue([for claim in var.claims : claim.kind != "public-ip" || claim.private_address != null]) : true
    error_message = "With own_egress = \"own-address\" the primary address has the node's own Elastic IP, which a claimed one would displace: let the public-ip sit on a private_address that is claimed as a private-ip (one subnet), or take endpoint."
  }
}

variable "endpoint_services" {
  type        = list(string)
  default     = null
  description = "With own_egress = \"endpoint\": further VPC endpoints, with private DNS for the whole VPC; null: secretsmanager or ssm for authentication, sts for a role_arn, ssm and ssmmessages for session_manager, s3 for a wheel in a bucket; []: none, the VPC has them."

  validation {
    condition     = var.endpoint_services == null ? true : alltrue([for service in var.endpoint_services : contains(["secretsmanager", "ssm", "ssmmessages", "ec2messages", "sts", "kms", "s3"], service)])
    error_message = "endpoint_services are secretsmanager, ssm, ssmmessages, ec2messages, sts, kms or s3."
  }
}

variable "endpoint_route_table_ids" {
  type        = list(string)
  default     = []
  nullable    = false
  description = "The route tables of the nodes' subnets, for the gateway endpoint of S3."

  validation {
    condition     = var.own_egress == "endpoint" && contains(local.endpoint_services, "s3") ? length(var.endpoint_route_table_ids) > 0 : true
    error_message = "The gateway endpoint of S3 needs endpoint_route_table_ids: the tables of the nodes' subnets. Where the VPC has one, name endpoint_services without s3."
  }
}

variable "ingress" {
  type = list(object({
    description       = optional(string)
    protocol          = string
    from_port         = optional(number)
    to_port           = optional(number)
    cidr              = optional(string)
    security_group_id = optional(string)
  }))
  default     = []
  nullable    = false
  description = "What the nodes accept besides VRRP: the traffic of the claimed addresses, and health checks of responders; from a network (cidr) or a security group. Nothing is open by default, SSH neither."

  validation {
    condition = alltrue([for rule in var.ingress : contains(["tcp", "udp", "icmp", "icmpv6", "-1"], rule.protocol) ||
    can(regex("^[1-9][0-9]{0,2}$", rule.protocol)) && try(tonumber(rule.protocol) <= 255, false) && !contains(["1", "6", "17", "58"], rule.protocol)])
    error_message = "The protocol of an ingress rule is tcp, udp, icmp, icmpv6, the number of another one (50 is ESP, 47 is GRE), or -1 (all)."
  }
  validation {
    condition     = alltrue([for rule in var.ingress : can(regex("^[0-9]+$", rule.protocol)) ? rule.from_port == null && rule.to_port == null : true])
    error_message = "An ingress rule of a protocol by number has no ports."
  }
  validation {
    condition     = alltrue([for rule in var.ingress : contains(["tcp", "udp"], rule.protocol) ? rule.from_port != null : true])
    error_message = "An ingress rule of tcp or udp has a from_port (and a to_port, where that is another one)."
  }
  validation {
    condition     = alltrue([for rule in var.ingress : (rule.cidr == null) != (rule.security_group_id == null)])
    error_message = "An ingress rule has either a cidr or a security_group_id."
  }
  validation {
    condition     = alltrue([for rule in var.ingress : rule.cidr == null ? true : try(cidrsubnet(rule.cidr, 0, 0) == rule.cidr, false)])
    error_message = "The cidr of an ingress rule is a network in its shortest form, like 0.0.0.0/0, 10.0.0.0/8 or 2001:db8::/32: no host bits, no capitals."
  }
  validation {
    condition     = alltrue([for rule in var.ingress : rule.description == null ? true : can(regex("^[A-Za-z0-9 ._:/()#,@\\[\\]+=&;{}!$*-]{1,255}$", rule.description))])
    error_message = "The description of an ingress rule has 1 to 255 letters, digits, spaces and . _ - : / ( ) # , @ [ ] + = & ; { } ! $ *: EC2 takes no other."
  }
}

variable "additional_security_group_ids" {
  type        = list(string)
  default     = []
  nullable    = false
  description = "More security groups of the nodes' network interfaces."
}

variable "image_id" {
  type        = string
  default     = null
  description = "An AMI: Debian, Ubuntu, Amazon Linux 2023 or RHEL; null: the newest one of image. Changing it replaces no node."

  validation {
    condition     = var.image_id == null ? true : startswith(var.image_id, "ami-")
    error_message = "image_id is the id of an image (ami-...)."
  }
}

variable "image" {
  type = object({
    owner        = optional(string, "136693071363")
    name         = optional(string, "debian-12-amd64-*")
    architecture = optional(string, "x86_64")
  })
  default     = {}
  nullable    = false
  description = "Where image_id is null: the newest AMI of this owner, name and architecture; by default Debian 12 of Debian's own account. A newer image replaces no node."
}

variable "instance_type" {
  type        = string
  default     = "t3.small"
  nullable    = false
  description = "The type of the instances; it limits how many private addresses an interface takes. Another type stops an instance: change it at one node after the other, in nodes."
}

variable "root_volume" {
  type = object({
    size       = optional(number)
    kms_key_id = optional(string)
  })
  default     = {}
  nullable    = false
  description = "The encrypted root disk: GiB (null: the image's size) and the ARN of a KMS key (null: the account's default)."

  validation {
    condition     = var.root_volume.kms_key_id == null ? true : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.root_volume.kms_key_id))
    error_message = "root_volume.kms_key_id is the ARN of a key (arn:aws:kms:REGION:ACCOUNT:key/ID): EC2 answers with that, and an id or alias would differ from it in every plan, and replace the nodes."
  }
}

variable "key_name" {
  type        = string
  default     = null
  description = "A key pair for SSH; none by default. It opens no port. Changing it replaces no node."
}

variable "session_manager" {
  type        = bool
  default     = false
  nullable    = false
  description = "Let Session Manager reach the nodes (AmazonSSMManagedInstanceCore, by which they may read every SSM parameter; on Debian the agent is installed at first boot)."
}

variable "permissions_boundary" {
  type        = string
  default     = null
  description = "The ARN of the permissions boundary of the nodes' role, where the organisation asks for one."
}

variable "placement_group" {
  type        = string
  default     = null
  description = "A placement group, best of strategy spread, for nodes that share a zone."
}

variable "monitoring" {
  type        = bool
  default     = false
  nullable    = false
  description = "Detailed monitoring: CloudWatch's figures every minute, at a price."
}

variable "tags" {
  type        = map(string)
  default     = {}
  nullable    = false
  description = "Tags of everything made here."

  validation {
    condition = alltrue([for key, value in var.tags : length(key) <= 128 && length(coalesce(value, "-")) <= 256 && !startswith(lower(key), "aws:") && can(regex("^[\\pL\\pZ\\pN_.:/=+@-]+$", key)) && can(regex("^[\\pL\\pZ\\pN_.:/=+@-]*$", coalesce(value, "-")))
    ])
    error_message = "The key of a tag has at most 128 letters, digits, spaces and _ . : / = + - @, and does not begin with aws:; its value has at most 256 of them: IAM takes no other."
  }
}

# What the machines are: their way out, what they accept, image, disks, access.

variable "own_egress" {
  type        = string
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
  description = "What the nodes accept besides VRRP: the traffic of the claimed addresses, and health checks of responders; from a network (cidr) or a security group. Nothing is open by default, SSH neither."

  validation {
    condition     = alltrue([for rule in var.ingress : contains(["tcp", "udp", "icmp", "icmpv6", "-1"], rule.protocol)])
    error_message = "The protocol of an ingress rule is tcp, udp, icmp, icmpv6 or -1 (all)."
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
    condition     = alltrue([for rule in var.ingress : rule.cidr == null ? true : can(cidrhost(rule.cidr, 0))])
    error_message = "The cidr of an ingress rule is a network like 0.0.0.0/0 or 10.0.0.0/8."
  }
}

variable "additional_security_group_ids" {
  type        = list(string)
  default     = []
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
  description = "Where image_id is null: the newest AMI of this owner, name and architecture; by default Debian 12 of Debian's own account. A newer image replaces no node."
}

variable "instance_type" {
  type        = string
  default     = "t3.small"
  description = "The type of the instances; it limits how many private addresses an interface takes. Another type stops an instance: change it at one node after the other, in nodes."
}

variable "root_volume" {
  type = object({
    size       = optional(number)
    kms_key_id = optional(string)
  })
  default     = {}
  description = "The encrypted root disk: GiB (null: the image's size) and the KMS key (null: the account's default)."
}

variable "key_name" {
  type        = string
  default     = null
  description = "A key pair for SSH; none by default. It opens no port. Changing it replaces no node."
}

variable "session_manager" {
  type        = bool
  default     = false
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
  description = "Detailed monitoring: CloudWatch's figures every minute, at a price."
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "Tags of everything made here."
}

data "aws_region" "current" {}
data "aws_partition" "current" {}
data "aws_caller_identity" "current" {}

locals {
  region    = data.aws_region.current.id
  partition = data.aws_partition.current.partition
  account   = data.aws_caller_identity.current.account_id

  # A seat carries one Elastic IP, so it is the key that no other claim and no reordering changes.
  public_ips = { for claim in var.claims : coalesce(claim.private_address, "primary") => claim if claim.kind == "public-ip" }
  elastic_ips = {
    for seat, claim in local.public_ips : seat => claim.allocate ? {
      address     = aws_eip.claim[seat].public_ip
      resource_id = aws_eip.claim[seat].allocation_id
      } : {
      address     = data.aws_eip.claim[seat].public_ip
      resource_id = data.aws_eip.claim[seat].id
    }
  }
  claims = [for claim in var.claims : merge(
    claim,
    claim.kind == "public-ip" ? local.elastic_ips[coalesce(claim.private_address, "primary")] : {},
    claim.kind == "route" ? { tables = [for table in claim.tables : lookup(var.route_tables, table, table)] } : {},
  )]
  routes = merge([for claim in var.claims : {
    for table in claim.tables : "${claim.destination} ${table}" => { destination = claim.destination, table = lookup(var.route_tables, table, table) }
  } if claim.kind == "route" && claim.role_arn == null]...)
}

module "configuration" {
  source = "../configuration"

  provider_name     = "aws"
  provider_settings = merge({ region = local.region }, { for key, value in merge(var.provider_settings, { endpoint = local.ec2_endpoint }) : key => value if value != null })
  instance_name     = var.instance_name
  virtual_router_id = var.virtual_router_id
  advert_int        = var.advert_int
  nopreempt         = var.nopreempt
  preempt_delay     = var.preempt_delay
  nodes = { for name, node in var.nodes : name => {
    address   = node.address
    priority  = node.priority
    interface = node.interface
    subnet    = data.aws_subnet.node[name].cidr_block
  } }
  claims              = local.claims
  responders          = var.responders
  virtual_ipaddress   = var.virtual_ipaddress
  vrrp_version        = var.vrrp_version
  authentication      = var.authentication
  own_egress          = var.own_egress == "endpoint" ? "assured" : "check"
  cloudfail           = var.cloudfail
  extra_configuration = var.extra_configuration
  first_boot          = concat(local.session_manager_install, var.first_boot)
}

# ---- Network -------------------------------------------------------------------------------------

data "aws_subnet" "node" {
  for_each = var.nodes

  id = each.value.subnet_id
}

data "aws_vpc" "this" {
  id = values(data.aws_subnet.node)[0].vpc_id

  lifecycle {
    postcondition {
      condition     = alltrue([for subnet in data.aws_subnet.node : subnet.vpc_id == self.id])
      error_message = "The subnets of the nodes are of different VPCs: nothing can move between these."
    }
  }
}

# An existing Elastic IP, by what is told of it, and by one of the two only: EC2 may refuse both in one call.
data "aws_eip" "claim" {
  for_each = { for seat, claim in local.public_ips : seat => claim if !claim.allocate }

  id        = each.value.resource_id
  public_ip = each.value.resource_id == null ? each.value.address : null

  lifecycle {
    postcondition {
      condition     = each.value.address == null ? true : self.public_ip == each.value.address
      error_message = "The Elastic IP ${self.id} is ${self.public_ip}, not ${coalesce(each.value.address, "-")}: correct one of the two in its claim, or leave address out."
    }
  }
}

# Never associated here: cloudfail does that at the first promote, and at each one after it.
resource "aws_eip" "claim" {
  for_each = { for seat, claim in local.public_ips : seat => claim if claim.allocate }

  domain = "vpc"
  tags   = merge(var.tags, { Name = each.key == "primary" ? var.name : "${var.name}-${each.key}" })
}

resource "terraform_data" "address" {
  for_each = var.nodes

  input = each.value.address
}

resource "aws_network_interface" "node" {
  for_each = var.nodes

  subnet_id         = each.value.subnet_id
  private_ips       = [each.value.address]
  security_groups   = concat([aws_security_group.node.id], var.additional_security_group_ids)
  source_dest_check = !anytrue([for claim in var.claims : claim.kind == "route"])
  description       = "${var.name}-${each.key}: claims move here"
  tags              = merge(var.tags, { Name = "${var.name}-${each.key}" })

  lifecycle {
    # The secondary addresses are cloudfail's. A changed primary one makes a new interface.
    ignore_changes       = [private_ips, private_ip_list, private_ips_count, ipv6_addresses, ipv6_address_list, ipv6_address_count]
    replace_triggered_by = [terraform_data.address[each.key]]
  }
}

resource "aws_eip" "own" {
  for_each = var.own_egress == "own-address" ? var.nodes : {}

  domain                    = "vpc"
  network_interface         = aws_network_interface.node[each.key].id
  associate_with_private_ip = each.value.address
  tags                      = merge(var.tags, { Name = "${var.name}-${each.key}-own" })
}

resource "aws_route" "claim" {
  for_each = var.create_routes ? local.routes : {}

  route_table_id              = each.value.table
  destination_cidr_block      = strcontains(each.value.destination, ":") ? null : each.value.destination
  destination_ipv6_cidr_block = strcontains(each.value.destination, ":") ? each.value.destination : null
  network_interface_id        = aws_network_interface.node[module.configuration.best_node].id

  lifecycle {
    # Who the master is, cloudfail knows.
    ignore_changes = [network_interface_id]
  }
}

resource "aws_security_group" "node" {
  name_prefix = "${var.name}-"
  description = "VRRP between the nodes of ${var.name}, and what they need outside"
  vpc_id      = data.aws_vpc.this.id
  tags        = merge(var.tags, { Name = var.name })

  lifecycle {
    create_before_destroy = true
    # The VPC is not known while what the module depends on is about to change. Another group would part
    # the nodes: while one has the old and one the new, neither hears the other. So for the endpoints.
    ignore_changes = [vpc_id]

    postcondition {
      condition     = self.vpc_id == data.aws_vpc.this.id
      error_message = "The nodes of ${var.name} are in ${self.vpc_id}, and their subnets of now are in ${data.aws_vpc.this.id}: nothing moves from one VPC to another. Make a second module there, and destroy this one when it serves."
    }
  }
}

locals {
  # 112 is VRRP; with AH the adverts are inside protocol 51.
  vrrp_protocols = var.authentication == null ? ["112"] : var.authentication.type == "AH" ? ["112", "51"] : ["112"]
  # Packages and the APIs; the VPC's DNS, NTP and metadata pass every security group.
  egress = { for pair in setproduct(["80", "443"], ["0.0.0.0/0", "::/0"]) : join(" ", pair) => { port = tonumber(pair[0]), cidr = pair[1] } }
}

locals {
  # By what a rule says, so that none moves when another goes; the id of a group may not be known yet.
  ingress_alike = { for rule in var.ingress : join(" ", [rule.protocol, coalesce(rule.from_port, -1), coalesce(rule.to_port, rule.from_port, -1), rule.cidr == null ? "group" : rule.cidr]) => rule... }
  ingress       = merge([for key, rules in local.ingress_alike : { for index, rule in rules : index == 0 ? key : "${key} ${index}" => rule }]...)
}

resource "aws_vpc_security_group_ingress_rule" "vrrp" {
  for_each = toset(local.vrrp_protocols)

  security_group_id            = aws_security_group.node.id
  referenced_security_group_id = aws_security_group.node.id
  ip_protocol                  = each.value
  description                  = "Adverts of the other nodes"
  tags                         = var.tags
}

resource "aws_vpc_security_group_egress_rule" "vrrp" {
  for_each = toset(local.vrrp_protocols)

  security_group_id            = aws_security_group.node.id
  referenced_security_group_id = aws_security_group.node.id
  ip_protocol                  = each.value
  description                  = "Adverts to the other nodes"
  tags                         = var.tags
}

resource "aws_vpc_security_group_egress_rule" "out" {
  for_each = local.egress

  security_group_id = aws_security_group.node.id
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
  cidr_ipv4         = strcontains(each.value.cidr, ":") ? null : each.value.cidr
  cidr_ipv6         = strcontains(each.value.cidr, ":") ? each.value.cidr : null
  description       = "Packages and the APIs of AWS"
  tags              = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "extra" {
  for_each = local.ingress

  security_group_id            = aws_security_group.node.id
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.protocol == "-1" ? null : startswith(each.value.protocol, "icmp") ? coalesce(each.value.from_port, -1) : each.value.from_port
  to_port                      = each.value.protocol == "-1" ? null : startswith(each.value.protocol, "icmp") ? coalesce(each.value.to_port, -1) : try(coalesce(each.value.to_port, each.value.from_port), null)
  cidr_ipv4                    = each.value.cidr == null ? null : strcontains(each.value.cidr, ":") ? null : each.value.cidr
  cidr_ipv6                    = each.value.cidr == null ? null : strcontains(each.value.cidr, ":") ? each.value.cidr : null
  referenced_security_group_id = each.value.security_group_id
  description                  = each.value.description
  tags                         = var.tags
}

# ---- Nodes ---------------------------------------------------------------------------------------

data "aws_ami" "newest" {
  # An id of a parameter of SSM is sensitive to Terraform, and no count may be.
  count = nonsensitive(var.image_id == null) ? 1 : 0

  most_recent = true
  owners      = [var.image.owner]

  filter {
    name   = "name"
    values = [var.image.name]
  }
  filter {
    name   = "architecture"
    values = [var.image.architecture]
  }
  filter {
    name   = "virtualization-type"
    values = ["hvm"]
  }
}

resource "aws_instance" "node" {
  for_each = var.nodes

  ami                  = var.image_id != null ? var.image_id : data.aws_ami.newest[0].id
  instance_type        = coalesce(each.value.instance_type, var.instance_type)
  iam_instance_profile = aws_iam_instance_profile.node.name
  key_name             = var.key_name
  placement_group      = var.placement_group
  monitoring           = var.monitoring
  ebs_optimized        = true
  user_data            = module.configuration.user_data[each.key]
  tags                 = merge(var.tags, { Name = "${var.name}-${each.key}" })

  network_interface {
    network_interface_id = aws_network_interface.node[each.key].id
    device_index         = 0
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
    instance_metadata_tags      = "disabled"
  }

  root_block_device {
    encrypted   = true
    kms_key_id  = var.root_volume.kms_key_id
    volume_size = var.root_volume.size
    volume_type = "gp3"
    tags        = merge(var.tags, { Name = "${var.name}-${each.key}" })
  }

  lifecycle {
    # Another image, key pair or user data is for a node that is made anew, and that is one at a time:
    # terraform apply -replace='module.NAME.aws_instance.node["a"]'
    ignore_changes = [ami, key_name, user_data, user_data_base64]
  }

  # The first boot needs a way out, and its role all that it may do. And a node goes before the route
  # that it claims: it would make that again.
  depends_on = [
    aws_eip.own,
    aws_route.claim,
    aws_iam_role_policy.failover,
    aws_iam_role_policy.first_boot,
    aws_vpc_endpoint.ec2,
    aws_vpc_endpoint.service,
    aws_vpc_endpoint.s3,
    aws_vpc_security_group_egress_rule.out,
    aws_vpc_security_group_egress_rule.vrrp,
    aws_vpc_security_group_ingress_rule.vrrp,
    aws_vpc_security_group_ingress_rule.endpoint,
  ]
}

# ---- Endpoints -----------------------------------------------------------------------------------

# The way to the API with own_egress = "endpoint". EC2's has no private DNS: cloudfail is told its
# name, and nobody else in the VPC is led to it.
locals {
  makes_endpoints = var.own_egress == "endpoint"
  makes_ec2       = local.makes_endpoints && var.provider_settings.endpoint == null
  ec2_endpoint    = local.makes_ec2 ? "https://${aws_vpc_endpoint.ec2[0].dns_entry[0].dns_name}" : var.provider_settings.endpoint

  needed_services = distinct(concat(
    var.authentication == null ? [] : [strcontains(var.authentication.secret, ":ssm:") ? "ssm" : "secretsmanager"],
    anytrue([for claim in var.claims : claim.role_arn != null]) ? ["sts"] : [],
    var.session_manager ? ["ssm", "ssmmessages"] : [],
    local.wheel_in_bucket ? ["s3"] : [],
  ))
  endpoint_services  = var.endpoint_services != null ? var.endpoint_services : local.needed_services
  interface_services = local.makes_endpoints ? toset([for service in local.endpoint_services : service if service != "s3"]) : toset([])

  # An endpoint has one subnet a zone.
  endpoint_subnets = [for zone, ids in { for subnet in data.aws_subnet.node : subnet.availability_zone => subnet.id... } : sort(ids)[0]]
}

resource "aws_security_group" "endpoint" {
  count = local.makes_ec2 ? 1 : 0

  name_prefix = "${var.name}-endpoint-"
  description = "HTTPS to the EC2 endpoint of ${var.name}"
  vpc_id      = data.aws_vpc.this.id
  tags        = merge(var.tags, { Name = "${var.name}-endpoint" })

  lifecycle {
    create_before_destroy = true
    ignore_changes        = [vpc_id]
  }
}

resource "aws_vpc_security_group_ingress_rule" "endpoint" {
  count = length(aws_security_group.endpoint)

  security_group_id            = aws_security_group.endpoint[0].id
  referenced_security_group_id = aws_security_group.node.id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  description                  = "HTTPS of the nodes"
  tags                         = var.tags
}

# Private DNS leads the whole VPC to these, so the whole VPC may enter.
resource "aws_security_group" "shared_endpoint" {
  count = length(local.interface_services) > 0 ? 1 : 0

  name_prefix = "${var.name}-shared-endpoint-"
  description = "HTTPS of the VPC to the endpoints with private DNS that ${var.name} made"
  vpc_id      = data.aws_vpc.this.id
  tags        = merge(var.tags, { Name = "${var.name}-shared-endpoint" })

  # Inline: how many ranges a VPC has is not known before it is made.
  ingress {
    description = "HTTPS of the VPC"
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = [for range in data.aws_vpc.this.cidr_block_associations : range.cidr_block]
  }

  lifecycle {
    create_before_destroy = true
    ignore_changes        = [vpc_id]
  }
}

resource "aws_vpc_endpoint" "ec2" {
  count = local.makes_ec2 ? 1 : 0

  vpc_id              = data.aws_vpc.this.id
  service_name        = "com.amazonaws.${local.region}.ec2"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = local.endpoint_subnets
  security_group_ids  = [aws_security_group.endpoint[0].id]
  private_dns_enabled = false
  tags                = merge(var.tags, { Name = "${var.name}-ec2" })

  lifecycle {
    ignore_changes = [vpc_id, service_name]
  }
}

resource "aws_vpc_endpoint" "service" {
  for_each = local.interface_services

  vpc_id              = data.aws_vpc.this.id
  service_name        = "com.amazonaws.${local.region}.${each.value}"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = local.endpoint_subnets
  security_group_ids  = [aws_security_group.shared_endpoint[0].id]
  private_dns_enabled = true
  tags                = merge(var.tags, { Name = "${var.name}-${each.value}" })

  lifecycle {
    ignore_changes = [vpc_id, service_name]
  }
}

resource "aws_vpc_endpoint" "s3" {
  count = local.makes_endpoints && contains(local.endpoint_services, "s3") ? 1 : 0

  vpc_id            = data.aws_vpc.this.id
  service_name      = "com.amazonaws.${local.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = var.endpoint_route_table_ids
  tags              = merge(var.tags, { Name = "${var.name}-s3" })

  lifecycle {
    ignore_changes = [vpc_id, service_name]
  }
}

# ---- Identity ------------------------------------------------------------------------------------

locals {
  # The same file that cloudfail itself renders policies from: `cloudfail policy aws`.
  permissions = jsondecode(file("${path.module}/../../providers/cloudfail_aws/permissions.json"))

  cases = toset(concat(
    [for claim in var.claims : claim.kind == "private-ip" && strcontains(coalesce(claim.address, "-"), ":") ? "private-ip-v6" : claim.kind],
    [for claim in var.claims : "route-table" if claim.kind == "route" && claim.role_arn == null],
    [for claim in var.claims : "public-ip-seated" if claim.kind == "public-ip" && claim.private_address != null],
  ))
  needed = { for action, entry in local.permissions : action => entry if entry.method != "check" && length(setintersection(entry.needed_for, local.cases)) > 0 }

  ec2 = "arn:${local.partition}:ec2:${local.region}:${local.account}"
  objects = {
    elastic-ip        = [for elastic_ip in local.elastic_ips : "${local.ec2}:elastic-ip/${elastic_ip.resource_id}"]
    network-interface = [for interface in aws_network_interface.node : "${local.ec2}:network-interface/${interface.id}"]
    route-table       = distinct([for route in local.routes : "${local.ec2}:route-table/${route.table}"])
  }

  # EC2's describe calls know no resources, so looking is `*`; the region is all that narrows it.
  looks = [for actions in [[for action, entry in local.needed : action if !entry.write]] : {
    Sid       = "Look"
    Effect    = "Allow"
    Action    = sort(actions)
    Resource  = ["*"]
    Condition = { StringEquals = { "ec2:Region" = local.region } }
  } if length(actions) > 0]

  # EC2 checks every object of a call by itself: one statement for each.
  writes = flatten([for action, entry in local.needed : [for kind in entry.resources : {
    Sid      = join("", concat([split(":", action)[1]], length(entry.resources) > 1 ? [for part in split("-", kind) : title(part)] : []))
    Effect   = "Allow"
    Action   = [action]
    Resource = local.objects[kind]
  }] if entry.write])

  assumed_roles = sort(distinct([for claim in var.claims : claim.role_arn if claim.role_arn != null]))
  assumes = [for roles in [local.assumed_roles] : {
    Sid      = "AssumeRole"
    Effect   = "Allow"
    Action   = ["sts:AssumeRole"]
    Resource = roles
  } if length(roles) > 0]

  statements = concat(local.looks, local.writes, local.assumes)
  policy     = jsonencode({ Version = "2012-10-17", Statement = local.statements })

  # Asked so that the beginning is enough: the bucket's name may not be known yet.
  wheel_in_bucket = var.cloudfail.wheel_url == null ? false : startswith(var.cloudfail.wheel_url, "s3://")
  first_boot_statements = concat(
    [for arn in var.authentication[*].secret : {
      Sid    = "ReadSecret"
      Effect = "Allow"
      Action = [strcontains(arn, ":ssm:") ? "ssm:GetParameter" : "secretsmanager:GetSecretValue"]
      # The end of a secret's ARN is Secrets Manager's own, and an ARN without it names the same secret.
      Resource = strcontains(arn, ":ssm:") || can(regex("-[A-Za-z0-9]{6}$", arn)) ? [arn] : ["${arn}-??????"]
    }],
    [for url in var.cloudfail.wheel_url[*] : {
      Sid      = "ReadWheel"
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["arn:${local.partition}:s3:::${trimprefix(url, "s3://")}"]
    } if local.wheel_in_bucket],
    [for arns in [var.decrypt_key_arns] : {
      Sid       = "Decrypt"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = arns
      Condition = { StringEquals = { "kms:ViaService" = [for service in ["secretsmanager", "ssm", "s3"] : "${service}.${local.region}.${data.aws_partition.current.dns_suffix}"] } }
    } if length(arns) > 0],
  )
  first_boot_policy = jsonencode({ Version = "2012-10-17", Statement = local.first_boot_statements })

  # Amazon Linux and Ubuntu have the agent; Debian has not, and not always curl. S3 answers by IPv6, as a
  # standby needs, at its dualstack name only. A node without the agent is a node all the same.
  session_manager_agent = "https://s3.dualstack.${local.region}.${data.aws_partition.current.dns_suffix}/amazon-ssm-${local.region}/latest/debian_$(dpkg --print-architecture)/amazon-ssm-agent.deb"
  session_manager_install = !var.session_manager ? [] : [join(" ", [
    "command -v amazon-ssm-agent || snap list amazon-ssm-agent || ! command -v dpkg ||",
    "{ /opt/cloudfail/bin/python -c 'import sys, urllib.request as web; web.urlretrieve(*sys.argv[1:])' ${local.session_manager_agent} /run/amazon-ssm-agent.deb",
    "&& dpkg -i /run/amazon-ssm-agent.deb; } || echo 'amazon-ssm-agent could not be installed: Session Manager does not reach this node'",
  ])]
}

resource "aws_iam_role" "node" {
  name_prefix          = "${var.name}-"
  description          = "The nodes of ${var.name}"
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.${data.aws_partition.current.dns_suffix}" }
    }]
  })
}

resource "aws_iam_role_policy" "failover" {
  count = length(var.claims) > 0 ? 1 : 0

  name   = "failover"
  role   = aws_iam_role.node.id
  policy = local.policy
}

resource "aws_iam_role_policy" "first_boot" {
  count = var.authentication != null || local.wheel_in_bucket || length(var.decrypt_key_arns) > 0 ? 1 : 0

  name   = "first-boot"
  role   = aws_iam_role.node.id
  policy = local.first_boot_policy
}

resource "aws_iam_role_policy_attachment" "session_manager" {
  count = var.session_manager ? 1 : 0

  role       = aws_iam_role.node.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"

  lifecycle {
    ignore_changes = [policy_arn]
  }
}

resource "aws_iam_instance_profile" "node" {
  name_prefix = "${var.name}-"
  role        = aws_iam_role.node.name
  tags        = var.tags
}

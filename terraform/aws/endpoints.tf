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
    startswith(coalesce(var.cloudfail.wheel_url, "-"), "s3://") ? ["s3"] : [],
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
}

resource "aws_vpc_endpoint" "s3" {
  count = local.makes_endpoints && contains(local.endpoint_services, "s3") ? 1 : 0

  vpc_id            = data.aws_vpc.this.id
  service_name      = "com.amazonaws.${local.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = var.endpoint_route_table_ids
  tags              = merge(var.tags, { Name = "${var.name}-s3" })
}

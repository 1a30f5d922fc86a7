# A Network Load Balancer that finds the master: three nodes in three zones of a new VPC, nothing is claimed.

variable "region" {
  type        = string
  default     = "eu-central-1"
  description = "Where to make it."
}

provider "aws" {
  region = var.region
}

data "aws_availability_zones" "available" {
  state = "available"

  # Local Zones would be among them, where the account has opted in.
  filter {
    name   = "zone-type"
    values = ["availability-zone"]
  }
}

locals {
  nodes = {
    a = { cidr = "10.0.1.0/24", address = "10.0.1.10", priority = 150, zone = 0 }
    b = { cidr = "10.0.2.0/24", address = "10.0.2.10", priority = 100, zone = 1 }
    c = { cidr = "10.0.3.0/24", address = "10.0.3.10", priority = 50, zone = 2 }
  }
  responder = { port = 8100, protocol = "http", path = "/master" }
}

resource "aws_vpc" "this" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = "cloudfail" }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_route_table" "this" {
  vpc_id = aws_vpc.this.id

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.this.id
  }
}

resource "aws_subnet" "node" {
  for_each = local.nodes

  vpc_id            = aws_vpc.this.id
  cidr_block        = each.value.cidr
  availability_zone = data.aws_availability_zones.available.names[each.value.zone]
  tags              = { Name = "cloudfail-${each.key}" }
}

resource "aws_route_table_association" "node" {
  for_each = local.nodes

  subnet_id      = aws_subnet.node[each.key].id
  route_table_id = aws_route_table.this.id
}

module "trio" {
  source = "../../../terraform/aws"

  virtual_router_id = 54
  own_egress        = "own-address"
  responders        = [local.responder]
  nodes = { for name, node in local.nodes : name => {
    subnet_id = aws_route_table_association.node[name].subnet_id
    address   = node.address
    priority  = node.priority
  } }

  # The load balancer keeps the clients' addresses, and is let in by its group all the same.
  ingress = [
    { description = "Health check", protocol = "tcp", from_port = local.responder.port, security_group_id = aws_security_group.clients.id },
    { description = "HTTPS", protocol = "tcp", from_port = 443, security_group_id = aws_security_group.clients.id },
  ]
}

resource "aws_security_group" "clients" {
  name        = "cloudfail-clients"
  description = "Who may use the load balancer"
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  security_group_id = aws_security_group.clients.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  description       = "HTTPS"
}

resource "aws_vpc_security_group_egress_rule" "nodes" {
  for_each = { https = 443, health = local.responder.port }

  security_group_id            = aws_security_group.clients.id
  referenced_security_group_id = module.trio.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
  description                  = "To the nodes: ${each.key}"
}

resource "aws_lb" "this" {
  name               = "cloudfail"
  load_balancer_type = "network"
  subnets            = [for name in keys(local.nodes) : aws_route_table_association.node[name].subnet_id]
  security_groups    = [aws_security_group.clients.id]
  # The only target that is healthy may be in any zone.
  enable_cross_zone_load_balancing = true
}

resource "aws_lb_target_group" "this" {
  name                   = "cloudfail"
  port                   = 443
  protocol               = "TCP"
  vpc_id                 = aws_vpc.this.id
  deregistration_delay   = 0
  connection_termination = true

  health_check {
    protocol            = "HTTP"
    port                = local.responder.port
    path                = local.responder.path
    interval            = 5
    timeout             = 2
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

resource "aws_lb_target_group_attachment" "node" {
  for_each = module.trio.nodes

  target_group_arn = aws_lb_target_group.this.arn
  target_id        = each.value.instance_id
}

resource "aws_lb_listener" "this" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "TCP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }
}

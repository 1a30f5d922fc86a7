# A service address outside the VPC's range, routed to the master: two nodes in two zones of a new VPC.

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
  }
}

resource "aws_vpc" "this" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = "cloudfail" }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_subnet" "public" {
  for_each = local.nodes

  vpc_id            = aws_vpc.this.id
  cidr_block        = cidrsubnet("10.0.0.0/20", 8, each.value.zone)
  availability_zone = data.aws_availability_zones.available.names[each.value.zone]
  tags              = { Name = "cloudfail-public-${each.key}" }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.this.id
  }
}

resource "aws_route_table_association" "public" {
  for_each = local.nodes

  subnet_id      = aws_subnet.public[each.key].id
  route_table_id = aws_route_table.public.id
}

# One NAT gateway a zone: a zone that fails takes no other node's way to the API with it.
resource "aws_eip" "nat" {
  for_each = local.nodes

  domain     = "vpc"
  depends_on = [aws_internet_gateway.this]
}

resource "aws_nat_gateway" "this" {
  for_each = local.nodes

  subnet_id     = aws_route_table_association.public[each.key].subnet_id
  allocation_id = aws_eip.nat[each.key].allocation_id
}

resource "aws_subnet" "node" {
  for_each = local.nodes

  vpc_id            = aws_vpc.this.id
  cidr_block        = each.value.cidr
  availability_zone = data.aws_availability_zones.available.names[each.value.zone]
  tags              = { Name = "cloudfail-${each.key}" }
}

# No routes in the table itself: the module adds the claimed one, and these would delete it.
resource "aws_route_table" "node" {
  for_each = local.nodes

  vpc_id = aws_vpc.this.id
  tags   = { Name = "cloudfail-${each.key}" }
}

resource "aws_route" "nat" {
  for_each = local.nodes

  route_table_id         = aws_route_table.node[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[each.key].id
}

resource "aws_route_table_association" "node" {
  for_each = local.nodes

  subnet_id      = aws_subnet.node[each.key].id
  route_table_id = aws_route.nat[each.key].route_table_id
}

module "pair" {
  source = "../../../terraform/aws"

  instance_name     = "gateway"
  virtual_router_id = 52
  own_egress        = "nat"
  claims = [{
    kind        = "route"
    destination = "10.99.0.1/32"
    tables      = keys(local.nodes)
  }]
  route_tables = { for name, table in aws_route_table.node : name => table.id }
  nodes = { for name, node in local.nodes : name => {
    subnet_id = aws_route_table_association.node[name].subnet_id
    address   = node.address
    priority  = node.priority
  } }
  ingress = [{ description = "HTTPS of the VPC", protocol = "tcp", from_port = 443, cidr = aws_vpc.this.cidr_block }]
}

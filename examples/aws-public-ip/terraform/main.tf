# One Elastic IP, two nodes in two zones of a new VPC.

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
  cidr_block                       = "10.0.0.0/16"
  assign_generated_ipv6_cidr_block = true
  enable_dns_hostnames             = true
  tags                             = { Name = "cloudfail" }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
}

# The Elastic IP answers by IPv4. A standby has no IPv4 address outside: it fetches packages by
# IPv6, and reaches EC2 by the VPC endpoint that the module makes.
resource "aws_route_table" "this" {
  vpc_id = aws_vpc.this.id

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.this.id
  }
  route {
    ipv6_cidr_block = "::/0"
    gateway_id      = aws_internet_gateway.this.id
  }
}

resource "aws_subnet" "node" {
  for_each = local.nodes

  vpc_id                          = aws_vpc.this.id
  cidr_block                      = each.value.cidr
  ipv6_cidr_block                 = cidrsubnet(aws_vpc.this.ipv6_cidr_block, 8, each.value.zone)
  assign_ipv6_address_on_creation = true
  availability_zone               = data.aws_availability_zones.available.names[each.value.zone]
  tags                            = { Name = "cloudfail-${each.key}" }
}

resource "aws_route_table_association" "node" {
  for_each = local.nodes

  subnet_id      = aws_subnet.node[each.key].id
  route_table_id = aws_route_table.this.id
}

module "pair" {
  source = "../../../terraform/aws"

  virtual_router_id = 51
  own_egress        = "endpoint"
  claims            = [{ kind = "public-ip", allocate = true }]
  nodes = { for name, node in local.nodes : name => {
    subnet_id = aws_route_table_association.node[name].subnet_id
    address   = node.address
    priority  = node.priority
  } }
  ingress = [{ description = "HTTPS", protocol = "tcp", from_port = 443, cidr = "0.0.0.0/0" }]
}

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

# An existing Elastic IP, by what is told of it: what is told has to agree.
data "aws_eip" "claim" {
  for_each = { for seat, claim in local.public_ips : seat => claim if !claim.allocate }

  id        = each.value.resource_id
  public_ip = each.value.address
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
  to_port                      = each.value.protocol == "-1" ? null : startswith(each.value.protocol, "icmp") ? coalesce(each.value.to_port, -1) : coalesce(each.value.to_port, each.value.from_port)
  cidr_ipv4                    = each.value.cidr == null ? null : strcontains(each.value.cidr, ":") ? null : each.value.cidr
  cidr_ipv6                    = each.value.cidr == null ? null : strcontains(each.value.cidr, ":") ? each.value.cidr : null
  referenced_security_group_id = each.value.security_group_id
  description                  = each.value.description
  tags                         = var.tags
}

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
  authentication      = var.authentication
  own_egress          = var.own_egress == "endpoint" ? "assured" : "check"
  cloudfail           = var.cloudfail
  extra_configuration = var.extra_configuration
  first_boot          = concat(local.session_manager_install, var.first_boot)
}

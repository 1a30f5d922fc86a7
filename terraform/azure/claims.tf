# What is claimed. Nothing here says who holds an address, and a route only where it leads at first.

locals {
  public_claims = { for number, claim in var.claims : number => claim if claim.kind == "public-ip" }
  # By name, not by number: a claim more or less replaces no other's address.
  made = { for number, claim in local.public_claims : coalesce(claim.name, var.name) => number if claim.allocate }

  public_ips = { for number, claim in local.public_claims : number => {
    id = claim.allocate ? azurerm_public_ip.claimed[coalesce(claim.name, var.name)].id : claim.resource_id
    address = (claim.allocate ? azurerm_public_ip.claimed[coalesce(claim.name, var.name)].ip_address :
    claim.address != null ? claim.address : data.azurerm_public_ip.existing[number].ip_address)
  } }

  # NAME, RESOURCE-GROUP/NAME or an id, as ids.
  table_ids = { for table in distinct(flatten([for claim in var.claims : coalesce(claim.tables, [])])) : table =>
    startswith(table, "/") ? table : join("/", [local.in_group,
      strcontains(table, "/") ? split("/", table)[0] : var.resource_group,
      "providers/Microsoft.Network/routeTables", reverse(split("/", table))[0],
  ]) }
  routes = flatten([for claim in var.claims : [for table in coalesce(claim.tables, []) : {
    destination = claim.destination
    id          = local.table_ids[table]
    group       = split("/", local.table_ids[table])[4]
    table       = split("/", local.table_ids[table])[8]
  }]])
}

# Attached by cloudfail, at the first promotion: an association here would take it back.
resource "azurerm_public_ip" "claimed" {
  for_each = local.made

  name                = each.key
  resource_group_name = var.resource_group
  location            = var.location
  sku                 = "Standard"
  allocation_method   = "Static"
  zones               = local.zones
  tags                = var.tags
}

data "azurerm_public_ip" "existing" {
  for_each = { for number, claim in local.public_claims : number => split("/", claim.resource_id) if !claim.allocate && claim.address == null }

  resource_group_name = each.value[4]
  name                = each.value[8]
}

# A resource of its own, and not inside its table: then nobody else's routes are looked after here.
resource "azurerm_route" "claimed" {
  # One of another subscription is made by cloudfail, under the same name.
  for_each = { for route in local.routes : "${route.group}/${route.table} ${route.destination}" => route
  if startswith(lower(route.id), lower("${local.in_group}/")) }

  name                   = "cloudfail-${replace(each.value.destination, "/[.:\\/]/", "-")}"
  resource_group_name    = each.value.group
  route_table_name       = each.value.table
  address_prefix         = each.value.destination
  next_hop_type          = "VirtualAppliance"
  next_hop_in_ip_address = var.nodes[local.best_node].address

  lifecycle {
    ignore_changes = [next_hop_in_ip_address]
  }
}

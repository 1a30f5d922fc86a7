# A public address, and two nodes in two zones. Each zone has a subnet and a NAT gateway of its own, so
# that neither node's way to Azure's API ends with the other's zone, or with the address that moves.

locals {
  zones = {
    a = { zone = "1", cidr = "10.0.1.0/24", address = "10.0.1.10", priority = 150 }
    b = { zone = "2", cidr = "10.0.2.0/24", address = "10.0.2.10", priority = 100 }
  }
}

data "azurerm_client_config" "current" {}

resource "azurerm_resource_group" "edge" {
  name     = "edge"
  location = var.location
}

resource "azurerm_virtual_network" "edge" {
  name                = "edge"
  resource_group_name = azurerm_resource_group.edge.name
  location            = var.location
  address_space       = ["10.0.0.0/16"]
}

resource "azurerm_subnet" "node" {
  for_each = local.zones

  name                            = "edge-${each.key}"
  resource_group_name             = azurerm_resource_group.edge.name
  virtual_network_name            = azurerm_virtual_network.edge.name
  address_prefixes                = [each.value.cidr]
  default_outbound_access_enabled = false
}

resource "azurerm_public_ip" "nat" {
  for_each = local.zones

  name                = "edge-nat-${each.key}"
  resource_group_name = azurerm_resource_group.edge.name
  location            = var.location
  sku                 = "Standard"
  allocation_method   = "Static"
  zones               = [each.value.zone]
}

resource "azurerm_nat_gateway" "node" {
  for_each = local.zones

  name                = "edge-${each.key}"
  resource_group_name = azurerm_resource_group.edge.name
  location            = var.location
  sku_name            = "Standard"
  zones               = [each.value.zone]
}

resource "azurerm_nat_gateway_public_ip_association" "node" {
  for_each = local.zones

  nat_gateway_id       = azurerm_nat_gateway.node[each.key].id
  public_ip_address_id = azurerm_public_ip.nat[each.key].id
}

resource "azurerm_subnet_nat_gateway_association" "node" {
  for_each = local.zones

  subnet_id      = azurerm_subnet.node[each.key].id
  nat_gateway_id = azurerm_nat_gateway.node[each.key].id
}

module "pair" {
  source = "../../../terraform/azure"

  subscription_id      = data.azurerm_client_config.current.subscription_id
  resource_group       = azurerm_resource_group.edge.name
  location             = var.location
  virtual_network      = { name = azurerm_virtual_network.edge.name }
  admin_ssh_public_key = var.admin_ssh_public_key
  allow_extensions     = true # az vm run-command, where nobody lets SSH in
  virtual_router_id    = 51

  nodes = { for name, zone in local.zones : name => {
    address     = zone.address
    priority    = zone.priority
    subnet_name = azurerm_subnet.node[name].name
    zone        = zone.zone
  } }

  claims = [{ kind = "public-ip", allocate = true }]

  ingress = [{ name = "https", protocol = "Tcp", ports = ["443"], sources = ["Internet"] }]

  # The first boot fetches packages.
  depends_on = [azurerm_nat_gateway_public_ip_association.node, azurerm_subnet_nat_gateway_association.node]
}

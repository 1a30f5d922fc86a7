# A public Standard load balancer that asks both nodes who is master. No call moves anything, so that
# nothing of a failover waits for Azure's API: the NAT gateway is for packages, and may be in any zone.

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

resource "azurerm_subnet" "nodes" {
  name                            = "edge"
  resource_group_name             = azurerm_resource_group.edge.name
  virtual_network_name            = azurerm_virtual_network.edge.name
  address_prefixes                = ["10.0.1.0/24"]
  default_outbound_access_enabled = false
}

resource "azurerm_public_ip" "nat" {
  name                = "edge-nat"
  resource_group_name = azurerm_resource_group.edge.name
  location            = var.location
  sku                 = "Standard"
  allocation_method   = "Static"
  zones               = ["1", "2", "3"]
}

resource "azurerm_nat_gateway" "nodes" {
  name                = "edge"
  resource_group_name = azurerm_resource_group.edge.name
  location            = var.location
  sku_name            = "Standard"
}

resource "azurerm_nat_gateway_public_ip_association" "nodes" {
  nat_gateway_id       = azurerm_nat_gateway.nodes.id
  public_ip_address_id = azurerm_public_ip.nat.id
}

resource "azurerm_subnet_nat_gateway_association" "nodes" {
  subnet_id      = azurerm_subnet.nodes.id
  nat_gateway_id = azurerm_nat_gateway.nodes.id
}

module "pair" {
  source = "../../../terraform/azure"

  subscription_id      = data.azurerm_client_config.current.subscription_id
  resource_group       = azurerm_resource_group.edge.name
  location             = var.location
  virtual_network      = { name = azurerm_virtual_network.edge.name }
  admin_ssh_public_key = var.admin_ssh_public_key
  allow_extensions     = true # az vm run-command, where nobody lets SSH in
  virtual_router_id    = 53

  nodes = {
    a = { address = "10.0.1.10", priority = 150, subnet_name = azurerm_subnet.nodes.name, zone = "1" }
    b = { address = "10.0.1.11", priority = 100, subnet_name = azurerm_subnet.nodes.name, zone = "2" }
  }

  responders    = [{ port = 8100, protocol = "http", path = "/master" }]
  load_balancer = { rules = [{ name = "https", protocol = "Tcp", port = 443 }] }

  ingress = [{ name = "https", protocol = "Tcp", ports = ["443"], sources = ["Internet"] }]

  # The first boot fetches packages.
  depends_on = [azurerm_nat_gateway_public_ip_association.nodes, azurerm_subnet_nat_gateway_association.nodes]
}

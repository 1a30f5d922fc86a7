# A service address outside of every virtual network, routed to the master: clients in a subnet with the
# route table reach it. The nodes' way to Azure's API is an address of their own, which a route never takes.

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

resource "azurerm_subnet" "clients" {
  name                            = "clients"
  resource_group_name             = azurerm_resource_group.edge.name
  virtual_network_name            = azurerm_virtual_network.edge.name
  address_prefixes                = ["10.0.8.0/24"]
  default_outbound_access_enabled = false
}

resource "azurerm_route_table" "clients" {
  name                = "clients"
  resource_group_name = azurerm_resource_group.edge.name
  location            = var.location
}

resource "azurerm_subnet_route_table_association" "clients" {
  subnet_id      = azurerm_subnet.clients.id
  route_table_id = azurerm_route_table.clients.id
}

module "pair" {
  source = "../../../terraform/azure"

  subscription_id      = data.azurerm_client_config.current.subscription_id
  resource_group       = azurerm_resource_group.edge.name
  location             = var.location
  virtual_network      = { name = azurerm_virtual_network.edge.name }
  admin_ssh_public_key = var.admin_ssh_public_key
  allow_extensions     = true # az vm run-command, where nobody lets SSH in
  virtual_router_id    = 52
  own_egress           = "own-address"

  nodes = {
    a = { address = "10.0.1.10", priority = 150, subnet_name = azurerm_subnet.nodes.name, zone = "1" }
    b = { address = "10.0.1.11", priority = 100, subnet_name = azurerm_subnet.nodes.name, zone = "2" }
  }

  claims = [{ kind = "route", destination = "10.99.0.1/32", tables = [azurerm_route_table.clients.name] }]

  ingress = [{
    name         = "clients"
    protocol     = "Tcp"
    ports        = ["443"]
    sources      = ["10.0.8.0/24"]
    destinations = ["10.99.0.1/32"]
  }]
}

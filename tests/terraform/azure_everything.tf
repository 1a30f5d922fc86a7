# All kinds at once, in four resource groups, behind an internal load balancer.

data "azurerm_client_config" "current" {}

resource "azurerm_virtual_network" "hub" {
  name                = "hub"
  resource_group_name = "network"
  location            = var.location
  address_space       = ["10.0.0.0/16"]
}

resource "azurerm_subnet" "nodes" {
  name                            = "nodes"
  resource_group_name             = "network"
  virtual_network_name            = azurerm_virtual_network.hub.name
  address_prefixes                = ["10.0.1.0/24"]
  default_outbound_access_enabled = false
}

resource "azurerm_route_table" "here" {
  name                = "here"
  resource_group_name = "edge"
  location            = var.location
}

resource "azurerm_route_table" "there" {
  name                = "there"
  resource_group_name = "spokes"
  location            = var.location
}

variable "role_scope" {
  type = string
}

variable "tags" {
  type    = map(string)
  default = {}
}

module "pair" {
  source = "../../../terraform/azure"

  subscription_id      = data.azurerm_client_config.current.subscription_id
  resource_group       = "edge"
  location             = var.location
  virtual_network      = { name = "hub", resource_group = "network" }
  admin_ssh_public_key = var.admin_ssh_public_key
  virtual_router_id    = 51
  own_egress           = "own-address"
  authentication       = { type = "hmac", secret = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/vaults/providers/Microsoft.KeyVault/vaults/Edge/secrets/vrrp" }
  role_scope           = var.role_scope
  tags                 = var.tags

  nodes = {
    a = { address = "10.0.1.10", priority = 150, subnet_name = azurerm_subnet.nodes.name, zone = "1" }
    b = { address = "10.0.1.11", priority = 100, subnet_name = azurerm_subnet.nodes.name, zone = "2" }
  }

  claims = [
    { kind = "private-ip", address = "10.0.1.100" },
    { kind = "public-ip", private_address = "10.0.1.100", resource_id = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/addresses/providers/Microsoft.Network/publicIPAddresses/service" },
    { kind = "route", destination = "10.99.0.1/32", tables = [azurerm_route_table.here.name, "spokes/${azurerm_route_table.there.name}"] },
  ]

  responders    = [{ port = 8100, protocol = "http", path = "/master" }]
  load_balancer = { type = "internal", subnet_name = "nodes", address = "10.0.1.50", rules = [{ name = "https", protocol = "Tcp", port = 443 }] }
}

output "policy" {
  value = module.pair.policy
}

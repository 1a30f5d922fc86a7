# The nodes' network interfaces, and who may reach them.

locals {
  addresses = [for node in var.nodes : node.address]
  # An NSG rule takes Tcp, Udp, Icmp, Esp, Ah or *: it has no word for VRRP, which is protocol 112,
  # so that "everything" is narrowed by both addresses. AH, protocol 51, has one.
  vrrp_protocol = try(var.authentication.type, "none") == "AH" ? "Ah" : "*"
}

# A failover writes the whole interface: its ipConfigurations are not compared any more once they are made.
resource "azurerm_network_interface" "node" {
  for_each = var.nodes

  name                           = "${var.name}-${each.key}"
  resource_group_name            = var.resource_group
  location                       = var.location
  accelerated_networking_enabled = var.accelerated_networking
  # Packets of other destinations: for a route only.
  ip_forwarding_enabled = local.has_routes
  tags                  = var.tags

  ip_configuration {
    name                          = "primary"
    subnet_id                     = local.subnet_ids[each.key]
    private_ip_address_allocation = "Static"
    private_ip_address            = each.value.address
    public_ip_address_id          = local.own_address ? azurerm_public_ip.own[each.key].id : null
  }

  # An address cannot be deleted while an interface has it, as one does after a failover.
  depends_on = [azurerm_public_ip.claimed]

  lifecycle {
    ignore_changes       = [ip_configuration]
    replace_triggered_by = [terraform_data.place[each.key]]
  }
}

# What is ignored of the interface, but makes another node of it.
resource "terraform_data" "place" {
  for_each = var.nodes

  input = {
    subnet_id  = lower(local.subnet_ids[each.key])
    address    = each.value.address
    own_egress = local.own_address
  }
}

resource "azurerm_public_ip" "own" {
  for_each = local.own_address ? var.nodes : {}

  name                = "${var.name}-${each.key}-own"
  resource_group_name = var.resource_group
  location            = var.location
  sku                 = "Standard"
  allocation_method   = "Static"
  zones               = local.zones
  tags                = var.tags
}

resource "azurerm_network_security_group" "node" {
  name                = var.name
  resource_group_name = var.resource_group
  location            = var.location
  tags                = var.tags
}

resource "azurerm_network_interface_security_group_association" "node" {
  for_each = var.nodes

  network_interface_id      = azurerm_network_interface.node[each.key].id
  network_security_group_id = azurerm_network_security_group.node.id
}

resource "azurerm_network_security_rule" "vrrp" {
  name                         = "vrrp"
  resource_group_name          = var.resource_group
  network_security_group_name  = azurerm_network_security_group.node.name
  priority                     = 100
  direction                    = "Inbound"
  access                       = "Allow"
  protocol                     = local.vrrp_protocol
  source_address_prefixes      = local.addresses
  source_port_range            = "*"
  destination_address_prefixes = local.addresses
  destination_port_range       = "*"
}

resource "azurerm_network_security_rule" "probes" {
  count = length(var.responders) > 0 ? 1 : 0

  name                         = "probes"
  resource_group_name          = var.resource_group
  network_security_group_name  = azurerm_network_security_group.node.name
  priority                     = 110
  direction                    = "Inbound"
  access                       = "Allow"
  protocol                     = "Tcp"
  source_address_prefix        = "AzureLoadBalancer"
  source_port_range            = "*"
  destination_address_prefixes = local.addresses
  destination_port_ranges      = [for responder in var.responders : tostring(responder.port)]
}

resource "azurerm_network_security_rule" "ingress" {
  for_each = { for number, rule in var.ingress : rule.name => merge(rule, { priority = 1000 + number }) }

  name                         = each.key
  resource_group_name          = var.resource_group
  network_security_group_name  = azurerm_network_security_group.node.name
  priority                     = each.value.priority
  direction                    = "Inbound"
  access                       = "Allow"
  protocol                     = each.value.protocol
  source_address_prefix        = length(each.value.sources) == 1 ? each.value.sources[0] : null
  source_address_prefixes      = length(each.value.sources) > 1 ? each.value.sources : null
  source_port_range            = "*"
  destination_address_prefix   = length(each.value.destinations) == 1 ? each.value.destinations[0] : null
  destination_address_prefixes = length(each.value.destinations) > 1 ? each.value.destinations : null
  destination_port_range       = length(each.value.ports) == 1 ? each.value.ports[0] : null
  destination_port_ranges      = length(each.value.ports) > 1 ? each.value.ports : null
}

# Before AllowVnetInBound, which lets the whole virtual network in, and all that is peered with it.
resource "azurerm_network_security_rule" "nobody_else" {
  name                        = "nobody-else"
  resource_group_name         = var.resource_group
  network_security_group_name = azurerm_network_security_group.node.name
  priority                    = 4096
  direction                   = "Inbound"
  access                      = "Deny"
  protocol                    = "*"
  source_address_prefix       = "*"
  source_port_range           = "*"
  destination_address_prefix  = "*"
  destination_port_range      = "*"
}

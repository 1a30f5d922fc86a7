# The load balancer that asks the responders who is master.

locals {
  balanced  = var.load_balancer != null
  public_lb = try(var.load_balancer.type, "") == "public"
}

resource "azurerm_public_ip" "frontend" {
  count = local.public_lb ? 1 : 0

  name                = "${var.name}-frontend"
  resource_group_name = var.resource_group
  location            = var.location
  sku                 = "Standard"
  allocation_method   = "Static"
  zones               = local.zones
  tags                = var.tags
}

resource "azurerm_lb" "node" {
  count = local.balanced ? 1 : 0

  name                = var.name
  resource_group_name = var.resource_group
  location            = var.location
  sku                 = "Standard"
  tags                = var.tags

  frontend_ip_configuration {
    name                          = "frontend"
    public_ip_address_id          = local.public_lb ? azurerm_public_ip.frontend[0].id : null
    subnet_id                     = local.public_lb ? null : "${local.network_id}/subnets/${var.load_balancer.subnet_name}"
    private_ip_address            = var.load_balancer.address
    private_ip_address_allocation = local.public_lb ? null : "Static"
    # A public frontend is where its address is.
    zones = local.public_lb ? null : local.zones
  }
}

resource "azurerm_lb_backend_address_pool" "node" {
  count = local.balanced ? 1 : 0

  name            = "nodes"
  loadbalancer_id = azurerm_lb.node[0].id
}

resource "azurerm_network_interface_backend_address_pool_association" "node" {
  for_each = local.balanced ? var.nodes : {}

  network_interface_id    = azurerm_network_interface.node[each.key].id
  ip_configuration_name   = "primary"
  backend_address_pool_id = azurerm_lb_backend_address_pool.node[0].id

  # Both write the whole interface.
  depends_on = [azurerm_network_interface_security_group_association.node]
}

# The shortest that Azure has: every 5 s, and one answer is enough.
resource "azurerm_lb_probe" "master" {
  count = local.balanced ? 1 : 0

  name                = "master"
  loadbalancer_id     = azurerm_lb.node[0].id
  protocol            = var.responders[0].protocol == "http" ? "Http" : "Tcp"
  port                = var.responders[0].port
  request_path        = var.responders[0].protocol == "http" ? coalesce(var.responders[0].path, "/") : null
  interval_in_seconds = 5
  probe_threshold     = 1
}

resource "azurerm_lb_rule" "node" {
  for_each = local.balanced ? { for rule in var.load_balancer.rules : rule.name => rule } : {}

  name                           = each.key
  loadbalancer_id                = azurerm_lb.node[0].id
  frontend_ip_configuration_name = "frontend"
  protocol                       = each.value.protocol
  frontend_port                  = each.value.port
  backend_port                   = coalesce(each.value.backend_port, each.value.port)
  backend_address_pool_ids       = [azurerm_lb_backend_address_pool.node[0].id]
  probe_id                       = azurerm_lb_probe.master[0].id
  # The nodes' way out is own_egress: one through here would be the master's alone.
  disable_outbound_snat = true
}

# What the rest shares: ids taken apart, and the text that every node gets.

locals {
  # resource-name-rules of azure-resource-manager; ids are compared without case there.
  of_group     = "(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers"
  public_ip_id = "${local.of_group}/Microsoft\\.Network/publicIPAddresses/[^/]+$"
  secret_id    = "${local.of_group}/Microsoft\\.KeyVault/vaults/[^/]+/secrets/[^/]+$"
  container_id = "${local.of_group}/Microsoft\\.Storage/storageAccounts/[^/]+/blobServices/default/containers/[^/]+$"
  table_id     = "${local.of_group}/Microsoft\\.Network/routeTables/[^/]+$"
  table        = "${local.table_id}|^([\\w.()-]{0,89}[\\w()-]/)?[A-Za-z0-9]([\\w.-]{0,78}\\w)?$"

  in_group = "/subscriptions/${var.subscription_id}/resourceGroups"
  network_id = join("/", [local.in_group, coalesce(var.virtual_network.resource_group, var.resource_group),
  "providers/Microsoft.Network/virtualNetworks", var.virtual_network.name])
  subnet_ids = { for name, node in var.nodes : name => "${local.network_id}/subnets/${node.subnet_name}" }
  zones      = alltrue([for node in var.nodes : node.zone == null]) ? [] : ["1", "2", "3"]

  kinds       = toset(var.claims[*].kind)
  has_routes  = contains(local.kinds, "route")
  best_node   = one([for name, node in var.nodes : name if node.priority == max([for other in var.nodes : other.priority]...)])
  own_address = var.own_egress == "own-address"

  # Where a secret is read: the vault's own address, made of its name.
  vault_domain = { public = "vault.azure.net", usgovernment = "vault.usgovcloudapi.net", china = "vault.azure.cn" }[var.cloud]
  secret_path  = var.authentication == null ? [] : split("/", var.authentication.secret)
  authentication = var.authentication == null ? null : {
    type   = var.authentication.type
    secret = "https://${lower(local.secret_path[8])}.${local.vault_domain}/secrets/${local.secret_path[10]}"
  }
}

module "configuration" {
  source = "../configuration"

  provider_name = "azure"
  provider_settings = merge(var.provider_settings, {
    subscription   = var.subscription_id
    resource_group = var.resource_group
    client_id      = azurerm_user_assigned_identity.node.client_id
  }, var.cloud == "public" ? {} : { cloud = var.cloud })

  instance_name       = var.instance_name
  virtual_router_id   = var.virtual_router_id
  advert_int          = var.advert_int
  nopreempt           = var.nopreempt
  preempt_delay       = var.preempt_delay
  own_egress          = var.own_egress == "assured" ? "assured" : "check"
  responders          = var.responders
  vrrp_version        = var.vrrp_version
  authentication      = local.authentication
  cloudfail           = var.cloudfail
  virtual_ipaddress   = var.virtual_ipaddress
  extra_configuration = var.extra_configuration
  # cloud-init gives a machine at each boot what the metadata has, also an address that moves on: keepalived has it.
  first_boot = concat(contains(local.kinds, "private-ip") ? [
    "echo 'datasource: {Azure: {apply_network_config: false}}' >/etc/cloud/cloud.cfg.d/90-cloudfail.cfg"
  ] : [], var.first_boot)

  nodes = { for name, node in var.nodes : name => {
    address      = node.address
    priority     = node.priority
    subnet       = node.subnet
    interface    = coalesce(node.interface, "eth0")
    interface_id = azurerm_network_interface.node[name].id
  } }

  claims = [for number, claim in var.claims : merge({ for key, value in claim : key => value if !contains(["name", "allocate"], key) }, {
    address     = claim.kind == "public-ip" ? local.public_ips[number].address : claim.address
    resource_id = claim.kind == "public-ip" ? local.public_ips[number].id : claim.resource_id
  })]
}

# ---- Claims --------------------------------------------------------------------------------------

# What is claimed. Nothing here says who holds an address, and a route only where it leads at first.

locals {
  public_claims = { for number, claim in var.claims : number => claim if claim.kind == "public-ip" }
  # By name, not by number: a claim more or less replaces no other's address.
  made = { for number, claim in local.public_claims : coalesce(claim.name, var.name) => number if claim.allocate }

  public_ips = { for number, claim in local.public_claims : number => {
    id      = claim.allocate ? azurerm_public_ip.claimed[coalesce(claim.name, var.name)].id : claim.resource_id
    address = claim.allocate ? azurerm_public_ip.claimed[coalesce(claim.name, var.name)].ip_address : data.azurerm_public_ip.existing[number].ip_address
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

# Also where its claim has an address: of one that the same apply makes it is not known whether it is null.
data "azurerm_public_ip" "existing" {
  for_each = { for number, claim in local.public_claims : number => claim if !claim.allocate }

  resource_group_name = split("/", each.value.resource_id)[4]
  name                = split("/", each.value.resource_id)[8]

  lifecycle {
    postcondition {
      condition     = each.value.address == null ? coalesce(self.ip_address, "-") != "-" : self.ip_address == each.value.address
      error_message = "The public address ${self.name} is ${coalesce(self.ip_address, "none yet: it has to be a static one")}${each.value.address == null ? "" : ", not ${each.value.address}: correct one of the two in its claim, or leave address out"}."
    }
  }
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

# ---- Network -------------------------------------------------------------------------------------

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
  for_each = { for number, rule in var.ingress : rule.name => merge(rule, { priority = coalesce(rule.priority, 1000 + number) }) }

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

# ---- Nodes ---------------------------------------------------------------------------------------

# The virtual machines.

# Where there are no zones: at least not in the same rack.
resource "azurerm_availability_set" "node" {
  count = length(local.zones) == 0 ? 1 : 0

  name                        = var.name
  resource_group_name         = var.resource_group
  location                    = var.location
  managed                     = true
  platform_fault_domain_count = 2
  tags                        = var.tags
}

resource "azurerm_linux_virtual_machine" "node" {
  for_each = var.nodes

  name                = "${var.name}-${each.key}"
  resource_group_name = var.resource_group
  location            = var.location
  zone                = each.value.zone
  availability_set_id = one(azurerm_availability_set.node[*].id)
  size                = coalesce(each.value.size, var.size)
  tags                = var.tags

  network_interface_ids = [azurerm_network_interface.node[each.key].id]
  custom_data           = base64encode(module.configuration.user_data[each.key])

  admin_username                  = var.admin_username
  disable_password_authentication = true
  allow_extension_operations      = var.allow_extensions
  secure_boot_enabled             = var.trusted_launch
  vtpm_enabled                    = var.trusted_launch
  encryption_at_host_enabled      = var.encryption_at_host
  source_image_id                 = var.image_id

  admin_ssh_key {
    username   = var.admin_username
    public_key = trimspace(var.admin_ssh_public_key)
  }

  os_disk {
    caching                = "ReadWrite"
    storage_account_type   = var.os_disk_type
    disk_encryption_set_id = var.disk_encryption_set_id
  }

  dynamic "source_image_reference" {
    for_each = var.image_id == null ? [var.image] : []

    content {
      publisher = source_image_reference.value.publisher
      offer     = source_image_reference.value.offer
      sku       = source_image_reference.value.sku
      version   = source_image_reference.value.version
    }
  }

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.node.id]
  }

  # The serial console, and what the first boot said there: without a storage account of yours.
  boot_diagnostics {}

  # The first boot asks for these, and a machine takes no interface that is being written. And a node goes
  # before the route that it claims: it would make that again.
  depends_on = [
    azurerm_route.claimed,
    azurerm_role_assignment.read,
    azurerm_role_assignment.write,
    azurerm_role_assignment.secret,
    azurerm_role_assignment.wheel,
    azurerm_network_interface_security_group_association.node,
    azurerm_network_interface_backend_address_pool_association.node,
    azurerm_network_security_rule.vrrp,
    azurerm_network_security_rule.nobody_else,
  ]

  lifecycle {
    # Changes of these are for a node after the other: docs/how-to/terraform-azure.md.
    ignore_changes       = [custom_data, source_image_id, source_image_reference, admin_ssh_key]
    replace_triggered_by = [azurerm_network_interface.node[each.key].id]
  }
}

# ---- Load balancer -------------------------------------------------------------------------------

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
  # The nodes' way out is own_egress: one through here would be the master's alone. An internal one is none.
  disable_outbound_snat = local.public_lb
}

# ---- Identity ------------------------------------------------------------------------------------

# What the nodes may do: the permissions of cloudfail, on what the claims touch.

locals {
  permissions = { for action, one in jsondecode(file("${path.module}/../../providers/cloudfail_azure/permissions.json")) : action => one
  if length(setintersection(one.needed_for, local.kinds)) > 0 }
  roles = length(var.claims) == 0 ? {} : {
    read  = [for action, one in local.permissions : action if !one.write]
    write = keys(local.permissions)
  }

  own_group       = "${local.in_group}/${var.resource_group}"
  of_subscription = "/^/subscriptions/[^/]+/"
  # Of what an operation is asked for: interfaces and tables.
  groups = { for id in concat([local.own_group], values(local.table_ids)) : lower(join("/", slice(split("/", id), 0, 5))) => join("/", slice(split("/", id), 0, 5))... }
  # What `cloudfail policy azure` prints, which knows no network: the groups of the nodes, the addresses and the tables.
  scopes = { for name, more in { read = [], write = length(local.joined) > 0 ? [local.network_id] : [] } : name => values({
    for id in concat([local.own_group], [for address in local.public_ips : address.id], values(local.table_ids), more) :
    lower(join("/", slice(split("/", id), 0, 5))) => join("/", slice(split("/", id), 0, 5))...
  })[*][0] }

  interfaces = { for name in keys(var.nodes) : "interface ${name}" => azurerm_network_interface.node[name].id }
  tables     = { for id in values(local.table_ids) : "table ${lower(id)}" => id... }
  # Azure asks for `join` on everything that a written interface refers to.
  joined = length(setintersection(local.kinds, ["public-ip", "private-ip"])) == 0 ? {} : merge(
    { for id in distinct(values(local.subnet_ids)) : "subnet ${lower(id)}" => id },
    # By its seat, not its number: a claim more or less takes no other's right for some minutes.
    { for number, claim in local.public_claims : "address on ${coalesce(claim.private_address, "primary")}" => local.public_ips[number].id },
    { for name, address in azurerm_public_ip.own : "own address ${name}" => address.id },
    { "security group" = azurerm_network_security_group.node.id },
    local.balanced ? { "load balancer" = azurerm_lb.node[0].id } : {},
  )
  exactly = merge(length(local.joined) > 0 ? local.interfaces : {}, { for key, ids in local.tables : key => ids[0] }, local.joined)
  wholly  = merge({ for key, ids in local.groups : key => ids[0] }, local.joined)
  written = length(var.claims) == 0 ? {} : var.role_scope == "objects" ? local.exactly : local.wholly
}

# User-assigned: it is there, with its rights, before a machine boots for the first time.
resource "azurerm_user_assigned_identity" "node" {
  name                = var.name
  resource_group_name = var.resource_group
  location            = var.location
  tags                = var.tags
}

resource "azurerm_role_definition" "cloudfail" {
  for_each = local.roles

  # Of the whole tenant: no two pairs may have one name, those of two subscriptions neither.
  name        = "cloudfail ${each.key} ${var.resource_group} ${var.name} ${var.subscription_id}"
  description = each.key == "read" ? "Looks at what follows the VRRP master" : "Moves what follows the VRRP master to this node"
  scope       = local.own_group

  permissions {
    actions = each.value
  }

  assignable_scopes = local.scopes[each.key]
}

# Azure answers with the role's id in the subscription of the scope: any other one would be replaced by each apply.
# On whole groups: lists, locks and permissions are asked of a group, and Azure lets nobody ask how an
# operation goes who has nothing on the group of what is changed (management/async-operations).
resource "azurerm_role_assignment" "read" {
  for_each = length(var.claims) > 0 ? local.groups : {}

  scope              = each.value[0]
  role_definition_id = startswith(lower(each.value[0]), lower("${local.in_group}/")) ? azurerm_role_definition.cloudfail["read"].role_definition_resource_id : replace(azurerm_role_definition.cloudfail["read"].role_definition_resource_id, local.of_subscription, join("/", slice(split("/", each.value[0]), 0, 3)))
  principal_id       = azurerm_user_assigned_identity.node.principal_id
  principal_type     = "ServicePrincipal"
}

resource "azurerm_role_assignment" "write" {
  for_each = local.written

  scope              = each.value
  role_definition_id = startswith(lower(each.value), lower("${local.in_group}/")) ? azurerm_role_definition.cloudfail["write"].role_definition_resource_id : replace(azurerm_role_definition.cloudfail["write"].role_definition_resource_id, local.of_subscription, join("/", slice(split("/", each.value), 0, 3)))
  principal_id       = azurerm_user_assigned_identity.node.principal_id
  principal_type     = "ServicePrincipal"
}

resource "azurerm_role_assignment" "secret" {
  count = var.authentication == null ? 0 : 1

  scope                = var.authentication.secret
  role_definition_name = "Key Vault Secrets User"
  principal_id         = azurerm_user_assigned_identity.node.principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "wheel" {
  count = var.wheel_container_id == null ? 0 : 1

  scope                = var.wheel_container_id
  role_definition_name = "Storage Blob Data Reader"
  principal_id         = azurerm_user_assigned_identity.node.principal_id
  principal_type       = "ServicePrincipal"
}

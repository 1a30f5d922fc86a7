# What the nodes may do: the permissions of cloudfail, on what the claims touch.

locals {
  permissions = { for action, one in jsondecode(file("${path.module}/../../providers/cloudfail_azure/permissions.json")) : action => one
  if length(setintersection(one.needed_for, local.kinds)) > 0 }
  roles = length(var.claims) == 0 ? {} : {
    read  = [for action, one in local.permissions : action if !one.write]
    write = keys(local.permissions)
  }

  own_group = "${local.in_group}/${var.resource_group}"
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
    { for number, address in local.public_ips : "address ${number}" => address.id },
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

  # Of the whole tenant: two pairs may not have one name.
  name        = "cloudfail ${each.key} ${var.resource_group} ${var.name}"
  description = each.key == "read" ? "Looks at what follows the VRRP master" : "Moves what follows the VRRP master to this node"
  scope       = local.own_group

  permissions {
    actions = each.value
  }

  assignable_scopes = local.scopes[each.key]
}

# On whole groups: lists, locks and permissions are asked of a group, and Azure lets nobody ask how an
# operation goes who has nothing on the group of what is changed (management/async-operations).
resource "azurerm_role_assignment" "read" {
  for_each = length(var.claims) > 0 ? local.groups : {}

  scope              = each.value[0]
  role_definition_id = azurerm_role_definition.cloudfail["read"].role_definition_resource_id
  principal_id       = azurerm_user_assigned_identity.node.principal_id
  principal_type     = "ServicePrincipal"
}

resource "azurerm_role_assignment" "write" {
  for_each = local.written

  scope              = each.value
  role_definition_id = azurerm_role_definition.cloudfail["write"].role_definition_resource_id
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

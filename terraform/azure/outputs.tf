output "cloudfail_toml" {
  value       = module.configuration.cloudfail_toml
  description = "/etc/cloudfail/cloudfail.toml, the same file on every node. Nodes that exist keep theirs: it is written by the first boot."
}

output "addresses" {
  value = {
    public_ips    = [for number in keys(local.public_claims) : local.public_ips[number].address]
    private_ips   = [for claim in var.claims : claim.address if claim.kind == "private-ip"]
    routes        = [for claim in var.claims : claim.destination if claim.kind == "route"]
    load_balancer = one(concat(azurerm_public_ip.frontend[*].ip_address, local.balanced && !local.public_lb ? [var.load_balancer.address] : []))
  }
  description = "What follows the master."
}

output "nodes" {
  value = { for name, node in var.nodes : name => {
    address            = node.address
    zone               = node.zone
    own_public_ip      = try(azurerm_public_ip.own[name].ip_address, null)
    virtual_machine_id = azurerm_linux_virtual_machine.node[name].id
    interface_id       = azurerm_network_interface.node[name].id
  } }
  description = "The nodes: their addresses, and their ids."
}

output "identity" {
  value = {
    client_id    = azurerm_user_assigned_identity.node.client_id
    principal_id = azurerm_user_assigned_identity.node.principal_id
  }
  description = "The managed identity of all nodes, for roles of your own."
}

output "network_security_group_id" {
  value       = azurerm_network_security_group.node.id
  description = "The security group of the nodes, for rules of your own: priorities 200 to 999 are free."
}

output "policy" {
  value = { for name, actions in local.roles : name => {
    actions           = actions
    assignable_scopes = azurerm_role_definition.cloudfail[name].assignable_scopes
    scopes            = name == "read" ? [for ids in values(local.groups) : ids[0]] : values(local.written)
  } }
  description = "The roles of the nodes, and on what they are assigned."
}

output "check_commands" {
  value = concat(
    [for name in keys(var.nodes) : "az vm boot-diagnostics get-boot-log --resource-group ${var.resource_group} --name ${var.name}-${name}"],
    ["cloudfail doctor", "cloudfail status", "cloudfail adverts --count 3"],
    length(var.claims) > 0 ? ["cloudfail plan --check"] : [],
    [for responder in var.responders : "curl -i http://127.0.0.1:${responder.port}${coalesce(responder.path, "/")}" if responder.protocol == "http"],
  )
  description = "What to run to see that it works: az from where you are, the others on each node."
}

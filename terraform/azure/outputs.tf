output "cloudfail_toml" {
  value       = module.configuration.cloudfail_toml
  description = "/etc/cloudfail/cloudfail.toml, the same file on every node. Nodes that exist keep theirs: it is written by the first boot."
}

output "addresses" {
  value = merge(
    { for number, claim in local.public_claims :
      claim.private_address == null ? "public-ip" : "public-ip on ${claim.private_address}" => local.public_ips[number].address
    },
    { for claim in var.claims : "private-ip ${claim.address}" => claim.address if claim.kind == "private-ip" },
    { for claim in var.claims : "route ${claim.destination}" => claim.destination if claim.kind == "route" },
    local.balanced ? { "load-balancer" = local.public_lb ? azurerm_public_ip.frontend[0].ip_address : var.load_balancer.address } : {},
  )
  description = "What follows the master, by claim: addresses, destinations of routes, and the load balancer's frontend."
}

output "nodes" {
  value = { for name, node in var.nodes : name => {
    address            = node.address
    zone               = node.zone
    own_address        = try(azurerm_public_ip.own[name].ip_address, null)
    virtual_machine_id = azurerm_linux_virtual_machine.node[name].id
    interface_id       = azurerm_network_interface.node[name].id
  } }
  description = "The nodes by name: private address, zone, public address of its own (null without one), and the ids of machine and interface."
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
    scopes            = name == "read" ? values(local.groups)[*][0] : values(local.written)
  } }
  description = "The roles of the nodes, and on what they are assigned."
}

output "check_commands" {
  value = concat(
    [for node in azurerm_linux_virtual_machine.node : "az vm boot-diagnostics get-boot-log --ids ${node.id}"],
    [for address in local.public_ips : "az network public-ip show --ids ${address.id} --query ipConfiguration.id --output tsv"],
    [for claim in var.claims : "az network nic list --resource-group ${var.resource_group} --query \"[?ipConfigurations[?privateIPAddress=='${claim.address}']].name\" --output tsv" if claim.kind == "private-ip"],
    [for route in local.routes : "az network route-table show --ids ${route.id} --query \"routes[?addressPrefix=='${route.destination}'].nextHopIpAddress\" --output tsv"],
    [for node in azurerm_linux_virtual_machine.node : "az vm run-command invoke --ids ${node.id} --command-id RunShellScript --scripts 'cloudfail status; cloudfail doctor' --query 'value[].message' --output tsv" if var.allow_extensions],
  )
  description = "Commands that look: the console of each node's first boot, who holds each claim, and the doctor on each node (with allow_extensions)."
}

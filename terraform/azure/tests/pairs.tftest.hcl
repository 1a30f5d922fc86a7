# What is made for each kind of pair.

provider "azurerm" {
  features {}
}

variables {
  subscription_id      = "11111111-2222-3333-4444-555555555555"
  resource_group       = "edge"
  location             = "westeurope"
  virtual_network      = { name = "hub", resource_group = "network" }
  admin_ssh_public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1 ops"
  virtual_router_id    = 51
  nodes = {
    a = { address = "10.0.1.10", priority = 150, subnet_name = "edge", zone = "1" }
    b = { address = "10.0.1.11", priority = 100, subnet_name = "edge", zone = "2" }
  }
}

run "a_public_address" {
  variables {
    claims = [{ kind = "public-ip", allocate = true }]
  }

  assert {
    condition = alltrue([for address in azurerm_public_ip.claimed :
    address.sku == "Standard" && address.allocation_method == "Static" && toset(address.zones) == toset(["1", "2", "3"])])
    error_message = "A claimed address is Standard, Static, and in every zone."
  }
  assert {
    condition     = alltrue([for nic in azurerm_network_interface.node : nic.ip_configuration[0].public_ip_address_id == null])
    error_message = "Terraform attaches it to nobody."
  }
  assert {
    condition     = alltrue([for nic in azurerm_network_interface.node : !nic.ip_forwarding_enabled])
    error_message = "IP forwarding is for routes."
  }
  assert {
    condition     = output.addresses["public-ip"] == azurerm_public_ip.claimed["edge"].ip_address
    error_message = "The address is an output."
  }
  assert {
    condition = alltrue([for node in azurerm_linux_virtual_machine.node : node.secure_boot_enabled && node.vtpm_enabled &&
    node.encryption_at_host_enabled && node.disable_password_authentication && !node.allow_extension_operations])
    error_message = "Machines start safely, encrypt, and take no password."
  }
  assert {
    condition     = [for node in azurerm_linux_virtual_machine.node : node.zone] == ["1", "2"] && length(azurerm_availability_set.node) == 0
    error_message = "Each node is in its zone."
  }
}

run "only_vrrp_comes_in" {
  command = plan

  assert {
    condition = (azurerm_network_security_rule.vrrp.protocol == "*" &&
      toset(azurerm_network_security_rule.vrrp.source_address_prefixes) == toset(["10.0.1.10", "10.0.1.11"]) &&
    toset(azurerm_network_security_rule.vrrp.destination_address_prefixes) == toset(["10.0.1.10", "10.0.1.11"]))
    error_message = "Protocol 112 has no name there: everything, but between the nodes' addresses only."
  }
  assert {
    condition     = azurerm_network_security_rule.nobody_else.access == "Deny" && azurerm_network_security_rule.nobody_else.priority == 4096
    error_message = "The virtual network is kept out."
  }
  assert {
    condition     = length(azurerm_network_security_rule.probes) == 0 && length(azurerm_network_security_rule.ingress) == 0
    error_message = "Nothing else is let in."
  }
  assert {
    condition     = length(azurerm_role_definition.cloudfail) == 0 && length(azurerm_role_assignment.write) == 0
    error_message = "Without claims there is no role."
  }
}

run "three_nodes_with_ah_behind_an_internal_load_balancer" {
  variables {
    nodes = {
      a = { address = "10.0.1.10", priority = 150, subnet_name = "edge", zone = "1" }
      b = { address = "10.0.1.11", priority = 100, subnet_name = "edge", zone = "2" }
      c = { address = "10.0.1.12", priority = 50, subnet_name = "edge", zone = "3" }
    }
    authentication = { type = "AH", secret = "/subscriptions/1/resourceGroups/v/providers/Microsoft.KeyVault/vaults/Edge/secrets/vrrp" }
    responders     = [{ port = 8100, protocol = "http", path = "/master" }, { port = 8101 }]
    load_balancer  = { type = "internal", subnet_name = "edge", address = "10.0.1.50", rules = [{ name = "all", protocol = "All", port = 0 }] }
    ingress = [
      { name = "https", protocol = "Tcp", ports = ["443", "8443"], sources = ["10.0.0.0/8", "192.168.0.0/16"] },
      { name = "ping", protocol = "Icmp", sources = ["VirtualNetwork"], priority = 4095 },
    ]
  }

  assert {
    condition     = azurerm_network_security_rule.vrrp.protocol == "Ah"
    error_message = "AH is protocol 51, which has a name: then only that."
  }
  assert {
    condition = (azurerm_network_security_rule.probes[0].source_address_prefix == "AzureLoadBalancer" &&
    toset(azurerm_network_security_rule.probes[0].destination_port_ranges) == toset(["8100", "8101"]))
    error_message = "Azure's probes reach the responders, and nothing else."
  }
  assert {
    condition     = [for rule in ["https", "ping"] : azurerm_network_security_rule.ingress[rule].priority] == [1000, 4095]
    error_message = "Rules of one's own are in their order, or where they want to be."
  }
  assert {
    condition = (azurerm_lb_probe.master[0].protocol == "Http" && azurerm_lb_probe.master[0].request_path == "/master" &&
    azurerm_lb_probe.master[0].port == 8100 && azurerm_lb_probe.master[0].interval_in_seconds == 5 && azurerm_lb_probe.master[0].probe_threshold == 1)
    error_message = "The probe asks the first responder, as often as it can."
  }
  assert {
    condition     = azurerm_lb.node[0].frontend_ip_configuration[0].private_ip_address == "10.0.1.50" && length(azurerm_public_ip.frontend) == 0
    error_message = "An internal frontend has the address that was asked for."
  }
  assert {
    condition     = !azurerm_lb_rule.node["all"].disable_outbound_snat && length(azurerm_network_interface_backend_address_pool_association.node) == 3
    error_message = "Every node is behind it; through an internal one nobody goes out anyhow."
  }
  assert {
    condition     = azurerm_role_assignment.secret[0].scope == var.authentication.secret && azurerm_role_assignment.secret[0].role_definition_name == "Key Vault Secrets User"
    error_message = "The nodes read that secret, and no other."
  }
}

run "addresses_on_a_seat_of_their_own" {
  variables {
    own_egress         = "own-address"
    claims             = [{ kind = "private-ip", address = "10.0.1.100" }, { kind = "public-ip", allocate = true, private_address = "10.0.1.100", name = "service" }]
    cloudfail          = { wheel_url = "https://ours.blob.core.windows.net/wheels/cloudfail-0.1.0-py3-none-any.whl" }
    wheel_container_id = "/subscriptions/1/resourceGroups/s/providers/Microsoft.Storage/storageAccounts/ours/blobServices/default/containers/wheels"
  }

  assert {
    condition = alltrue([for name, nic in azurerm_network_interface.node :
    nic.ip_configuration[0].public_ip_address_id == azurerm_public_ip.own[name].id])
    error_message = "Each node goes out by an address of its own."
  }
  assert {
    condition     = alltrue([for nic in azurerm_network_interface.node : length(nic.ip_configuration) == 1])
    error_message = "The claimed one gets its ipConfiguration from cloudfail."
  }
  assert {
    condition     = strcontains(output.cloudfail_toml, "private_address = \"10.0.1.100\"")
    error_message = "The claim says where it sits."
  }
  assert {
    condition     = azurerm_role_assignment.wheel[0].scope == var.wheel_container_id && azurerm_role_assignment.wheel[0].role_definition_name == "Storage Blob Data Reader"
    error_message = "The nodes read that container, and no other."
  }
}

run "routes_here_and_elsewhere" {
  variables {
    own_egress = "assured"
    claims = [{ kind = "route", destination = "10.99.0.1/32", tables = ["clients", "spokes/clients",
    "/subscriptions/22222222-2222-3333-4444-555555555555/resourceGroups/far/providers/Microsoft.Network/routeTables/clients"] }]
  }

  assert {
    condition = (toset(keys(azurerm_route.claimed)) == toset(["edge/clients 10.99.0.1/32", "spokes/clients 10.99.0.1/32"]) &&
    alltrue([for route in azurerm_route.claimed : route.next_hop_in_ip_address == "10.0.1.10" && route.name == "cloudfail-10-99-0-1-32"]))
    error_message = "A route leads to the best node first, under cloudfail's own name for it, in the tables of this subscription."
  }
  assert {
    condition = alltrue([for assignment in concat(values(azurerm_role_assignment.read), values(azurerm_role_assignment.write)) :
      strcontains(assignment.scope, "/resourceGroups/far") == startswith(assignment.role_definition_id, "/subscriptions/22222222-2222-3333-4444-555555555555/")
    ])
    error_message = "A role is assigned by its id in another subscription than that of the scope: each plan would replace it."
  }
  assert {
    condition     = alltrue([for nic in azurerm_network_interface.node : nic.ip_forwarding_enabled])
    error_message = "Packets of other destinations are let through."
  }
  assert {
    condition     = strcontains(output.cloudfail_toml, "own_egress = \"assured\"")
    error_message = "Who vouches for the way out says so to cloudfail."
  }
}

run "without_zones" {
  command = plan
  variables {
    nodes = {
      a = { address = "10.0.1.10", priority = 150, subnet_name = "edge" }
      b = { address = "10.0.1.11", priority = 100, subnet_name = "edge" }
    }
    claims = [{ kind = "public-ip", resource_id = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/addresses/providers/Microsoft.Network/publicIPAddresses/edge" }]
  }

  assert {
    condition     = length(azurerm_availability_set.node) == 1 && alltrue([for node in azurerm_linux_virtual_machine.node : node.zone == null])
    error_message = "Without zones the nodes are in an availability set."
  }
  assert {
    condition     = length(azurerm_public_ip.claimed) == 0
    error_message = "An address that exists is not made."
  }
}

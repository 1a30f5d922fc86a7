# Each run breaks one rule of each of the variables that it names.

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

run "names" {
  command = plan
  variables {
    name                 = "ab"
    instance_name        = "-edge"
    virtual_router_id    = 0
    advert_int           = 256
    preempt_delay        = 1001
    subscription_id      = "mine"
    resource_group       = "/subscriptions/1/resourceGroups/edge"
    virtual_network      = { name = "/subscriptions/1/virtualNetworks/hub" }
    location             = "West Europe"
    cloud                = "private"
    own_egress           = "endpoint"
    provider_settings    = { client_id = "me" }
    role_scope           = "subscription"
    os_disk_type         = "floppy"
    admin_username       = "root"
    admin_ssh_public_key = "-----BEGIN OPENSSH PRIVATE KEY-----"
    cloudfail            = { wheel_url = "https://ours.blob.core.windows.net/wheels/cloudfail-0.1.0-py3-none-any.whl" }
    wheel_container_id   = "/subscriptions/1/resourceGroups/s/providers/Microsoft.Storage/storageAccounts/ours"
    responders           = [{ port = 0 }]
    authentication       = { type = "MD5", secret = "/subscriptions/1/resourceGroups/v/providers/Microsoft.KeyVault/vaults/edge/secrets/vrrp" }
    ingress              = [{ name = "https", protocol = "Tcp", sources = ["*"] }, { name = "HTTPS", protocol = "Tcp", sources = ["*"] }]
  }
  expect_failures = [
    var.name, var.instance_name, var.virtual_router_id, var.advert_int, var.preempt_delay, var.subscription_id,
    var.resource_group, var.virtual_network, var.location, var.cloud, var.own_egress, var.provider_settings, var.role_scope,
    var.os_disk_type, var.admin_username, var.admin_ssh_public_key, var.wheel_container_id, var.responders,
    var.authentication, var.ingress,
  ]
}

run "contradictions" {
  command = plan
  variables {
    virtual_router_id  = 256
    advert_int         = 0.015
    preempt_delay      = 60
    nopreempt          = true
    responders         = [{ port = 8100, protocol = "udp" }]
    authentication     = { type = "AH", secret = "hunter2" }
    cloudfail          = { wheel_url = "https://other.blob.core.windows.net/wheels/cloudfail-0.1.0-py3-none-any.whl" }
    wheel_container_id = "/subscriptions/1/resourceGroups/s/providers/Microsoft.Storage/storageAccounts/ours/blobServices/default/containers/wheels"
    ingress            = [{ name = "web rule", protocol = "Tcp", sources = ["*"] }]
    nodes = {
      a = { address = "10.0.1.10", priority = 150, subnet_name = "edge" }
    }
  }
  expect_failures = [
    var.virtual_router_id, var.advert_int, var.preempt_delay, var.responders, var.authentication,
    var.wheel_container_id, var.ingress, var.nodes,
  ]
}

run "a_path_without_http" {
  command = plan
  variables {
    virtual_router_id = 51.5
    responders        = [{ port = 8100, path = "/master" }]
    ingress           = [{ name = "vrrp", protocol = "112", sources = ["*"] }]
    nodes = {
      A = { address = "10.0.1.10", priority = 150, subnet_name = "edge" }
      b = { address = "10.0.1.11", priority = 100, subnet_name = "edge" }
    }
  }
  expect_failures = [var.virtual_router_id, var.responders, var.ingress, var.nodes]
}

run "a_responder_on_one_address" {
  command = plan
  variables {
    responders = [{ port = 8100, address = "10.0.1.10" }]
    ingress    = [{ name = "ping", protocol = "Icmp", ports = ["8"], sources = ["*"] }]
    nodes = {
      a = { address = "10.0.1.10", priority = 150, subnet_name = "edge" }
      b = { address = "10.0.1.11", priority = 150, subnet_name = "edge" }
    }
  }
  expect_failures = [var.responders, var.ingress, var.nodes]
}

run "priorities_beyond" {
  command = plan
  variables {
    ingress = [{ name = "https", protocol = "Tcp", ports = ["https"], sources = ["*"] }]
    nodes = {
      a = { address = "10.0.1.10", priority = 255, subnet_name = "edge" }
      b = { address = "10.0.1.11", priority = 100, subnet_name = "edge" }
    }
  }
  expect_failures = [var.ingress, var.nodes]
}

run "one_address_twice" {
  command = plan
  variables {
    ingress = [{ name = "https", protocol = "Tcp", ports = ["443"], sources = ["10.0.0.0/8", "VirtualNetwork"] }]
    nodes = {
      a = { address = "10.0.1.10", priority = 150, subnet_name = "edge" }
      b = { address = "10.0.1.10", priority = 100, subnet_name = "edge" }
    }
  }
  expect_failures = [var.ingress, var.nodes]
}

run "an_ipv6_node" {
  command = plan
  variables {
    nodes = {
      a = { address = "2001:db8::10", priority = 150, subnet_name = "edge" }
      b = { address = "10.0.1.11", priority = 100, subnet_name = "edge" }
    }
  }
  expect_failures = [var.nodes]
}

run "a_subnet_by_id" {
  command = plan
  variables {
    nodes = {
      a = { address = "10.0.1.10", priority = 150, subnet_name = "/subscriptions/1/subnets/edge" }
      b = { address = "10.0.1.11", priority = 100, subnet_name = "edge" }
    }
  }
  expect_failures = [var.nodes]
}

run "a_zone_by_letter" {
  command = plan
  variables {
    nodes = {
      a = { address = "10.0.1.10", priority = 150, subnet_name = "edge", zone = "a" }
      b = { address = "10.0.1.11", priority = 100, subnet_name = "edge", zone = "2" }
    }
  }
  expect_failures = [var.nodes]
}

run "one_node_without_a_zone" {
  command = plan
  variables {
    nodes = {
      a = { address = "10.0.1.10", priority = 150, subnet_name = "edge", zone = "1" }
      b = { address = "10.0.1.11", priority = 100, subnet_name = "edge" }
    }
  }
  expect_failures = [var.nodes]
}

run "a_subnet_without_a_length" {
  command = plan
  variables {
    nodes = {
      a = { address = "10.0.1.10", priority = 150, subnet_name = "edge", subnet = "10.0.1.0" }
      b = { address = "10.0.1.11", priority = 100, subnet_name = "edge" }
    }
  }
  expect_failures = [var.nodes]
}

run "a_rule_that_is_made_here" {
  command = plan
  variables {
    ingress = [{ name = "VRRP", protocol = "Tcp", ports = ["443"], sources = ["*"] }]
  }
  expect_failures = [var.ingress]
}

run "a_port_beyond" {
  command = plan
  variables {
    ingress = [{ name = "https", protocol = "Tcp", ports = ["443-70000"], sources = ["*"] }]
  }
  expect_failures = [var.ingress]
}

run "every_port_and_one_more" {
  command = plan
  variables {
    ingress = [{ name = "https", protocol = "Tcp", ports = ["*", "443"], sources = ["*"] }]
  }
  expect_failures = [var.ingress]
}

run "a_network_too_long" {
  command = plan
  variables {
    ingress = [{ name = "https", protocol = "Tcp", sources = ["10.0.0.0/33"] }]
  }
  expect_failures = [var.ingress]
}

run "rules_of_one_priority" {
  command = plan
  variables {
    ingress = [
      { name = "https", protocol = "Tcp", ports = ["443"], sources = ["*"], priority = 1001 },
      { name = "ping", protocol = "Icmp", sources = ["*"] },
    ]
  }
  expect_failures = [var.ingress]
}

run "a_priority_of_other_rules" {
  command = plan
  variables {
    ingress = [{ name = "https", protocol = "Tcp", ports = ["443"], sources = ["*"], priority = 200 }]
  }
  expect_failures = [var.ingress]
}

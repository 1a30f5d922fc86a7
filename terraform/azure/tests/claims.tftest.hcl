# Each run breaks one rule of the claims, or of the load balancer.

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
  responders           = [{ port = 8100 }]
  nodes = {
    a = { address = "10.0.1.10", priority = 150, subnet_name = "edge-a", zone = "1" }
    b = { address = "10.0.2.11", priority = 100, subnet_name = "edge-b", zone = "2" }
  }
}

run "another_clouds_kind" {
  command = plan
  variables {
    claims        = [{ kind = "forwarding-rule", address = "10.0.1.100" }]
    load_balancer = { type = "global", rules = [{ name = "https", protocol = "Tcp", port = 443 }] }
  }
  expect_failures = [var.claims, var.load_balancer]
}

run "a_route_without_tables" {
  command = plan
  variables {
    claims        = [{ kind = "route", destination = "10.99.0.1/32" }]
    load_balancer = { type = "internal", rules = [{ name = "https", protocol = "Tcp", port = 443 }] }
  }
  expect_failures = [var.claims, var.load_balancer]
}

run "a_private_ip_by_id" {
  command = plan
  variables {
    nodes = {
      a = { address = "10.0.1.10", priority = 150, subnet_name = "edge", zone = "1" }
      b = { address = "10.0.1.11", priority = 100, subnet_name = "edge", zone = "2" }
    }
    claims        = [{ kind = "private-ip", address = "10.0.1.100", resource_id = "it" }]
    load_balancer = { rules = [] }
  }
  expect_failures = [var.claims, var.load_balancer]
}

run "a_public_ip_with_tables" {
  command = plan
  variables {
    claims        = [{ kind = "public-ip", allocate = true, tables = ["clients"] }]
    load_balancer = { rules = [{ name = "all", protocol = "All", port = 0 }] }
  }
  expect_failures = [var.claims, var.load_balancer]
}

run "an_address_of_what_is_to_be_made" {
  command = plan
  variables {
    claims = [{ kind = "public-ip", allocate = true, address = "203.0.113.7" }]
  }
  expect_failures = [var.claims]
}

run "a_public_ip_by_name" {
  command = plan
  variables {
    claims = [{ kind = "public-ip", resource_id = "edge" }]
  }
  expect_failures = [var.claims]
}

run "a_name_of_a_route" {
  command = plan
  variables {
    claims = [{ kind = "route", destination = "10.99.0.1/32", tables = ["clients"], name = "service" }]
  }
  expect_failures = [var.claims]
}

run "a_nodes_own_address" {
  command = plan
  variables {
    nodes = {
      a = { address = "10.0.1.10", priority = 150, subnet_name = "edge", zone = "1" }
      b = { address = "10.0.1.11", priority = 100, subnet_name = "edge", zone = "2" }
    }
    claims = [{ kind = "private-ip", address = "10.0.1.11" }]
  }
  expect_failures = [var.claims]
}

run "a_destination_without_a_length" {
  command = plan
  variables {
    claims = [{ kind = "route", destination = "10.99.0.1", tables = ["clients"] }]
  }
  expect_failures = [var.claims]
}

run "a_range" {
  command = plan
  variables {
    nodes = {
      a = { address = "10.0.1.10", priority = 150, subnet_name = "edge", zone = "1" }
      b = { address = "10.0.1.11", priority = 100, subnet_name = "edge", zone = "2" }
    }
    claims = [{ kind = "private-ip", address = "10.0.1.64/28" }]
  }
  expect_failures = [var.claims]
}

run "no_table" {
  command = plan
  variables {
    claims = [{ kind = "route", destination = "10.99.0.1/32", tables = ["a/b/c"] }]
  }
  expect_failures = [var.claims]
}

run "two_of_one_name" {
  command = plan
  variables {
    nodes = {
      a = { address = "10.0.1.10", priority = 150, subnet_name = "edge", zone = "1" }
      b = { address = "10.0.1.11", priority = 100, subnet_name = "edge", zone = "2" }
    }
    claims = [
      { kind = "public-ip", allocate = true },
      { kind = "public-ip", allocate = true, private_address = "10.0.1.100" },
      { kind = "private-ip", address = "10.0.1.100" },
    ]
  }
  expect_failures = [var.claims]
}

run "two_of_one_seat" {
  command = plan
  variables {
    claims = [{ kind = "public-ip", allocate = true, name = "one" }, { kind = "public-ip", allocate = true, name = "two" }]
  }
  expect_failures = [var.claims]
}

run "a_seat_that_is_not_claimed" {
  command = plan
  variables {
    claims = [{ kind = "public-ip", allocate = true, private_address = "10.0.1.100" }]
  }
  expect_failures = [var.claims]
}

run "a_private_ip_of_two_subnets" {
  command = plan
  variables {
    claims = [{ kind = "private-ip", address = "10.0.1.100" }]
  }
  expect_failures = [var.claims]
}

run "a_claim_that_displaces_the_way_out" {
  command = plan
  variables {
    own_egress = "own-address"
    claims     = [{ kind = "public-ip", allocate = true }]
  }
  expect_failures = [var.claims]
}

run "a_load_balancer_that_asks_nobody" {
  command = plan
  variables {
    responders    = []
    load_balancer = { rules = [{ name = "https", protocol = "Tcp", port = 443 }] }
  }
  expect_failures = [var.load_balancer]
}

run "names_that_azure_does_not_take" {
  command = plan
  variables {
    admin_username = "backup"
    tags           = { "a<b" = "c" }
    claims         = [{ kind = "public-ip", allocate = true, name = "-service" }]
    load_balancer  = { rules = [{ name = "https in", protocol = "Tcp", port = 443 }] }
  }
  expect_failures = [var.admin_username, var.tags, var.claims, var.load_balancer]
}

run "the_name_of_another_address_and_a_port_twice" {
  command = plan
  variables {
    claims = [{ kind = "public-ip", allocate = true, name = "edge-Frontend" }]
    load_balancer = { rules = [
      { name = "https", protocol = "Tcp", port = 443 },
      { name = "more", protocol = "Tcp", port = 443, backend_port = 8443 },
    ] }
  }
  expect_failures = [var.claims, var.load_balancer]
}

run "names_that_differ_by_capitals_and_a_backend_port_twice" {
  command = plan
  variables {
    nodes = {
      a = { address = "10.0.1.10", priority = 150, subnet_name = "edge", zone = "1" }
      b = { address = "10.0.1.11", priority = 100, subnet_name = "edge", zone = "2" }
    }
    claims = [
      { kind = "public-ip", allocate = true, name = "Edge", private_address = "10.0.1.100" },
      { kind = "public-ip", allocate = true },
      { kind = "private-ip", address = "10.0.1.100" },
    ]
    load_balancer = { rules = [
      { name = "http", protocol = "Tcp", port = 80, backend_port = 8443 },
      { name = "https", protocol = "Tcp", port = 443, backend_port = 8443 },
    ] }
  }
  expect_failures = [var.claims, var.load_balancer]
}

run "every_port_and_one_more" {
  command = plan
  variables {
    load_balancer = { type = "internal", subnet_name = "edge-a", address = "10.0.1.50", rules = [
      { name = "all", protocol = "All", port = 0 },
      { name = "https", protocol = "Tcp", port = 443 },
    ] }
  }
  expect_failures = [var.load_balancer]
}

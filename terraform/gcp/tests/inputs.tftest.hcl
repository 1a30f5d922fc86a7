# Every validation of an input refuses what it is there for.

override_data {
  target = data.google_compute_subnetwork.nodes
  values = {
    name                     = "nodes"
    self_link                = "https://www.googleapis.com/compute/v1/projects/lab-project/regions/europe-west1/subnetworks/nodes"
    network                  = "https://www.googleapis.com/compute/v1/projects/lab-project/global/networks/lab"
    ip_cidr_range            = "10.0.1.0/24"
    private_ip_google_access = false
  }
}

variables {
  name              = "edge"
  project           = "lab-project"
  region            = "europe-west1"
  network           = "lab"
  subnetwork        = "nodes"
  virtual_router_id = 51
  nodes = {
    a = { zone = "europe-west1-b", address = "10.0.1.10", priority = 150 }
    b = { zone = "europe-west1-c", address = "10.0.1.11", priority = 100 }
  }
  claims = [{ kind = "private-ip", address = "10.0.1.100" }]
}

run "the_least_is_enough" {
  command = plan
}

run "titles_and_zones_where_ids_and_regions_belong" {
  command = plan
  variables {
    name                = "a-name-of-21-letters-"
    project             = "My Project"
    network             = "My Network"
    subnetwork          = "regions/europe-west1"
    region              = "europe-west1-b"
    authentication      = { type = "PASS", secret = "hunter2" }
    disk_encryption_key = "my-key"
  }
  expect_failures = [var.name, var.project, var.network, var.subnetwork, var.region, var.authentication, var.disk_encryption_key]
}

run "nothing_that_follows_the_master" {
  command = plan
  variables {
    claims = []
  }
  expect_failures = [var.claims]
}

run "kinds_and_ways_of_another_cloud" {
  command = plan
  variables {
    claims        = [{ kind = "elastic-ip", address = "10.0.1.100" }]
    first_boot_by = "ansible"
    nodes = {
      a = { zone = "us-east1-b", address = "10.0.1.10", priority = 150 }
      b = { zone = "europe-west1-c", address = "10.0.1.11", priority = 100 }
    }
    disk = { size_gb = 5 }
  }
  expect_failures = [var.claims, var.first_boot_by, var.nodes, var.disk]
}

run "two_public_addresses_and_nodes_of_ipv6" {
  command = plan
  variables {
    claims = [{ kind = "public-ip", address = "203.0.113.7" }, { kind = "public-ip", address = "203.0.113.8" }]
    nodes = {
      a = { zone = "europe-west1-b", address = "fd20::10", priority = 150 }
      b = { zone = "europe-west1-c", address = "fd20::11", priority = 100 }
    }
    load_balancer = { ports = ["443"] }
  }
  expect_failures = [var.claims, var.nodes, var.load_balancer]
}

run "host_bits_and_an_image_without_cloud_init" {
  command = plan
  variables {
    claims        = [{ kind = "route", destination = "10.99.0.1/24" }]
    image         = "projects/debian-cloud/global/images/family/debian-12"
    responders    = [{ port = 8100 }]
    load_balancer = { scheme = "GLOBAL" }
  }
  expect_failures = [var.claims, var.first_boot_by, var.load_balancer]
}

run "no_length_of_a_destination_and_a_load_balancer_of_http" {
  command = plan
  variables {
    claims        = [{ kind = "route", destination = "10.99.0.1" }]
    responders    = [{ port = 8100 }]
    load_balancer = { protocol = "HTTP" }
  }
  expect_failures = [var.claims, var.load_balancer]
}

run "no_destination_and_six_ports" {
  command = plan
  variables {
    claims        = [{ kind = "route" }]
    responders    = [{ port = 8100 }]
    load_balancer = { ports = ["1", "2", "3", "4", "5", "6"] }
  }
  expect_failures = [var.claims, var.load_balancer]
}

run "no_name_of_a_rule_and_capitals_in_a_node" {
  command = plan
  variables {
    claims = [{ kind = "forwarding-rule" }]
    nodes = {
      A = { zone = "europe-west1-b", address = "10.0.1.10", priority = 150 }
      b = { zone = "europe-west1-c", address = "10.0.1.11", priority = 100 }
    }
  }
  expect_failures = [var.claims, var.nodes]
}

run "eleven_rules" {
  command = plan
  variables {
    claims = [for number in range(11) : { kind = "forwarding-rule", name = "rule-${number}" }]
  }
  expect_failures = [var.claims]
}

run "an_own_address_that_a_claim_displaces" {
  command = plan
  variables {
    own_egress = "own-address"
    claims     = [{ kind = "public-ip", address = "203.0.113.7" }]
  }
  expect_failures = [var.own_egress]
}

run "a_route_of_ipv6_without_ipv6_and_a_rule_that_nobody_claims" {
  command = plan
  variables {
    claims           = [{ kind = "route", destination = "fd00:99::1/128" }]
    forwarding_rules = { edge = {} }
  }
  expect_failures = [var.stack_type, var.forwarding_rules]
}

run "a_rule_of_another_region" {
  command = plan
  variables {
    claims = [{ kind = "forwarding-rule", name = "edge", region = "us-east1" }]
  }
  expect_failures = [var.claims]
}

run "a_rule_with_the_name_of_a_nodes_address" {
  command = plan
  variables {
    claims           = [{ kind = "forwarding-rule", name = "edge-node-a" }]
    forwarding_rules = { edge-node-a = {} }
  }
  expect_failures = [var.forwarding_rules]
}

run "a_rule_of_no_protocol" {
  command = plan
  variables {
    claims           = [{ kind = "forwarding-rule", name = "edge" }]
    forwarding_rules = { edge = { protocol = "HTTP" } }
    own_egress       = "eip"
  }
  expect_failures = [var.forwarding_rules, var.own_egress]
}

run "a_rule_of_no_scheme" {
  command = plan
  variables {
    claims           = [{ kind = "forwarding-rule", name = "edge" }]
    forwarding_rules = { edge = { scheme = "EXTERNAL_MANAGED" } }
    stack_type       = "IPV6_ONLY"
  }
  expect_failures = [var.forwarding_rules, var.stack_type]
}

run "ports_of_what_has_none" {
  command = plan
  variables {
    claims           = [{ kind = "forwarding-rule", name = "edge" }]
    forwarding_rules = { edge = { protocol = "ICMP", ports = ["443"] } }
  }
  expect_failures = [var.forwarding_rules]
}

run "two_ports_of_an_external_rule" {
  command = plan
  variables {
    claims           = [{ kind = "forwarding-rule", name = "edge" }]
    forwarding_rules = { edge = { ports = ["80", "443"] } }
  }
  expect_failures = [var.forwarding_rules]
}

run "a_port_by_name" {
  command = plan
  variables {
    claims           = [{ kind = "forwarding-rule", name = "edge" }]
    forwarding_rules = { edge = { ports = ["https"] } }
  }
  expect_failures = [var.forwarding_rules]
}

run "no_private_google_access" {
  command = plan
  variables {
    own_egress = "endpoint"
  }
  expect_failures = [google_compute_instance.node]
}

run "a_network_of_another_project" {
  command = plan
  variables {
    network = "projects/other-project/global/networks/lab"
  }
  expect_failures = [google_compute_instance.node]
}

run "a_network_that_the_subnetwork_is_not_of" {
  command = plan
  variables {
    network = "other"
  }
  expect_failures = [google_compute_instance.node]
}

run "tables_of_another_network" {
  command = plan
  variables {
    claims = [{ kind = "route", destination = "10.99.0.1/32", tables = ["other"] }]
  }
  expect_failures = [google_compute_instance.node]
}

run "an_address_that_is_googles" {
  command = plan
  variables {
    nodes = {
      a = { zone = "europe-west1-b", address = "10.0.1.1", priority = 150 }
      b = { zone = "europe-west1-c", address = "10.0.1.11", priority = 100 }
    }
  }
  expect_failures = [google_compute_instance.node]
}

run "a_responder_at_one_address" {
  command = plan
  variables {
    claims     = []
    responders = [{ port = 8100, address = "10.0.1.10" }]
  }
  expect_failures = [var.responders]
}

run "an_address_that_is_new_and_there_and_labels_and_tags_that_google_does_not_take" {
  command = plan
  variables {
    claims = [{ kind = "public-ip", address = "203.0.113.7", allocate = true }]
    labels = { Team = "edge" }
    tags   = ["-edge"]
  }
  expect_failures = [var.claims, var.labels, var.tags]
}

run "addresses_that_are_neither_new_nor_there" {
  command = plan
  variables {
    claims           = [{ kind = "forwarding-rule", name = "edge" }]
    forwarding_rules = { edge = { allocate = false } }
    responders       = [{ port = 8100 }]
    load_balancer    = { allocate = false }
  }
  expect_failures = [var.forwarding_rules, var.load_balancer]
}

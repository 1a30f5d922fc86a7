# What is made of the inputs.

override_data {
  target = data.google_compute_subnetwork.nodes
  values = {
    name                     = "nodes"
    self_link                = "https://www.googleapis.com/compute/v1/projects/lab-project/regions/europe-west1/subnetworks/nodes"
    network                  = "https://www.googleapis.com/compute/v1/projects/lab-project/global/networks/lab"
    ip_cidr_range            = "10.0.1.0/24"
    private_ip_google_access = true
  }
}

variables {
  name                     = "edge"
  project                  = "lab-project"
  region                   = "europe-west1"
  network                  = "lab"
  subnetwork               = "nodes"
  virtual_router_id        = 51
  delete_routes_on_destroy = false # that is tested with gcloud
  nodes = {
    a = { zone = "europe-west1-b", address = "10.0.1.10", priority = 150 }
    b = { zone = "europe-west1-c", address = "10.0.1.11", priority = 100 }
  }
}

run "a_rule_leads_to_the_best_node" {
  variables {
    claims           = [{ kind = "forwarding-rule", name = "edge" }]
    forwarding_rules = { edge = { ports = ["443"] } }
  }

  assert {
    condition     = google_compute_forwarding_rule.claimed["edge"].target == google_compute_target_instance.node["a"].self_link
    error_message = "The rule points elsewhere than at the node of the highest priority."
  }
  assert {
    condition     = google_compute_forwarding_rule.claimed["edge"].port_range == "443" && google_compute_forwarding_rule.claimed["edge"].ports == null
    error_message = "An external rule has a range of ports, and no list."
  }
  assert {
    condition     = google_compute_forwarding_rule.claimed["edge"].ip_address == google_compute_address.rule["edge"].address && output.addresses["forwarding-rule edge"] == google_compute_address.rule["edge"].address
    error_message = "The rule has another address than the one that is reserved and told."
  }
  assert {
    condition     = strcontains(output.cloudfail_toml, "virtual_ipaddress = [\"${google_compute_address.rule["edge"].address}\"]")
    error_message = "The master has not the address of its rule."
  }
  assert {
    condition     = !anytrue([for node in google_compute_instance.node : node.can_ip_forward])
    error_message = "A node may forward packets, which only a route needs."
  }
  assert {
    condition     = alltrue([for node in google_compute_instance.node : alltrue(values(node.shielded_instance_config[0]))])
    error_message = "A node is not a shielded one."
  }
  assert {
    condition     = alltrue([for node in google_compute_instance.node : node.metadata["enable-oslogin"] == "TRUE" && node.metadata["block-project-ssh-keys"] == "TRUE" && node.metadata["serial-port-enable"] == "FALSE" && startswith(node.metadata["user-data"], "#cloud-config")])
    error_message = "A node may be logged in to by other ways than OS Login, or has no user data."
  }
  assert {
    condition     = alltrue([for node in google_compute_instance.node : node.service_account[0].email == google_service_account.nodes.email && length(node.network_interface[0].access_config) == 0])
    error_message = "A node runs as somebody else, or has an external address."
  }
  assert {
    condition     = google_compute_firewall.vrrp.source_service_accounts == toset([google_service_account.nodes.email]) && google_compute_firewall.vrrp.target_service_accounts == toset([google_service_account.nodes.email]) && google_compute_firewall.vrrp.source_ranges == null
    error_message = "Others than the nodes may send adverts."
  }
  assert {
    condition     = google_compute_firewall.vrrp.allow[*].protocol == tolist(["112"]) && length(google_compute_firewall.probes) == 0
    error_message = "More than VRRP is let in."
  }
}

run "an_internal_rule_has_ports_of_its_own_and_a_subnetwork" {
  variables {
    claims           = [{ kind = "forwarding-rule", name = "edge" }, { kind = "forwarding-rule", name = "more" }, { kind = "private-ip", address = "10.0.1.100" }]
    forwarding_rules = { edge = { scheme = "INTERNAL", address = "10.0.1.99", ports = ["80", "443"] }, more = { scheme = "INTERNAL", address = "10.0.1.99", protocol = "UDP" } }
    nodes = { # new ones: what is on an interface later is nothing to Terraform
      c = { zone = "europe-west1-b", address = "10.0.1.20", priority = 150 }
      d = { zone = "europe-west1-c", address = "10.0.1.21", priority = 100 }
    }
    own_egress     = "own-address"
    authentication = { type = "AH", secret = "projects/lab-project/secrets/edge" }
  }

  assert {
    condition     = google_compute_forwarding_rule.claimed["edge"].ports == toset(["80", "443"]) && google_compute_forwarding_rule.claimed["edge"].all_ports == null && google_compute_forwarding_rule.claimed["more"].all_ports
    error_message = "An internal rule has not the ports that it was given, or all."
  }
  assert {
    condition     = endswith(google_compute_forwarding_rule.claimed["edge"].subnetwork, "/subnetworks/nodes") && length(google_compute_address.rule) == 0
    error_message = "An internal rule is of the nodes' subnetwork, and its address is there already."
  }
  assert {
    condition     = strcontains(output.cloudfail_toml, "virtual_ipaddress = [\"10.0.1.99\",\"10.0.1.100\"]")
    error_message = "The master has not the address of its rules once, and that of the other claim."
  }
  assert {
    condition     = alltrue([for node in google_compute_instance.node : length(node.network_interface[0].access_config) == 1])
    error_message = "A node has no address of its own."
  }
  assert {
    condition     = sort(google_compute_firewall.vrrp.allow[*].protocol) == tolist(["112", "ah"])
    error_message = "AH is not let in."
  }
}

run "a_route_is_cloudfails_and_needs_nodes_that_forward" {
  variables {
    claims          = [{ kind = "route", destination = "10.99.0.1/32" }, { kind = "route", destination = "fd00:99::/64", tables = ["lab"] }]
    stack_type      = "IPV4_IPV6"
    standing_routes = true
    route_priority  = 900
    nodes = {
      a = { zone = "europe-west1-b", address = "10.0.1.10", priority = 150 }
      b = { zone = "europe-west1-b", address = "10.0.1.11", priority = 100 }
      c = { zone = "europe-west1-d", address = "10.0.1.12", priority = 50, machine_type = "e2-medium", interface = "ens5" }
    }
  }

  assert {
    condition     = alltrue([for node in google_compute_instance.node : node.can_ip_forward])
    error_message = "A node may not forward packets."
  }
  assert {
    condition     = google_compute_instance.node["c"].machine_type == "e2-medium" && google_compute_instance.node["a"].machine_type == "e2-small"
    error_message = "A node has not its own machine type."
  }
  assert {
    condition     = alltrue([for text in ["standing_routes = true", "route_priority = 900", "interface = \"ens5\"", "tables = [\"projects/lab-project/global/networks/lab\"]"] : strcontains(output.cloudfail_toml, text)])
    error_message = "cloudfail.toml lacks something."
  }
}

run "a_load_balancer_asks_who_is_master" {
  variables {
    responders    = [{ port = 8100, protocol = "http", path = "/master" }]
    load_balancer = { ports = ["443"] }
    own_egress    = "endpoint"
  }

  assert {
    condition     = google_compute_region_health_check.master[0].http_health_check[0].port == 8100 && google_compute_region_health_check.master[0].http_health_check[0].request_path == "/master"
    error_message = "The health check asks elsewhere than at the responder."
  }
  assert {
    condition     = { for backend in google_compute_region_backend_service.master[0].backend : basename(backend.group) => backend.failover } == { edge-europe-west1-b = false, edge-europe-west1-c = true }
    error_message = "The first master's group is not the one that is not for failover."
  }
  assert {
    condition     = google_compute_region_backend_service.master[0].failover_policy[0].drop_traffic_if_unhealthy && google_compute_region_backend_service.master[0].failover_policy[0].disable_connection_drain_on_failover
    error_message = "Who is not master gets traffic."
  }
  assert {
    condition     = toset(keys(google_compute_firewall.probes)) == toset(["ipv4"]) && google_compute_firewall.probes["ipv4"].source_ranges == toset(["35.191.0.0/16", "130.211.0.0/22"])
    error_message = "Others than Google's probes are let in, or not those of an internal load balancer."
  }
  assert {
    condition     = { for allow in google_compute_firewall.probes["ipv4"].allow : allow.protocol => allow.ports } == { tcp = tolist(["8100"]) }
    error_message = "Probes may reach more than the responder."
  }
  assert {
    condition     = strcontains(output.cloudfail_toml, "virtual_ipaddress = [\"${google_compute_address.load_balancer[0].address}\"]")
    error_message = "The master has not the load balancer's address."
  }
  assert {
    condition     = length(output.policy) == 0 && length(google_project_iam_custom_role.nodes) == 0
    error_message = "Nothing is claimed, so nothing has to be permitted."
  }
}

run "datagrams_have_no_connections_to_end" {
  variables {
    responders    = [{ port = 8100 }]
    load_balancer = { protocol = "UDP", ports = ["53"] }
  }

  assert {
    condition     = google_compute_region_backend_service.master[0].failover_policy[0].drop_traffic_if_unhealthy && !google_compute_region_backend_service.master[0].failover_policy[0].disable_connection_drain_on_failover
    error_message = "Google takes the end of connections for TCP only."
  }
  assert {
    condition     = google_compute_region_health_check.master[0].tcp_health_check[0].port == 8100
    error_message = "A responder without a protocol is one of tcp, here as in cloudfail.toml."
  }
}

run "an_external_one_is_asked_from_other_ranges" {
  variables {
    responders    = [{ port = 8101, protocol = "tcp" }]
    load_balancer = { scheme = "EXTERNAL", protocol = "L3_DEFAULT" }
    stack_type    = "IPV4_IPV6"
    nodes = {
      a = { zone = "europe-west1-b", address = "10.0.1.10", priority = 150 }
      b = { zone = "europe-west1-b", address = "10.0.1.11", priority = 100 }
    }
    image         = "projects/debian-cloud/global/images/family/debian-12"
    first_boot_by = "startup-script"
  }

  assert {
    condition     = google_compute_firewall.probes["ipv4"].source_ranges == toset(["35.191.0.0/16", "209.85.152.0/22", "209.85.204.0/22"]) && google_compute_firewall.probes["ipv6"].source_ranges == toset(["2600:1901:8001::/48"])
    error_message = "Not the ranges of an external passthrough load balancer."
  }
  assert {
    condition     = google_compute_region_health_check.master[0].tcp_health_check[0].port == 8101 && length(google_compute_region_health_check.master[0].http_health_check) == 0
    error_message = "A responder of tcp is asked by http."
  }
  assert {
    condition     = length(google_compute_region_backend_service.master[0].backend) == 1 && length(google_compute_region_backend_service.master[0].failover_policy) == 0 && google_compute_region_backend_service.master[0].protocol == "UNSPECIFIED"
    error_message = "Nodes of one zone have one group, and nothing to fail over to."
  }
  assert {
    condition     = google_compute_forwarding_rule.load_balancer[0].all_ports && google_compute_forwarding_rule.load_balancer[0].ports == null && google_compute_address.load_balancer[0].address_type == "EXTERNAL"
    error_message = "The rule has not all ports, or an internal address."
  }
  assert {
    condition     = alltrue([for node in google_compute_instance.node : startswith(node.metadata["startup-script"], "#!/bin/sh") && !contains(keys(node.metadata), "user-data")])
    error_message = "An image without cloud-init has no script."
  }
}

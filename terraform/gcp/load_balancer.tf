# A passthrough load balancer whose health check only the master passes. Nothing here moves at a failover.

locals {
  balanced = var.load_balancer == null ? {} : var.nodes
  zones    = toset([for node in local.balanced : node.zone])
  # The first master's zone; the others' groups are for failover, without which no policy may say that
  # traffic is dropped when nobody is master.
  first_zone = var.nodes[module.configuration.best_node].zone
  probe      = try(var.responders[0], null)
}

resource "google_compute_region_health_check" "master" {
  count = var.load_balancer == null ? 0 : 1

  project             = var.project
  region              = var.region
  name                = "${var.name}-master"
  check_interval_sec  = 1
  timeout_sec         = 1
  healthy_threshold   = 1
  unhealthy_threshold = 2

  dynamic "http_health_check" {
    for_each = local.probe.protocol == "http" ? [local.probe] : []
    content {
      port         = http_health_check.value.port
      request_path = http_health_check.value.path
    }
  }

  dynamic "tcp_health_check" {
    for_each = local.probe.protocol == "tcp" ? [local.probe] : []
    content {
      port = tcp_health_check.value.port
    }
  }
}

resource "google_compute_instance_group" "zone" {
  for_each = local.zones

  project = var.project
  zone    = each.key
  name    = "${var.name}-${each.key}"
  network = local.network

  lifecycle {
    ignore_changes = [instances]
  }
}

# Each a resource of its own: a node that is replaced leaves its group, and has to join it again.
resource "google_compute_instance_group_membership" "node" {
  for_each = local.balanced

  project        = var.project
  zone           = each.value.zone
  instance_group = google_compute_instance_group.zone[each.value.zone].name
  instance       = google_compute_instance.node[each.key].self_link

  lifecycle {
    replace_triggered_by = [google_compute_instance.node[each.key].instance_id]
  }
}

resource "google_compute_region_backend_service" "master" {
  count = var.load_balancer == null ? 0 : 1

  project               = var.project
  region                = var.region
  name                  = "${var.name}-master"
  load_balancing_scheme = var.load_balancer.scheme
  protocol              = var.load_balancer.protocol == "L3_DEFAULT" ? "UNSPECIFIED" : var.load_balancer.protocol
  health_checks         = [google_compute_region_health_check.master[0].id]

  dynamic "backend" {
    for_each = google_compute_instance_group.zone
    content {
      group          = backend.value.self_link
      balancing_mode = "CONNECTION"
      failover       = backend.key != local.first_zone
    }
  }

  dynamic "failover_policy" {
    for_each = length(local.zones) > 1 ? [true] : []
    content {
      # Two nodes that both refuse get nothing, and a master that is no more keeps no connection.
      drop_traffic_if_unhealthy            = true
      disable_connection_drain_on_failover = true
      failover_ratio                       = 0
    }
  }
}

resource "google_compute_address" "load_balancer" {
  count = try(var.load_balancer.address == null, false) ? 1 : 0

  project      = var.project
  region       = var.region
  name         = "${var.name}-balanced"
  address_type = var.load_balancer.scheme
  subnetwork   = local.is_external ? null : local.subnetwork
  labels       = var.labels
}

resource "google_compute_forwarding_rule" "load_balancer" {
  count = var.load_balancer == null ? 0 : 1

  project               = var.project
  region                = var.region
  name                  = "${var.name}-balanced"
  load_balancing_scheme = var.load_balancer.scheme
  ip_protocol           = var.load_balancer.protocol
  ip_address            = local.load_balancer_address
  ports                 = var.load_balancer.ports
  all_ports             = var.load_balancer.ports == null ? true : null
  network               = local.is_external ? null : local.network
  subnetwork            = local.is_external ? null : local.subnetwork
  allow_global_access   = var.load_balancer.allow_global_access
  backend_service       = google_compute_region_backend_service.master[0].self_link
  labels                = var.labels
}

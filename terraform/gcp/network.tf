# Adverts between the nodes, by whose service account both are; a tag could be set by anybody who may
# edit an instance. Nothing else is opened: what the master serves, and SSH, are rules of your own.
resource "google_compute_firewall" "vrrp" {
  project     = local.host_project
  network     = local.network
  name        = "${var.name}-vrrp"
  description = "VRRP between the nodes of ${var.name}"
  direction   = "INGRESS"

  source_service_accounts = [google_service_account.nodes.email]
  target_service_accounts = [google_service_account.nodes.email]

  allow {
    protocol = "112"
  }

  # With AH the adverts are inside of IP protocol 51.
  dynamic "allow" {
    for_each = try(var.authentication.type, "") == "AH" ? ["51"] : []
    content {
      protocol = allow.value
    }
  }
}

locals {
  is_external = try(var.load_balancer.scheme, "INTERNAL") == "EXTERNAL"

  # https://cloud.google.com/load-balancing/docs/health-check-concepts#ip-ranges: internal and external
  # passthrough load balancers are asked for from different ranges. A rule has ranges of one family.
  probes = {
    ipv4 = local.is_external ? ["35.191.0.0/16", "209.85.152.0/22", "209.85.204.0/22"] : ["35.191.0.0/16", "130.211.0.0/22"]
    ipv6 = local.is_external ? ["2600:1901:8001::/48"] : ["2600:2d00:1:b029::/64"]
  }
  probed_families = length(var.responders) == 0 ? [] : var.stack_type == "IPV4_ONLY" ? ["ipv4"] : ["ipv4", "ipv6"]
}

resource "google_compute_firewall" "probes" {
  for_each = toset(local.probed_families)

  project     = local.host_project
  network     = local.network
  name        = "${var.name}-probes-${each.key}"
  description = "Google's health checks of the responders of ${var.name}"
  direction   = "INGRESS"

  source_ranges           = local.probes[each.key]
  target_service_accounts = [google_service_account.nodes.email]

  allow {
    protocol = "tcp"
    ports    = distinct([for responder in var.responders : tostring(responder.port)])
  }
}

# No resource says who has it: cloudfail puts it on the first master.
resource "google_compute_address" "public" {
  count = length([for claim in var.claims : claim if claim.kind == "public-ip" && claim.address == null])

  project      = var.project
  region       = var.region
  name         = "${var.name}-public"
  address_type = "EXTERNAL"
  labels       = var.labels
}

# A private-ip is not reserved: whoever uses a reserved internal address needs
# compute.addresses.useInternal for it, and a failover must not. A secondary range of the subnetwork,
# of which Google gives nothing away by itself, is the place for it.

resource "google_compute_address" "rule" {
  for_each = { for name, rule in var.forwarding_rules : name => rule if rule.address == null }

  project      = var.project
  region       = var.region
  name         = each.key
  address_type = each.value.scheme
  subnetwork   = each.value.scheme == "INTERNAL" ? local.subnetwork : null
  labels       = var.labels
}

# One for each node, for rules of its own region, be they made here or elsewhere.
resource "google_compute_target_instance" "node" {
  for_each = length(local.rules) > 0 ? var.nodes : {}

  project  = var.project
  zone     = each.value.zone
  name     = "${var.name}-${each.key}"
  instance = local.instances[each.key]

  # Not by its self link, which is unknown while a node is replaced: the target would be replaced with
  # it, and cannot be, as long as a rule points at it.
  depends_on = [google_compute_instance.node]
}

resource "google_compute_forwarding_rule" "claimed" {
  for_each = var.forwarding_rules

  project               = var.project
  region                = var.region
  name                  = each.key
  load_balancing_scheme = each.value.scheme
  ip_protocol           = each.value.protocol
  ip_address            = local.rule_addresses[each.key]
  port_range            = each.value.scheme == "EXTERNAL" ? try(each.value.ports[0], null) : null
  ports                 = each.value.scheme == "INTERNAL" ? each.value.ports : null
  all_ports             = each.value.ports == null && contains(["TCP", "UDP", "SCTP", "L3_DEFAULT"], each.value.protocol) ? true : null
  network               = each.value.scheme == "INTERNAL" ? local.network : null
  subnetwork            = each.value.scheme == "INTERNAL" ? local.subnetwork : null
  allow_global_access   = each.value.allow_global_access
  labels                = var.labels

  # Where it points at first; from then on that is cloudfail's.
  target = google_compute_target_instance.node[module.configuration.best_node].self_link

  lifecycle {
    ignore_changes = [target]
  }
}

# There is no google_compute_route: a route of Google Cloud cannot be changed, so a failover makes and
# deletes routes by names of cloudfail's own. Terraform would miss the one that it made, make it again,
# and take the traffic back. What is left when no node is left is deleted here.
resource "terraform_data" "routes" {
  for_each = local.routes

  input = {
    delete  = var.delete_routes_on_destroy
    project = local.host_project
    # As cloudfail names them: docs/reference/kinds-gcp.md.
    prefix = "cf-${substr(sha256("${local.network} ${each.key}"), 0, 8)}-"
  }

  provisioner "local-exec" {
    when    = destroy
    command = <<-EOT
      [ "${self.output.delete}" = true ] || exit 0
      command -v gcloud >/dev/null || {
        echo "gcloud is not installed: install it, or delete the routes ${self.output.prefix}* of ${self.output.project} by hand and \`terraform state rm\` this terraform_data.routes; then destroy again" >&2
        exit 1
      }
      routes=$(gcloud compute routes list --project "${self.output.project}" --filter "name~^${self.output.prefix}" --format "value(name)") || exit 1
      [ -z "$routes" ] || gcloud compute routes delete $routes --project "${self.output.project}" --quiet
    EOT
  }
}

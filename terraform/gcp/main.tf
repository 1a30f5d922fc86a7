data "google_compute_subnetwork" "nodes" {
  project = split("/", local.subnetwork)[1]
  region  = split("/", local.subnetwork)[3]
  name    = split("/", local.subnetwork)[5]
}

# Rules that are claimed but not made here: the master has to have their addresses too.
data "google_compute_forwarding_rule" "existing" {
  for_each = local.existing_rules

  project = var.project
  region  = each.value
  name    = each.key
}

module "configuration" {
  source = "../configuration"

  provider_name = "gcp"
  provider_settings = {
    project         = var.project
    host_project    = var.host_project
    standing_routes = var.standing_routes
    route_priority  = var.route_priority
  }
  instance_name       = var.instance_name
  virtual_router_id   = var.virtual_router_id
  advert_int          = var.advert_int
  nopreempt           = var.nopreempt
  preempt_delay       = var.preempt_delay
  nodes               = local.members
  claims              = local.claims
  responders          = var.responders
  virtual_ipaddress   = local.virtual_ipaddress
  vrrp_version        = var.vrrp_version
  authentication      = var.authentication
  cloudfail           = var.cloudfail
  extra_configuration = var.extra_configuration
  first_boot          = var.first_boot
}

locals {
  host_project = coalesce(var.host_project, var.project)
  cidr         = data.google_compute_subnetwork.nodes.ip_cidr_range

  # Written and not looked up, so that they are known whatever is about to change: what is unknown
  # replaces whole nodes, and the firewall between them. Without the API's address, as cloudfail has them.
  network    = strcontains(var.network, "/") ? regex("projects/.+$", var.network) : "projects/${local.host_project}/global/networks/${var.network}"
  subnetwork = strcontains(var.subnetwork, "/") ? regex("projects/.+$", var.subnetwork) : "projects/${local.host_project}/regions/${var.region}/subnetworks/${var.subnetwork}"
  instances  = { for name, node in var.nodes : name => "projects/${var.project}/zones/${node.zone}/instances/${var.name}-${name}" }

  members = { for name, node in var.nodes : name => {
    address      = node.address
    priority     = node.priority
    subnet       = local.cidr
    interface    = node.interface
    interface_id = "${local.instances[name]}/networkInterfaces/nic0"
  } }

  claims = [for claim in var.claims : {
    kind        = claim.kind
    address     = claim.kind == "public-ip" && local.allocates_public ? google_compute_address.public[0].address : claim.address
    destination = claim.destination
    tables      = claim.kind == "route" ? [local.network] : null
    name        = claim.name
    region      = claim.kind == "forwarding-rule" ? coalesce(claim.region, var.region) : null
  }]
  # An address that the same apply reserves elsewhere is not known yet, nor whether it is null: so `allocate`.
  allocates_public = anytrue([for claim in var.claims : coalesce(claim.allocate, claim.address == null) if claim.kind == "public-ip"])
  allocated_rules  = { for name, rule in var.forwarding_rules : name => rule if coalesce(rule.allocate, rule.address == null) }
  allocates_lb     = var.load_balancer == null ? false : coalesce(var.load_balancer.allocate, var.load_balancer.address == null)

  routes = toset([for claim in var.claims : claim.destination if claim.kind == "route"])
  rules  = { for claim in var.claims : claim.name => coalesce(claim.region, var.region) if claim.kind == "forwarding-rule" }

  existing_rules = { for name, region in local.rules : name => region if !contains(keys(var.forwarding_rules), name) }
  rule_addresses = merge(
    { for name, rule in var.forwarding_rules : name => contains(keys(local.allocated_rules), name) ? google_compute_address.rule[name].address : rule.address },
    { for name, rule in data.google_compute_forwarding_rule.existing : name => rule.ip_address },
  )
  load_balancer_address = local.allocates_lb ? google_compute_address.load_balancer[0].address : try(var.load_balancer.address, null)

  # cloudfail brings those of claims by itself, but not beside addresses that are named.
  brought           = concat(values(local.rule_addresses), var.load_balancer == null ? [] : [local.load_balancer_address])
  of_claims         = [for claim in var.claims : claim.address if claim.kind == "private-ip" && !strcontains(coalesce(claim.address, "/"), "/")]
  of_routes         = [for route in local.routes : split("/", route)[0] if endswith(route, strcontains(route, ":") ? "/128" : "/32")]
  virtual_ipaddress = length(var.virtual_ipaddress) > 0 ? var.virtual_ipaddress : length(local.brought) > 0 ? distinct(concat(local.brought, local.of_claims, local.of_routes)) : []
}

# ---- Network -------------------------------------------------------------------------------------

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

  # With AH the adverts are inside of IP protocol 51, by the name that Compute has for it.
  dynamic "allow" {
    for_each = try(var.authentication.type, "") == "AH" ? ["ah"] : []
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
  count = local.allocates_public ? 1 : 0

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
  for_each = local.allocated_rules

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

# ---- Nodes ---------------------------------------------------------------------------------------

# Reserved, so that nobody is given the address while its node is being replaced.
resource "google_compute_address" "node" {
  for_each = var.nodes

  project      = var.project
  region       = var.region
  name         = "${var.name}-node-${each.key}"
  address_type = "INTERNAL"
  address      = each.value.address
  subnetwork   = local.subnetwork
  labels       = var.labels
}

resource "google_compute_instance" "node" {
  for_each = var.nodes

  project      = var.project
  zone         = each.value.zone
  name         = "${var.name}-${each.key}"
  machine_type = coalesce(each.value.machine_type, var.machine_type)
  labels       = var.labels
  tags         = var.tags

  # Decided when an instance is made. The next hop of a route forwards; a forwarding rule's target and
  # an alias range do without.
  can_ip_forward = length(local.routes) > 0

  # A change of machine type stops a machine, and Terraform would stop both at once: replace one after
  # the other instead.
  allow_stopping_for_update = false

  boot_disk {
    kms_key_self_link = var.disk_encryption_key

    initialize_params {
      image = var.image
      size  = var.disk.size_gb
      type  = var.disk.type
    }
  }

  network_interface {
    subnetwork = local.subnetwork
    network_ip = google_compute_address.node[each.key].address
    stack_type = var.stack_type

    # An ephemeral address of its own.
    dynamic "access_config" {
      for_each = var.own_egress == "own-address" ? [true] : []
      content {}
    }
  }

  service_account {
    email = google_service_account.nodes.email
    # What it may do is decided by its roles.
    scopes = ["cloud-platform"]
  }

  shielded_instance_config {
    enable_secure_boot          = true
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  metadata = merge(
    var.first_boot_by == "cloud-init" ? { user-data = module.configuration.user_data[each.key] } : { startup-script = module.configuration.startup_script[each.key] },
    {
      enable-oslogin         = "TRUE"
      block-project-ssh-keys = "TRUE"
      serial-port-enable     = "FALSE"
    },
  )

  lifecycle {
    # A failover moves external addresses and alias ranges between the nodes. A newer image is for a node
    # that is replaced. Metadata is not ignored: Google changes it in place, and a node reads its user
    # data once, when it is new.
    ignore_changes = [
      network_interface[0].access_config,
      network_interface[0].alias_ip_range,
      boot_disk[0].initialize_params[0].image,
    ]

    precondition {
      condition     = cidrhost("${each.value.address}/${split("/", local.cidr)[1]}", 0) == cidrhost(local.cidr, 0) && !contains([cidrhost(local.cidr, 0), cidrhost(local.cidr, 1), cidrhost(local.cidr, -2), cidrhost(local.cidr, -1)], each.value.address)
      error_message = "${each.value.address} is no usable address of ${local.cidr}, the range of the subnetwork; the first two and the last two are Google's."
    }
    precondition {
      condition     = var.own_egress != "endpoint" || data.google_compute_subnetwork.nodes.private_ip_google_access
      error_message = "own_egress is endpoint, but the subnetwork has no Private Google Access: turn it on (gcloud compute networks subnets update NAME --enable-private-ip-google-access), or use nat."
    }
    precondition {
      condition     = endswith(data.google_compute_subnetwork.nodes.network, local.network)
      error_message = "The subnetwork is of ${data.google_compute_subnetwork.nodes.network}, not of ${local.network}: set network, and with a shared VPC host_project."
    }
    precondition {
      condition     = startswith(local.network, "projects/${local.host_project}/") && startswith(local.subnetwork, "projects/${local.host_project}/regions/${var.region}/")
      error_message = "${local.network} and ${local.subnetwork} are not of ${local.host_project} and ${var.region}: set host_project, or region."
    }
    precondition {
      condition     = alltrue(flatten([for claim in var.claims : [for table in coalesce(claim.tables, []) : reverse(split("/", table))[0] == reverse(split("/", local.network))[0]] if claim.kind == "route"]))
      error_message = "The tables of a route are the network of the subnetwork, ${local.network}: the nodes have an interface in no other. Leave them out."
    }
  }

  # A node makes its first call as soon as it is up. Routes are deleted when no node is left to make them again.
  depends_on = [
    google_compute_firewall.vrrp,
    google_compute_subnetwork_iam_member.nodes,
    google_project_iam_member.nodes,
    google_secret_manager_secret_iam_member.nodes,
    google_storage_bucket_iam_member.nodes,
    terraform_data.routes,
  ]
}

# ---- Load balancer -------------------------------------------------------------------------------

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
    for_each = coalesce(local.probe.protocol, "tcp") == "http" ? [local.probe] : []
    content {
      port         = http_health_check.value.port
      request_path = coalesce(http_health_check.value.path, "/")
    }
  }

  dynamic "tcp_health_check" {
    for_each = coalesce(local.probe.protocol, "tcp") == "tcp" ? [local.probe] : []
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
      drop_traffic_if_unhealthy = true
      # Of TCP only, and refused with any other protocol.
      disable_connection_drain_on_failover = var.load_balancer.protocol == "TCP"
      failover_ratio                       = 0
    }
  }
}

resource "google_compute_address" "load_balancer" {
  count = local.allocates_lb ? 1 : 0

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

# ---- Identity ------------------------------------------------------------------------------------

# The nodes' own service account, and exactly the permissions that `cloudfail policy gcp` prints for
# these claims: both come from the provider's permissions.json.

resource "google_service_account" "nodes" {
  project      = var.project
  account_id   = "cloudfail-${var.name}"
  display_name = "Nodes of ${var.name}"
}

locals {
  catalogue = jsondecode(file("${path.module}/../../providers/cloudfail_gcp/permissions.json"))
  kinds     = toset([for claim in var.claims : claim.kind])
  needed    = { for permission, entry in local.catalogue : permission => entry if length(setintersection(local.kinds, entry.needed_for)) > 0 }

  # How far Google lets each be narrowed. Lists and operations are asked of a project. Instances and
  # forwarding rules are types that IAM Conditions know by name; subnetworks have a policy of their own.
  # Routes, networks, routers, target instances and external addresses have neither: they are granted
  # for the project (https://cloud.google.com/iam/docs/conditions-resource-attributes).
  scope_of = { for permission, entry in local.needed : permission => (
    endswith(permission, ".list") || strcontains(permission, "Operations.") ? local.whole[entry.place] :
    startswith(permission, "compute.instances.") ? "nodes" :
    startswith(permission, "compute.forwardingRules.") ? "rules" :
    startswith(permission, "compute.subnetworks.") ? "subnetwork" : local.whole[entry.place]
  ) }
  whole = { instance = "project", rule = "project", network = "network", subnetwork = "network" }

  projects = { project = var.project, nodes = var.project, rules = var.project, network = local.host_project, subnetwork = local.host_project }
  roles = { for scope, project in local.projects : scope => {
    project     = project
    permissions = [for permission, its in local.scope_of : permission if its == scope]
  } if contains(values(local.scope_of), scope) }

  # Instances by the end of their names, which stays the same when one is replaced: a policy of the
  # instance's own would go with it.
  named = {
    nodes = { type = "Instance", ends = [for name, node in var.nodes : "/zones/${node.zone}/instances/${var.name}-${name}"] }
    rules = { type = "ForwardingRule", ends = [for name, region in local.rules : "/regions/${region}/forwardingRules/${name}"] }
  }
  conditions = { for scope, its in local.named : scope =>
    "resource.type == \"compute.googleapis.com/${its.type}\" && (${join(" || ", [for end in its.ends : "resource.name.endsWith(\"${end}\")"])})"
  }
}

resource "google_project_iam_custom_role" "nodes" {
  for_each = local.roles

  project     = each.value.project
  role_id     = "cloudfail_${replace(var.name, "-", "_")}_${each.key}"
  title       = "cloudfail ${var.name} ${each.key}"
  description = "What the nodes of ${var.name} may do: ${each.key}"
  permissions = each.value.permissions
}

resource "google_project_iam_member" "nodes" {
  for_each = { for scope, role in local.roles : scope => role if scope != "subnetwork" }

  project = each.value.project
  role    = google_project_iam_custom_role.nodes[each.key].id
  member  = google_service_account.nodes.member

  # Another condition is another binding: there is no time without one.
  lifecycle {
    create_before_destroy = true
  }

  dynamic "condition" {
    for_each = { for scope, expression in local.conditions : scope => expression if scope == each.key }
    content {
      title      = "the ${each.key} of ${var.name}"
      expression = condition.value
    }
  }
}

resource "google_compute_subnetwork_iam_member" "nodes" {
  for_each = { for scope, role in local.roles : scope => role if scope == "subnetwork" }

  project    = each.value.project
  region     = var.region
  subnetwork = basename(local.subnetwork)
  role       = google_project_iam_custom_role.nodes[each.key].id
  member     = google_service_account.nodes.member
}

# That secret, and no other.
resource "google_secret_manager_secret_iam_member" "nodes" {
  count = var.authentication == null ? 0 : 1

  project   = split("/", var.authentication.secret)[1]
  secret_id = split("/", var.authentication.secret)[3]
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.nodes.member
}

locals {
  # Asked so that the beginning is enough: the bucket's name may not be known yet.
  wheel_in_bucket = var.cloudfail.wheel_url == null ? false : startswith(var.cloudfail.wheel_url, "gs://")
  bucket_object   = local.wheel_in_bucket ? regex("^gs://([^/]+)/(.+)$", var.cloudfail.wheel_url) : null
}

# That object, and no other. Conditions need a bucket with uniform bucket-level access.
resource "google_storage_bucket_iam_member" "nodes" {
  count = local.wheel_in_bucket ? 1 : 0

  bucket = local.bucket_object[0]
  role   = "roles/storage.objectViewer"
  member = google_service_account.nodes.member

  condition {
    title      = "the wheel of ${var.name}"
    expression = "resource.name == \"projects/_/buckets/${local.bucket_object[0]}/objects/${local.bucket_object[1]}\""
  }
}

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
  bucket_object = try(regex("^gs://([^/]+)/(.+)$", var.cloudfail.wheel_url), null)
}

# That object, and no other. Conditions need a bucket with uniform bucket-level access.
resource "google_storage_bucket_iam_member" "nodes" {
  count = local.bucket_object == null ? 0 : 1

  bucket = local.bucket_object[0]
  role   = "roles/storage.objectViewer"
  member = google_service_account.nodes.member

  condition {
    title      = "the wheel of ${var.name}"
    expression = "resource.name == \"projects/_/buckets/${local.bucket_object[0]}/objects/${local.bucket_object[1]}\""
  }
}

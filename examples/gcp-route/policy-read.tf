resource "google_project_iam_custom_role" "cloudfail_read" {
  role_id = "cloudfail_read"
  title   = "cloudfail read"
  stage   = "GA"

  permissions = [
    # observe: which machine has an address, and whether this one may forward
    "compute.instances.list",
    # observe: who holds a route
    "compute.routes.list",
    # execute: whether a route that is there already is this node's
    "compute.routes.get",
    # observe: which change of a route is under way, so that it is joined and not doubled
    "compute.globalOperations.list",
  ]
}

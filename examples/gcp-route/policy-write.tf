resource "google_project_iam_custom_role" "cloudfail_write" {
  role_id = "cloudfail_write"
  title   = "cloudfail write"
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
    # execute: adds this node's route
    "compute.routes.create",
    # execute: removes the routes that beat it
    "compute.routes.delete",
    # execute: every change of a network's routes
    "compute.networks.updatePolicy",
    # execute: the route's next hop
    "compute.instances.use",
    # execute: waits until a route is made or gone
    "compute.globalOperations.get",
  ]
}

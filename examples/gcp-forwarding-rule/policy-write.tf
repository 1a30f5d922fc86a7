resource "google_project_iam_custom_role" "cloudfail_write" {
  role_id = "cloudfail_write"
  title   = "cloudfail write"
  stage   = "GA"

  permissions = [
    # observe: who holds a forwarding rule
    "compute.forwardingRules.list",
    # observe: which machine a rule's target leads to, and which target is this node's
    "compute.targetInstances.list",
    # observe: which move of a rule is under way, so that it is joined and not doubled
    "compute.regionOperations.list",
    # observe: which machine has an address, and whether this one may forward
    "compute.instances.list",
    # execute: points a forwarding rule at this node
    "compute.forwardingRules.setTarget",
    # execute: the rule's new target
    "compute.targetInstances.use",
    # execute: waits until a move is done
    "compute.regionOperations.get",
  ]
}

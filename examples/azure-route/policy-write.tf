resource "azurerm_role_definition" "cloudfail_write" {
  name        = "cloudfail write"
  description = "Moves what follows the VRRP master to this node"
  scope       = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/edge"

  permissions {
    actions = [
      # observe: which network interface is this node's, and who has an address
      "Microsoft.Network/networkInterfaces/read",
      # observe: where a route leads
      "Microsoft.Network/routeTables/read",
      # observe: whether this node may put on what it would take off another
      "Microsoft.Authorization/permissions/read",
      # observe: whether a management lock forbids the change
      "Microsoft.Authorization/locks/read",
      # execute: where a route leads by now, after a conflict
      "Microsoft.Network/routeTables/routes/read",
      # execute: points a route at this node
      "Microsoft.Network/routeTables/routes/write",
    ]
  }

  assignable_scopes = [
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/edge",
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/spokes",
  ]
}

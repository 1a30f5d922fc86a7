resource "azurerm_role_definition" "cloudfail_read" {
  name        = "cloudfail read"
  description = "Looks at what follows the VRRP master"
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
    ]
  }

  assignable_scopes = [
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/edge",
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/spokes",
  ]
}

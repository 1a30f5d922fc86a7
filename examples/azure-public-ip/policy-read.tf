resource "azurerm_role_definition" "cloudfail_read" {
  name        = "cloudfail read"
  description = "Looks at what follows the VRRP master"
  scope       = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/edge"

  permissions {
    actions = [
      # observe: which network interface is this node's, and who has an address
      "Microsoft.Network/networkInterfaces/read",
      # observe: who has a public address: a claimed one, or the one that a private address had
      "Microsoft.Network/publicIPAddresses/read",
      # observe: the prefixes of this node's subnet, who else is in it, and its NAT gateway
      "Microsoft.Network/virtualNetworks/subnets/read",
      # observe: whether this node may put on what it would take off another
      "Microsoft.Authorization/permissions/read",
      # observe: whether a management lock forbids the change
      "Microsoft.Authorization/locks/read",
    ]
  }

  assignable_scopes = [
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/edge",
  ]
}

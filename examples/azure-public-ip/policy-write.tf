resource "azurerm_role_definition" "cloudfail_write" {
  name        = "cloudfail write"
  description = "Moves what follows the VRRP master to this node"
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
      # execute: takes an address off the holder's interface and puts it on this node's
      "Microsoft.Network/networkInterfaces/write",
      # execute: the subnet that every ipConfiguration of an interface refers to
      "Microsoft.Network/virtualNetworks/subnets/join/action",
      # execute: the public addresses of an interface
      "Microsoft.Network/publicIPAddresses/join/action",
      # execute: the network security group of an interface
      "Microsoft.Network/networkSecurityGroups/join/action",
      # execute: the application security groups of an ipConfiguration
      "Microsoft.Network/applicationSecurityGroups/joinIpConfiguration/action",
      # execute: the load balancer's pools that an ipConfiguration is in
      "Microsoft.Network/loadBalancers/backendAddressPools/join/action",
      # execute: the inbound NAT rules that lead to an ipConfiguration
      "Microsoft.Network/loadBalancers/inboundNatRules/join/action",
      # execute: the gateway load balancer of an ipConfiguration
      "Microsoft.Network/loadBalancers/frontendIPConfigurations/join/action",
      # execute: the application gateway's pools that an ipConfiguration is in
      "Microsoft.Network/applicationGateways/backendAddressPools/join/action",
    ]
  }

  assignable_scopes = [
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/edge",
  ]
}

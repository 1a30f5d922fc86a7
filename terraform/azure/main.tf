# What the other files share: ids taken apart, and the text that every node gets.

locals {
  # resource-name-rules of azure-resource-manager; ids are compared without case there.
  of_group     = "(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers"
  public_ip_id = "${local.of_group}/Microsoft\\.Network/publicIPAddresses/[^/]+$"
  secret_id    = "${local.of_group}/Microsoft\\.KeyVault/vaults/[^/]+/secrets/[^/]+$"
  container_id = "${local.of_group}/Microsoft\\.Storage/storageAccounts/[^/]+/blobServices/default/containers/[^/]+$"
  table_id     = "${local.of_group}/Microsoft\\.Network/routeTables/[^/]+$"
  table        = "${local.table_id}|^([\\w.()-]{0,89}[\\w()-]/)?[A-Za-z0-9]([\\w.-]{0,78}\\w)?$"

  in_group = "/subscriptions/${var.subscription_id}/resourceGroups"
  network_id = join("/", [local.in_group, coalesce(var.virtual_network.resource_group, var.resource_group),
  "providers/Microsoft.Network/virtualNetworks", var.virtual_network.name])
  subnet_ids = { for name, node in var.nodes : name => "${local.network_id}/subnets/${node.subnet_name}" }
  zones      = alltrue([for node in var.nodes : node.zone == null]) ? [] : ["1", "2", "3"]

  kinds       = toset(var.claims[*].kind)
  has_routes  = contains(local.kinds, "route")
  best_node   = one([for name, node in var.nodes : name if node.priority == max([for other in var.nodes : other.priority]...)])
  own_address = var.own_egress == "own-address"

  # Where a secret is read: the vault's own address, made of its name.
  vault_domain = { public = "vault.azure.net", usgovernment = "vault.usgovcloudapi.net", china = "vault.azure.cn" }[var.cloud]
  secret_path  = var.authentication == null ? [] : split("/", var.authentication.secret)
  authentication = var.authentication == null ? null : {
    type   = var.authentication.type
    secret = "https://${lower(local.secret_path[8])}.${local.vault_domain}/secrets/${local.secret_path[10]}"
  }
}

module "configuration" {
  source = "../configuration"

  provider_name = "azure"
  provider_settings = merge(var.provider_settings, {
    subscription   = var.subscription_id
    resource_group = var.resource_group
    client_id      = azurerm_user_assigned_identity.node.client_id
  }, var.cloud == "public" ? {} : { cloud = var.cloud })

  instance_name       = var.instance_name
  virtual_router_id   = var.virtual_router_id
  advert_int          = var.advert_int
  nopreempt           = var.nopreempt
  preempt_delay       = var.preempt_delay
  own_egress          = var.own_egress == "assured" ? "assured" : "check"
  responders          = var.responders
  authentication      = local.authentication
  cloudfail           = var.cloudfail
  virtual_ipaddress   = var.virtual_ipaddress
  extra_configuration = var.extra_configuration
  # cloud-init gives a machine at each boot what the metadata has, also an address that moves on: keepalived has it.
  first_boot = concat(contains(local.kinds, "private-ip") ? [
    "echo 'datasource: {Azure: {apply_network_config: false}}' >/etc/cloud/cloud.cfg.d/90-cloudfail.cfg"
  ] : [], var.first_boot)

  nodes = { for name, node in var.nodes : name => {
    address      = node.address
    priority     = node.priority
    subnet       = node.subnet
    interface    = coalesce(node.interface, "eth0")
    interface_id = azurerm_network_interface.node[name].id
  } }

  claims = [for number, claim in var.claims : merge({ for key, value in claim : key => value if !contains(["name", "allocate"], key) }, {
    address     = claim.kind == "public-ip" ? local.public_ips[number].address : claim.address
    resource_id = claim.kind == "public-ip" ? local.public_ips[number].id : claim.resource_id
  })]
}

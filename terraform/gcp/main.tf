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
    address     = claim.kind == "public-ip" ? try(google_compute_address.public[0].address, claim.address) : claim.address
    destination = claim.destination
    tables      = claim.kind == "route" ? [local.network] : null
    name        = claim.name
    region      = claim.kind == "forwarding-rule" ? coalesce(claim.region, var.region) : null
  }]
  routes = toset([for claim in var.claims : claim.destination if claim.kind == "route"])
  rules  = { for claim in var.claims : claim.name => coalesce(claim.region, var.region) if claim.kind == "forwarding-rule" }

  existing_rules = { for name, region in local.rules : name => region if !contains(keys(var.forwarding_rules), name) }
  rule_addresses = merge(
    { for name, rule in var.forwarding_rules : name => coalesce(rule.address, try(google_compute_address.rule[name].address, null)) },
    { for name, rule in data.google_compute_forwarding_rule.existing : name => rule.ip_address },
  )
  load_balancer_address = var.load_balancer == null ? null : try(google_compute_address.load_balancer[0].address, var.load_balancer.address)

  # cloudfail brings those of claims by itself, but not beside addresses that are named.
  brought           = concat(values(local.rule_addresses), var.load_balancer == null ? [] : [local.load_balancer_address])
  of_claims         = [for claim in var.claims : claim.address if claim.kind == "private-ip" && !strcontains(coalesce(claim.address, "/"), "/")]
  of_routes         = [for route in local.routes : split("/", route)[0] if endswith(route, strcontains(route, ":") ? "/128" : "/32")]
  virtual_ipaddress = length(var.virtual_ipaddress) > 0 ? var.virtual_ipaddress : length(local.brought) > 0 ? distinct(concat(local.brought, local.of_claims, local.of_routes)) : []
}

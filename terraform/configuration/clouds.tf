# What no account, project or subscription could serve, whatever its state: providers/cloudfail_*/validate.py, in Terraform.

locals {
  public_ips = { for index, claim in local.known_claims : index => claim if claim.kind == "public-ip" && claim.address != null }
  routes     = { for index, claim in local.known_claims : index => claim if claim.kind == "route" && claim.tables != null }

  network_pattern = "^(projects/[^/]+/global/networks/)?[a-z]([-a-z0-9]{0,61}[a-z0-9])?$"
  group           = "[A-Za-z0-9_.()-]{0,89}[A-Za-z0-9_()-]"
  table_pattern   = "^((${local.group}/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?|(?i:/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\\.Network/routeTables/[^/]+))$"
  public_pattern  = "^(?i:/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\\.Network/publicIPAddresses/[^/]+)$"

  table_problems = flatten([for index, claim in local.routes : [for table in claim.tables :
    "${local.claim_names[index]}.tables: \"${table}\" is ${local.table_words[var.provider_name].what}"
  if !can(regex(local.table_words[var.provider_name].pattern, table))]])
  table_words = {
    aws   = { pattern = "^rtb-", what = "no route table id; write it like rtb-0a1b2c3d4e5f60718" }
    gcp   = { pattern = local.network_pattern, what = "no network; write its name, or projects/PROJECT/global/networks/NAME for one of another project" }
    azure = { pattern = local.table_pattern, what = "no route table; write its NAME, RESOURCE-GROUP/NAME, or its id" }
  }

  range_problems = [for index, claim in local.private_ips : "${local.claim_names[index]}.address: ${claim.address} is a range, and ${var.provider_name} moves single private addresses; claim each of them, or a route"
  if strcontains(claim.address, "/") && !contains(["32", "128"], try(split("/", claim.address)[1], ""))]

  cloud_problems = {
    aws = concat(local.table_problems, local.range_problems,
      [for index, claim in local.public_ips : "${local.claim_names[index]}.address: an Elastic IP is IPv4; claim IPv6 as a private-ip or a route"
      if strcontains(claim.address, ":") || strcontains(coalesce(claim.private_address, "-"), ":")],
      [for index, claim in local.public_ips : "${local.claim_names[index]}.resource_id: \"${claim.resource_id}\" is no allocation id; write it like eipalloc-0a1b2c3d4e5f60718"
      if !startswith(coalesce(claim.resource_id, "eipalloc-"), "eipalloc-")],
      [for index, claim in local.routes : "${local.claim_names[index]}.role_arn: \"${claim.role_arn}\" is no ARN; write it like arn:aws:iam::123456789012:role/NAME"
      if !startswith(coalesce(claim.role_arn, "arn:"), "arn:")],
      [for where, address in local.address_of : "${where}: ${address} is a link-local address, which belongs to no interface of EC2; claim another one"
      if startswith(where, "claims[") && endswith(where, ".address") && can(regex("^(169\\.254\\.|fe[89ab])", lower(address)))],
    )
    gcp = concat(local.table_problems,
      [for index, claim in merge(local.public_ips, local.private_ips) : "${local.claim_names[index]}.address: ${claim.address} is IPv6; claim it as ${claim.kind == "public-ip" ? "a forwarding-rule" : "a route"}: Google Cloud moves no IPv6 address of an interface"
      if strcontains(claim.address, ":")],
      [for index, claim in local.known_claims : "${local.claim_names[index]}.name: \"${claim.name}\" is no name of a rule; it has lowercase letters, digits and hyphens, a letter first, at most 63"
      if claim.kind == "forwarding-rule" && claim.name != null && !can(regex("^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$", claim.name))],
      length(local.public_ips) < 2 ? [] : ["claims: ${join(", ", [for index in keys(local.public_ips) : local.claim_names[index]])}: an interface has one external address; use a forwarding-rule for all but one"],
      flatten([for index, one in local.private_nets : [for number, other in local.private_nets : "${local.claim_names[index]} and ${local.claim_names[number]}: ${one} and ${other} overlap, and alias ranges do not; claim one of them"
      if tonumber(index) < tonumber(number) && local.private_ips[index].address != local.private_ips[number].address && try(cidrhost("${split("/", one)[0]}/${min(split("/", one)[1], split("/", other)[1])}", 0) == cidrhost("${split("/", other)[0]}/${min(split("/", one)[1], split("/", other)[1])}", 0), false)]]),
    )
    azure = concat(local.table_problems, local.range_problems,
      [for index, claim in local.public_ips : "${local.claim_names[index]}.resource_id: \"${claim.resource_id}\" is no id of a public IP address; write it like /subscriptions/.../publicIPAddresses/NAME"
      if claim.resource_id != null && !can(regex("(${local.public_pattern}|^$)", claim.resource_id))],
      [for index, claim in local.public_ips : "${local.claim_names[index]}.private_address: ${claim.private_address} is of another IP version than ${claim.address}; name one of the same"
      if strcontains(coalesce(claim.private_address, claim.address), ":") != strcontains(claim.address, ":")],
      length([for claim in local.private_ips : 1 if strcontains(claim.address, ":")]) < 2 ? [] : ["claims: a network interface of Azure has one IPv6 address at most; use a route for all but one private-ip"],
    )
  }
}

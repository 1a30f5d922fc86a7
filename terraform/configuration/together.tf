# What no single claim or node shows: claims against nodes, against each other, against what the cloud can do.

locals {
  family_of = { for node in local.nodes : node.name => strcontains(node.address, ":") ? 6 : 4 }
  is_ipv6   = anytrue([for family in local.family_of : family == 6])

  # A claim as it is told from others: duplicates are the same text.
  identities = flatten([for index, claim in local.known_claims : claim.kind == "route" ?
    [for table in coalesce(claim.tables, []) : { index = index, text = join(" ", compact(["route", lookup(local.network_of, "${local.claim_names[index]}.destination", ""), table])) }] :
    [{ index = index, text = join(" ", compact([claim.kind, lookup(local.address_of, "${local.claim_names[index]}.address", claim.address), claim.name, claim.region, claim.project])) }]
  ])

  seats = { for index, claim in local.known_claims : index => join(" ", compact([
    lookup(local.address_of, "${local.claim_names[index]}.private_address", "the primary address"),
    var.provider_name == "azure" ? strcontains(coalesce(claim.address, "-"), ":") ? "(IPv6)" : "(IPv4)" : "",
  ])) if claim.kind == "public-ip" }

  # Where a private address may be: the declared subnet, else the /24 or /64 of the node.
  subnet_of = { for node in local.nodes : node.name => try(
    node.subnet != null ? cidrsubnet(node.subnet, 0, 0) : cidrsubnet("${node.address}/${local.family_of[node.name] == 6 ? 64 : 24}", 0, 0), ""
  ) }
  declared     = distinct([for node in local.nodes : try(cidrsubnet(node.subnet, 0, 0), "")])
  private_ips  = { for index, claim in local.known_claims : index => claim if claim.kind == "private-ip" && claim.address != null }
  private_nets = { for index, claim in local.private_ips : index => strcontains(claim.address, "/") ? claim.address : "${claim.address}/${strcontains(claim.address, ":") ? 128 : 32}" }

  node_problems = concat(
    [for node in local.nodes : "nodes[\"${node.name}\"].subnet: ${node.address} is outside ${node.subnet}; correct one of the two"
    if node.subnet != null && try(cidrhost("${node.address}/${split("/", node.subnet)[1]}", 0) != cidrhost(node.subnet, 0), false)],
    [for node in local.nodes : "nodes[\"${node.name}\"].interface_id: ${node.interface_id} is also that of another node; every node has its own interface"
    if coalesce(node.interface_id, "-") != "-" && length([for other in local.nodes : 1 if other.interface_id == node.interface_id]) > 1],
    [for node in local.nodes : "nodes[\"${node.name}\"].interface: \"${node.interface}\" is no network device; write it as `ip link` does, like eth0"
    if node.interface != null && !can(regex("^([A-Za-z0-9_][A-Za-z0-9_.@-]{0,14})?$", node.interface))],
    flatten([for node in local.nodes : [for where, address in local.address_of :
      "${where}: ${address} is the unicast address of node \"${node.name}\"; name an address that belongs to no node"
    if address != "" && address == local.address_of["nodes[\"${node.name}\"].address"] && !startswith(where, "nodes[") && !startswith(where, "responders[")]]),
    flatten([for node in local.nodes : [for index, claim in local.private_ips :
      "${local.claim_names[index]}.address: ${claim.address} holds ${node.address}, the unicast address of node \"${node.name}\"; claim a range that holds none"
    if strcontains(claim.address, "/") && try(cidrhost("${node.address}/${split("/", claim.address)[1]}", 0) == cidrhost(claim.address, 0), false)]]),
  )

  private_problems = concat(
    [for index, claim in local.private_ips : "${local.claim_names[index]}.address: a private address cannot move between subnets, and the nodes are in ${join(" and ", distinct(values(local.subnet_of)))}; claim a route instead, or, if they do share a subnet, say so: subnet at each node"
    if length(distinct(values(local.subnet_of))) > 1],
    [for index, claim in local.private_ips : "${local.claim_names[index]}.address: ${claim.address} is outside ${local.declared[0]}, the subnet of the nodes; claim an address of that subnet"
      if var.provider_name != "gcp" && length(local.declared) == 1 && local.declared[0] != "" && !strcontains(claim.address, "/") &&
      strcontains(claim.address, ":") == strcontains(local.declared[0], ":") &&
    try(cidrhost("${claim.address}/${split("/", local.declared[0])[1]}", 0) != cidrhost(local.declared[0], 0), false)],
  )

  claim_problems = concat(
    [for text in distinct([for one in local.identities : one.text]) : "claims: ${text} is claimed twice; remove one of them"
    if length([for one in local.identities : 1 if one.text == text]) > 1],
    [for seat in distinct(values(local.seats)) : "claims: ${join(", ", [for index, other in local.seats : local.claim_names[index] if other == seat])} all sit on ${seat}, which carries one public address: they would displace each other for ever; give each its own private_address"
    if var.provider_name != "gcp" && length([for other in values(local.seats) : 1 if other == seat]) > 1],
    local.cloud_problems[var.provider_name],
  )

  vrrp_problems = concat(
    [for type in var.authentication[*].type : "authentication: VRRP version 3 has no ${type}, and would ignore it; leave vrrp_version out, or use type = \"hmac\" (keepalived 2.4.2 and newer)"
    if type != "hmac" && local.vrrp_version == 3],
    [for type in var.authentication[*].type : "authentication: ${type} is for IPv4 only: over IPv6 VRRP is always version 3; use type = \"hmac\" (keepalived 2.4.2 and newer), or none"
    if type != "hmac" && local.is_ipv6],
    local.vrrp_version != 2 || local.is_ipv6 || floor(var.advert_int) == var.advert_int && var.advert_int >= 1 && var.advert_int <= 255 ? [] :
    ["advert_int: ${var.advert_int} s is no interval of VRRP version 2, which has whole seconds; write 1 to 255, or use vrrp_version = 3"],
    local.vrrp_version == 2 && !local.is_ipv6 || var.advert_int <= 40.95 ? [] :
    ["advert_int: ${var.advert_int} s is no interval of VRRP version 3; write 0.01 to 40.95"],
    coalesce(var.nopreempt, false) && var.preempt_delay != null ? ["preempt_delay has no meaning with nopreempt; remove one of the two: nopreempt = true moves the claims less often"] : [],
  )

  # Where a responder listens: everywhere, or at one address of one family.
  listeners = concat(
    [for index, responder in local.responders : { where = "responders[${index}]", port = responder.port, address = coalesce(responder.address, "*") }],
    strcontains(var.extra_configuration, "metrics_listen") ? [] : [{ where = "the agent's metrics", port = 9712, address = "127.0.0.1" }],
  )
  responder_problems = flatten([for index, one in local.listeners : [for other in slice(local.listeners, index + 1, length(local.listeners)) :
    "${one.where}.port: ${one.port} is also that of ${other.where}; choose another port: on one node only one can listen"
    if one.port == other.port && (one.address == other.address || anytrue([for pair in [[one, other], [other, one]] :
    pair[0].address == "*" || pair[0].address == "0.0.0.0" && !strcontains(pair[1].address, ":") || pair[0].address == "::" && strcontains(pair[1].address, ":")]))
  ]])
}

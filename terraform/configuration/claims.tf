# What `cloudfail config check` would refuse of claims and nodes, said before anything is made.

locals {
  claim_keys = ["kind", "address", "private_address", "resource_id", "destination", "tables", "role_arn", "name", "region", "project"]

  # What each kind must have, and what it may have, where the cloud offers it.
  kinds = {
    aws = {
      "public-ip"  = { must = ["address"], may = ["private_address", "resource_id"] }
      "private-ip" = { must = ["address"], may = ["resource_id"] }
      "route"      = { must = ["destination", "tables"], may = ["role_arn"] }
    }
    gcp = {
      "public-ip"       = { must = ["address"], may = [] }
      "private-ip"      = { must = ["address"], may = [] }
      "route"           = { must = ["destination", "tables"], may = [] }
      "forwarding-rule" = { must = ["name"], may = ["region", "project"] }
    }
    azure = {
      "public-ip"  = { must = ["address"], may = ["private_address", "resource_id"] }
      "private-ip" = { must = ["address"], may = [] }
      "route"      = { must = ["destination", "tables"], may = [] }
    }
  }[var.provider_name]

  known_claims = { for index, claim in local.claims : index => claim if contains(keys(local.kinds), claim.kind) }
  claim_names  = { for index, claim in local.claims : index => "claims[${index}] (${claim.kind})" }

  kind_problems = [for index, claim in local.claims :
    "${local.claim_names[index]}: ${var.provider_name} has no kind \"${claim.kind}\"; it offers ${join(", ", keys(local.kinds))}"
  if !contains(keys(local.kinds), claim.kind)]

  key_problems = flatten([for index, claim in local.known_claims : concat(
    [for key in local.kinds[claim.kind].must : "${local.claim_names[index]}: ${key} is missing; a ${claim.kind} of ${var.provider_name} has ${join(", ", local.kinds[claim.kind].must)}"
    if claim[key] == null || try(length(claim[key]) == 0, false)],
    [for key in slice(local.claim_keys, 1, length(local.claim_keys)) : "${local.claim_names[index]}: ${key} does not belong to a ${claim.kind} of ${var.provider_name}; leave it out, it may have ${join(", ", concat(local.kinds[claim.kind].must, local.kinds[claim.kind].may))}"
    if try(claim[key] != "", true) && claim[key] != null && !contains(concat(local.kinds[claim.kind].must, local.kinds[claim.kind].may), key)],
  )])

  free_texts = merge(
    merge([for index, claim in local.claims : { for key, value in claim : "claims[${index}].${key}" => value if value != null }]...),
    { for index, responder in local.responders : "responders[${index}].path" => responder.path },
    { for key, value in var.provider_settings : "provider_settings.${key}" => value },
  )
  text_problems = [for where, text in local.free_texts : "${where}: it holds control characters; write plain text"
  if can(regex("[[:cntrl:]]", join("", flatten([text]))))]

  # Every text that has to be an address, by where it stands; then as the network it is.
  node_addresses = { for node in local.nodes : "nodes[\"${node.name}\"].address" => node.address }
  claimed_addresses = merge(
    { for index, claim in local.known_claims : "${local.claim_names[index]}.address" => claim.address
    if claim.kind == "public-ip" || claim.kind == "private-ip" && !strcontains(coalesce(claim.address, "-"), "/") },
    { for index, claim in local.known_claims : "${local.claim_names[index]}.private_address" => claim.private_address if claim.kind == "public-ip" },
  )
  other_addresses = merge(
    { for index, responder in local.responders : "responders[${index}].address" => responder.address },
    { for index, address in var.virtual_ipaddress : "virtual_ipaddress[${index}]" => replace(address, strcontains(address, ":") ? "//128$/" : "//32$/", "") },
  )
  networks = merge(
    { for index, claim in local.known_claims : "${local.claim_names[index]}.destination" => claim.destination if claim.kind == "route" },
    { for index, claim in local.known_claims : "${local.claim_names[index]}.address" => claim.address
    if claim.kind == "private-ip" && strcontains(coalesce(claim.address, "-"), "/") },
    { for node in local.nodes : "nodes[\"${node.name}\"].subnet" => node.subnet },
  )

  texts   = { for where, text in merge(local.node_addresses, local.claimed_addresses, local.other_addresses) : where => text if text != null && text != "" }
  written = { for where, text in local.networks : where => text if text != null && text != "" }

  # An address as it is compared; empty where the text is none. Go reads 010.0.0.1, and nobody else does.
  address_of = { for where, text in local.texts : where =>
    strcontains(text, ":") ? (strcontains(text, ".") ? "" : try(cidrhost("${text}/128", 0), "")) :
    try(cidrhost("${text}/32", 0), "") == text ? text : ""
  }
  network_of = { for where, text in local.written : where => can(regex("^[0-9A-Fa-f.:]+/[0-9]{1,3}$", text)) ? try(cidrsubnet(text, 0, 0), "") : "" }

  address_problems = concat(
    [for where, text in local.texts : "${where}: \"${text}\" is no IP address; write it like 10.0.1.10 or 2001:db8::7, without a prefix length" if local.address_of[where] == ""],
    [for where, text in local.texts : "${where}: \"${text}\" is no address that a machine can own; write a unicast address"
    if can(regex("^(0\\.0\\.0\\.0|255\\.255\\.255\\.255|22[4-9]\\..*|23[0-9]\\..*|::|ff..:.*)$", lower(local.address_of[where])))],
    [for where, text in local.written : "${where}: \"${text}\" is no network; write it like 10.99.0.0/16" if local.network_of[where] == ""],
    [for where, text in local.written : "${where}: \"${text}\" has host bits set; did you mean \"${local.network_of[where]}\"?"
    if local.network_of[where] != "" && try(cidrhost("${split("/", text)[0]}/${strcontains(text, ":") ? 128 : 32}", 0) != cidrhost(text, 0), true)],
  )
}

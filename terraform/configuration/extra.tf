# extra_configuration, parted at its headers: TOML has each table once, and some are written here as well.

locals {
  extra_lines  = split("\n", trimspace(replace(var.extra_configuration, "\r\n", "\n")))
  extra_header = "^[ \t]*(\\[\\[?)([A-Za-z0-9_.:@\"' \t-]+)\\]\\]?[ \t]*(?:#.*)?$"
  # A line inside of a text of several lines is no header: behind an odd number of triple quotes.
  extra_starts = [for number, line in local.extra_lines : number if can(regex(local.extra_header, line)) &&
  length(regexall("\"\"\"|'''", join("\n", slice(local.extra_lines, 0, number)))) % 2 == 0]
  extra_key = "^[ \t]*[\"']?([A-Za-z0-9_-]+)[\"']?[ \t]*[.=]"

  extra_sections = [for index, start in local.extra_starts : {
    name     = replace(regex(local.extra_header, local.extra_lines[start])[1], "/[\"' \t]/", "")
    is_array = regex(local.extra_header, local.extra_lines[start])[0] == "[["
    header   = local.extra_lines[start]
    body     = slice(local.extra_lines, start + 1, try(local.extra_starts[index + 1], length(local.extra_lines)))
  }]
  extra_preamble = slice(local.extra_lines, 0, try(local.extra_starts[0], length(local.extra_lines)))

  # What goes into a table of ours, and what stands for itself.
  extra_of = { for table in keys(local.own_keys) : table => join("\n", [for section in local.extra_sections : trimspace(join("\n", section.body))
  if section.name == table && !section.is_array]) }
  extra_rest = trimspace(join("\n", flatten([for section in local.extra_sections : [section.header, section.body]
  if !contains(keys(local.own_keys), section.name) || section.is_array])))

  # What this module writes in each table: a key said twice is no TOML.
  own_keys = {
    "instance.${var.instance_name}" = {
      provider          = "provider_name", virtual_router_id = "virtual_router_id", advert_int = "advert_int",
      nopreempt         = "nopreempt", preempt_delay = "preempt_delay", node = "nodes", claim = "claims",
      virtual_ipaddress = "virtual_ipaddress", responder = "responders", authentication = "authentication"
    }
    keepalived                      = { vrrp_version = "vrrp_version", command = "" }
    guard                           = { own_egress = "own_egress" }
    "provider.${var.provider_name}" = { for key, value in var.provider_settings : key => "provider_settings" if value != null }
  }
  own_tables = { for key, input in local.own_keys["instance.${var.instance_name}"] : "instance.${var.instance_name}.${key}" => input }

  extra_problems = concat(
    [for line in local.extra_preamble : "extra_configuration: \"${line}\" stands before any [table], and would belong to the one before it; begin with the header of its table, like [agent]"
    if !can(regex("^[ \t]*(#.*)?$", line))],
    [for section in local.extra_sections : "extra_configuration: ${section.header} is written from the input ${local.own_tables[section.name]}; say it there"
    if contains(keys(local.own_tables), section.name)],
    [for name in distinct([for section in local.extra_sections : section.name if !section.is_array]) : "extra_configuration: [${name}] is there twice; TOML has each table once, so join them"
    if length([for section in local.extra_sections : 1 if section.name == name && !section.is_array]) > 1],
    flatten([for section in local.extra_sections : [for key in flatten([for line in section.body : try(regex(local.extra_key, line), [])]) :
      "extra_configuration: ${key} of [${section.name}] is ${key == "command" ? "/usr/local/bin/cloudfail, where the first boot installs it; leave it out" : "written from the input ${local.own_keys[section.name][key]}; say it there"}"
    if contains(keys(local.own_keys[section.name]), key)] if contains(keys(local.own_keys), section.name) && !section.is_array]),
  )
}

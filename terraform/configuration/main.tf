locals {
  release = "0.1.0" # of cloudfail in this tree; held against cloudfail/__init__.py by a test

  best_node   = one([for name, node in var.nodes : name if node.priority == max([for other in var.nodes : other.priority]...)])
  secret_file = "/etc/cloudfail/${var.instance_name}.secret"

  needs_version_2 = var.authentication == null ? false : var.authentication.type != "hmac"
  vrrp_version    = var.vrrp_version != null ? var.vrrp_version : local.needs_version_2 ? 2 : 3

  # The tables that are written here, with what extra_configuration adds to each. A null is not written.
  tables = {
    "instance.${var.instance_name}" = {
      provider          = var.provider_name
      virtual_router_id = var.virtual_router_id
      advert_int        = var.advert_int
      nopreempt         = var.nopreempt
      preempt_delay     = var.preempt_delay
      virtual_ipaddress = length(var.virtual_ipaddress) > 0 ? var.virtual_ipaddress : null
    }
    keepalived                      = { vrrp_version = local.vrrp_version == 3 ? null : local.vrrp_version }
    guard                           = { own_egress = var.own_egress == "check" ? null : var.own_egress }
    "provider.${var.provider_name}" = var.provider_settings
  }
  text_of = { for name, table in local.tables : name => join("\n", compact(concat(
    [for key, value in table : "${key} = ${jsonencode(value)}" if value != null],
    [lookup(local.extra_of, name, "")],
  ))) }

  # An empty text is what is left out. The best node comes first.
  nodes = [for priority in reverse(sort(formatlist("%03d", [for node in var.nodes : node.priority]))) :
    one([for name, node in var.nodes : { for key, value in merge({ name = name }, node) : key => value == "" ? null : value } if node.priority == tonumber(priority)])
  ]
  claims     = [for claim in var.claims : { for key, value in claim : key => value == "" ? null : value }]
  responders = [for responder in var.responders : { for key, value in responder : key => value == "" ? null : value }]

  # JSON's strings are TOML's: the one character that JSON lets stand is refused in claims.tf.
  cloudfail_toml = templatefile("${path.module}/templates/cloudfail.toml.tftpl", {
    name           = var.instance_name
    provider       = var.provider_name
    tables         = local.text_of
    authentication = var.authentication == null ? null : { type = var.authentication.type, secret_file = local.secret_file }
    arrays = {
      node      = { keys = ["name", "address", "priority", "subnet", "interface", "interface_id"], items = local.nodes }
      claim     = { keys = local.claim_keys, items = local.claims }
      responder = { keys = ["port", "protocol", "path", "address"], items = local.responders }
    }
    rest = local.extra_rest
  })
}

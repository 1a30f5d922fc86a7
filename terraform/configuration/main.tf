locals {
  best_node = one([for name, node in var.nodes : name if node.priority == max([for other in var.nodes : other.priority]...)])

  cloudfail_toml = templatefile("${path.module}/templates/cloudfail.toml.tftpl", {
    provider_name     = var.provider_name
    provider_settings = { for key, value in var.provider_settings : key => value if value != null }
    instance_name     = var.instance_name
    instance = { for key, value in {
      virtual_router_id = var.virtual_router_id
      advert_int        = var.advert_int
      nopreempt         = var.nopreempt
      preempt_delay     = var.preempt_delay
      virtual_ipaddress = length(var.virtual_ipaddress) > 0 ? var.virtual_ipaddress : null
    } : key => jsonencode(value) if value != null }
    nodes = [for priority in reverse(sort(formatlist("%03d", [for node in var.nodes : node.priority]))) :
      one([for name, node in var.nodes : merge({ name = name }, node) if node.priority == tonumber(priority)])
    ]
    claims         = var.claims
    responders     = var.responders
    authentication = var.authentication
    vrrp_version   = local.vrrp_version
    own_egress     = var.own_egress
    secret_file    = local.secret_file
    extra          = trimspace(var.extra_configuration)
  })

  needs_version_2 = var.authentication == null ? false : var.authentication.type != "hmac"
  vrrp_version    = var.vrrp_version != null ? var.vrrp_version : local.needs_version_2 ? 2 : 3
  secret_file     = "/etc/cloudfail/${var.instance_name}.secret"

  user_data = join("\n", ["#cloud-config", yamlencode({
    write_files = [{ path = "/etc/cloudfail/cloudfail.toml", permissions = "0644", content = local.cloudfail_toml }]
  })])
}

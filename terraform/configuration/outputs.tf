output "cloudfail_toml" {
  value       = local.cloudfail_toml
  description = "/etc/cloudfail/cloudfail.toml, the same file on every node."

  precondition {
    condition     = length(local.kind_problems) == 0
    error_message = join("\n", local.kind_problems)
  }
  precondition {
    condition     = length(local.key_problems) == 0
    error_message = join("\n", local.key_problems)
  }
  precondition {
    condition     = length(local.text_problems) == 0
    error_message = join("\n", local.text_problems)
  }
  precondition {
    condition     = length(local.address_problems) == 0
    error_message = join("\n", local.address_problems)
  }
  precondition {
    condition     = length(local.node_problems) == 0
    error_message = join("\n", local.node_problems)
  }
  precondition {
    condition     = length(local.private_problems) == 0
    error_message = join("\n", local.private_problems)
  }
  precondition {
    condition     = length(local.claim_problems) == 0
    error_message = join("\n", local.claim_problems)
  }
  precondition {
    condition     = length(local.vrrp_problems) == 0
    error_message = join("\n", local.vrrp_problems)
  }
  precondition {
    condition     = length(local.responder_problems) == 0
    error_message = join("\n", local.responder_problems)
  }
  precondition {
    condition     = length(local.extra_problems) == 0
    error_message = join("\n", local.extra_problems)
  }
}

output "user_data" {
  value       = { for name in keys(var.nodes) : name => local.user_data }
  description = "Cloud-init's user data by node: plain text, not encoded."

  precondition {
    condition     = local.user_data_size <= local.limit.bytes
    error_message = "The user data is ${local.user_data_size} bytes, and ${local.limit.words}: shorten extra_configuration (${length(var.extra_configuration)} characters) or first_boot, and put long files into the image."
  }
}

output "startup_script" {
  value       = { for name in keys(var.nodes) : name => local.startup_script }
  description = "The same as a shell script, by node, for images without cloud-init: Google's guest environment runs it at each boot, and after its first success it does nothing."
}

output "best_node" {
  value       = local.best_node
  description = "The node of the highest priority: the first master, and the first next hop of what Terraform makes."
}

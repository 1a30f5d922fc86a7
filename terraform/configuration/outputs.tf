output "cloudfail_toml" {
  value       = local.cloudfail_toml
  description = "/etc/cloudfail/cloudfail.toml, the same file on every node."
}

output "user_data" {
  value       = { for name in keys(var.nodes) : name => local.user_data }
  description = "Cloud-init's user data by node: plain text, not encoded."
}

output "best_node" {
  value       = local.best_node
  description = "The node of the highest priority: the first master, and the first next hop of what Terraform makes."
}

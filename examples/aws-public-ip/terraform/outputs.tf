output "addresses" {
  value       = module.pair.addresses
  description = "What the master owns."
}

output "cloudfail_toml" {
  value       = module.pair.cloudfail_toml
  description = "/etc/cloudfail/cloudfail.toml of both nodes."
}

output "nodes" {
  value       = module.pair.nodes
  description = "The nodes."
}

output "policy" {
  value       = module.pair.policy
  description = "What the nodes' role may do."
}

output "check_commands" {
  value       = module.pair.check_commands
  description = "Commands that look."
}

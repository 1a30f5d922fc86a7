output "cloudfail_toml" {
  value       = module.pair.cloudfail_toml
  description = "/etc/cloudfail/cloudfail.toml of every node."
}

output "addresses" {
  value       = module.pair.addresses
  description = "What follows the master."
}

output "check_commands" {
  value       = module.pair.check_commands
  description = "What to run to see that it works."
}

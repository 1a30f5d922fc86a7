output "cloudfail_toml" {
  value       = module.pair.cloudfail_toml
  description = "What is at /etc/cloudfail/cloudfail.toml of each node."
}

output "check_commands" {
  value       = module.pair.check_commands
  description = "What shows how the first boot went, and who is master."
}

output "address" {
  value       = "10.99.0.1"
  description = "The address that follows the master."
}

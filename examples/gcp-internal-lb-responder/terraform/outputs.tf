output "cloudfail_toml" {
  value       = module.pair.cloudfail_toml
  description = "What is at /etc/cloudfail/cloudfail.toml of each node."
}

output "check_commands" {
  value       = module.pair.check_commands
  description = "What shows how the first boot went, and who is master."
}

output "address" {
  value       = module.pair.addresses["load-balancer"]
  description = "The address of the load balancer, which finds the master."
}

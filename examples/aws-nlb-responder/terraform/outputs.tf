output "name" {
  value       = aws_lb.this.dns_name
  description = "The name that clients use."
}

output "cloudfail_toml" {
  value       = module.trio.cloudfail_toml
  description = "/etc/cloudfail/cloudfail.toml of all nodes."
}

output "nodes" {
  value       = module.trio.nodes
  description = "The nodes."
}

output "policy" {
  value       = module.trio.policy
  description = "What the nodes' role may do."
}

output "check_commands" {
  value       = module.trio.check_commands
  description = "Commands that look."
}

output "cloudfail_toml" {
  value       = module.configuration.cloudfail_toml
  description = "/etc/cloudfail/cloudfail.toml, the same file on every node."
}

output "addresses" {
  value = merge(
    { for seat, elastic_ip in local.elastic_ips : seat == "primary" ? "public-ip" : "public-ip on ${seat}" => elastic_ip.address },
    { for claim in var.claims : "private-ip ${claim.address}" => claim.address if claim.kind == "private-ip" },
    { for claim in var.claims : "route ${claim.destination}" => claim.destination if claim.kind == "route" },
  )
  description = "What the master owns: addresses, and destinations of routes."
}

output "nodes" {
  value = { for name, node in var.nodes : name => {
    instance_id          = aws_instance.node[name].id
    network_interface_id = aws_network_interface.node[name].id
    address              = node.address
    own_address          = one([for own in [for key, eip in aws_eip.own : eip.public_ip if key == name] : own])
    zone                 = data.aws_subnet.node[name].availability_zone
  } }
  description = "The nodes by name: instance, network interface, private address, Elastic IP of its own (null without one), zone."
}

output "security_group_id" {
  value       = aws_security_group.node.id
  description = "The security group of the nodes."
}

output "role_name" {
  value       = aws_iam_role.node.name
  description = "The role of the nodes, to attach what their services need."
}

output "role_arn" {
  value       = aws_iam_role.node.arn
  description = "The ARN of the nodes' role: what a role_arn of another account trusts."
}

output "policy" {
  value       = local.policy
  description = "The IAM policy by which a node takes the claims: what `cloudfail policy aws` prints, and exact to the network interface."
}

output "assumed_policies" {
  value = { for arn in local.assumed_roles : arn => jsonencode({
    Version = "2012-10-17"
    Statement = concat([{
      Sid       = "Look"
      Effect    = "Allow"
      Action    = [for action, entry in local.permissions : action if contains(entry.needed_for, "route-table") && !entry.write]
      Resource  = ["*"]
      Condition = { StringEquals = { "ec2:Region" = local.region } }
      }], [for action, entry in local.permissions : {
      Sid      = split(":", action)[1]
      Effect   = "Allow"
      Action   = [action]
      Resource = sort(distinct(flatten([for claim in local.claims : [for table in claim.tables : "arn:${local.partition}:ec2:${local.region}:${split(":", arn)[4]}:route-table/${table}"] if claim.role_arn == arn])))
    } if contains(entry.needed_for, "route-table") && entry.write])
  }) }
  description = "For each role_arn the policy that it needs in its own account."
}

output "check_commands" {
  value = concat(
    [for name, instance in aws_instance.node : "aws ec2 get-console-output --region ${local.region} --instance-id ${instance.id} --latest --query Output --output text"],
    [for elastic_ip in local.elastic_ips : "aws ec2 describe-addresses --region ${local.region} --allocation-ids ${elastic_ip.resource_id} --query 'Addresses[].NetworkInterfaceId' --output text"],
    [for claim in local.claims : "aws ec2 describe-network-interfaces --region ${local.region} --filters Name=${strcontains(claim.address, ":") ? "ipv6-addresses.ipv6-address" : "addresses.private-ip-address"},Values=${claim.address} --query 'NetworkInterfaces[].NetworkInterfaceId' --output text" if claim.kind == "private-ip"],
    [for route in local.routes : "aws ec2 describe-route-tables --region ${local.region} --route-table-ids ${route.table} --query \"RouteTables[].Routes[?${strcontains(route.destination, ":") ? "DestinationIpv6CidrBlock" : "DestinationCidrBlock"}=='${route.destination}'].NetworkInterfaceId\" --output text"],
    [for name, instance in aws_instance.node : "aws ssm start-session --region ${local.region} --target ${instance.id} --document-name AWS-StartInteractiveCommand --parameters command='sudo cloudfail doctor'" if var.session_manager],
    [for name, node in var.nodes : "ssh ${node.address} 'sudo cloudfail status; sudo cloudfail doctor'" if var.key_name != null],
  )
  description = "Commands that look: the console of each node's first boot, who holds each claim, and the doctor on each node (with session_manager or key_name)."
}

# What is made of the inputs, and what is not.

override_data {
  target = data.aws_subnet.node
  values = { cidr_block = "10.0.1.0/24", availability_zone = "eu-central-1a", vpc_id = "vpc-0a" }
}

override_data {
  target = data.aws_vpc.this
  values = { id = "vpc-0a", cidr_block_associations = [{ association_id = "a", cidr_block = "10.0.0.0/16", state = "associated" }, { association_id = "b", cidr_block = "100.64.0.0/16", state = "associated" }] }
}

override_data {
  target = data.aws_eip.claim
  values = { id = "eipalloc-0a", public_ip = "203.0.113.7" }
}

variables {
  name              = "edge"
  virtual_router_id = 51
  own_egress        = "nat"
  nodes = {
    a = { subnet_id = "subnet-0a", address = "10.0.1.10", priority = 100 }
    b = { subnet_id = "subnet-0a", address = "10.0.1.11", priority = 150 }
  }
}

run "a_private_address" {
  command = apply
  variables {
    claims = [{ kind = "private-ip", address = "10.0.1.100" }]
  }

  assert {
    condition     = alltrue([for interface in aws_network_interface.node : interface.source_dest_check])
    error_message = "The source/destination check is off although nothing is routed."
  }
  assert {
    condition     = alltrue([for name, interface in aws_network_interface.node : toset(interface.private_ips) == toset([var.nodes[name].address])])
    error_message = "Terraform gives an interface the address that cloudfail moves."
  }
  assert {
    condition     = alltrue([for instance in aws_instance.node : instance.metadata_options[0].http_tokens == "required" && instance.metadata_options[0].http_put_response_hop_limit == 1])
    error_message = "IMDSv2 is not required."
  }
  assert {
    condition     = alltrue([for instance in aws_instance.node : instance.root_block_device[0].encrypted])
    error_message = "A disk is not encrypted."
  }
  assert {
    condition     = keys(aws_vpc_security_group_ingress_rule.vrrp) == ["112"] && length(aws_vpc_security_group_ingress_rule.extra) == 0
    error_message = "Something else than VRRP is let in."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.vrrp["112"].referenced_security_group_id == output.security_group_id
    error_message = "VRRP is let in from elsewhere than the nodes."
  }
  assert {
    condition     = length(aws_eip.own) + length(aws_eip.claim) + length(aws_route.claim) + length(aws_vpc_endpoint.ec2) + length(aws_iam_role_policy.first_boot) == 0
    error_message = "Something is made that nobody asked for."
  }
}

run "an_elastic_ip_of_its_own_and_ah" {
  command = apply
  variables {
    own_egress     = "endpoint"
    claims         = [{ kind = "public-ip", allocate = true }]
    authentication = { type = "AH", secret = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:edge-AbCdEf" }
    tags           = { owner = "ops" }
  }

  assert {
    condition     = aws_eip.claim["primary"].tags.owner == "ops"
    error_message = "The Elastic IP has no tags."
  }
  assert {
    condition     = keys(aws_vpc_security_group_ingress_rule.vrrp) == ["112", "51"]
    error_message = "AH is not let in."
  }
  assert {
    condition     = output.addresses["public-ip"] == aws_eip.claim["primary"].public_ip && strcontains(output.cloudfail_toml, aws_eip.claim["primary"].allocation_id)
    error_message = "The claim is not that of the Elastic IP that is made."
  }
  assert {
    condition     = keys(aws_vpc_endpoint.service) == ["secretsmanager"] && length(aws_vpc_endpoint.s3) == 0 && !aws_vpc_endpoint.ec2[0].private_dns_enabled
    error_message = "Other endpoints are made than the secret needs."
  }
  assert {
    condition     = toset(one(aws_security_group.shared_endpoint[0].ingress).cidr_blocks) == toset(["10.0.0.0/16", "100.64.0.0/16"])
    error_message = "The VPC is led to an endpoint that does not let it in."
  }
  assert {
    condition     = strcontains(output.cloudfail_toml, "endpoint = \"https://${aws_vpc_endpoint.ec2[0].dns_entry[0].dns_name}\"") && strcontains(output.cloudfail_toml, "own_egress = \"assured\"")
    error_message = "cloudfail is not led to the endpoint."
  }
}

run "an_endpoint_that_exists" {
  command = apply
  variables {
    own_egress        = "endpoint"
    endpoint_services = []
    provider_settings = { endpoint = "https://vpce-0a.ec2.eu-central-1.vpce.amazonaws.com" }
    claims            = [{ kind = "public-ip", address = "203.0.113.7" }]
  }

  assert {
    condition     = length(aws_vpc_endpoint.ec2) + length(aws_vpc_endpoint.service) + length(aws_security_group.endpoint) == 0
    error_message = "An endpoint is made beside the one that exists."
  }
  assert {
    condition     = strcontains(output.cloudfail_toml, "vpce-0a.ec2") && strcontains(output.cloudfail_toml, "eipalloc-0a") && length(aws_eip.claim) == 0
    error_message = "What exists is not used."
  }
}

run "a_route_to_the_best_node" {
  command = apply
  variables {
    claims = [
      { kind = "route", destination = "10.99.0.0/16", tables = ["rtb-0a", "rtb-0b"] },
      { kind = "route", destination = "2001:db8:99::/48", tables = ["rtb-0a"] },
      { kind = "route", destination = "10.98.0.0/16", tables = ["rtb-0c"], role_arn = "arn:aws:iam::210987654321:role/routes" },
    ]
  }

  assert {
    condition     = length(aws_route.claim) == 3 && alltrue([for route in aws_route.claim : route.network_interface_id == aws_network_interface.node["b"].id])
    error_message = "A route is missing, or does not lead to the node with the highest priority."
  }
  assert {
    condition     = aws_route.claim["2001:db8:99::/48 rtb-0a"].destination_ipv6_cidr_block == "2001:db8:99::/48"
    error_message = "An IPv6 route is not made as one."
  }
  assert {
    condition     = !anytrue([for interface in aws_network_interface.node : interface.source_dest_check])
    error_message = "The source/destination check is on: EC2 would drop what is routed."
  }
  assert {
    condition     = keys(output.assumed_policies) == ["arn:aws:iam::210987654321:role/routes"]
    error_message = "The policy of the other account's role is missing."
  }
}

run "routes_that_exist" {
  command = apply
  variables {
    create_routes  = false
    claims         = [{ kind = "route", destination = "10.99.0.0/16", tables = ["rtb-0a"] }]
    authentication = { type = "PASS", secret = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:edge" }
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.first_boot[0].policy).Statement[0].Resource == ["arn:aws:secretsmanager:eu-central-1:123456789012:secret:edge-??????"]
    error_message = "IAM compares whole ARNs, and this one is without the end that Secrets Manager gave it."
  }

  assert {
    condition     = length(aws_route.claim) == 0 && !aws_network_interface.node["a"].source_dest_check
    error_message = "A route that exists is made again."
  }
}

run "three_nodes_with_addresses_of_their_own" {
  command = apply
  variables {
    own_egress = "own-address"
    claims     = []
    responders = [{ port = 8100, protocol = "http", path = "/master" }]
    ingress    = [{ protocol = "tcp", from_port = 8000, to_port = 8200, cidr = "10.0.0.0/16" }, { protocol = "icmpv6", cidr = "::/0" }, { protocol = "50", cidr = "203.0.113.0/24" }, { protocol = "tcp", from_port = 443, security_group_id = "sg-0a" }, { protocol = "tcp", from_port = 443, security_group_id = "sg-0b" }]
    nodes = {
      a = { subnet_id = "subnet-0a", address = "10.0.1.10", priority = 150 }
      b = { subnet_id = "subnet-0a", address = "10.0.1.11", priority = 100 }
      c = { subnet_id = "subnet-0a", address = "10.0.1.12", priority = 50 }
    }
  }

  assert {
    condition     = length(output.nodes) == 3 && alltrue([for name, node in output.nodes : node.own_address == aws_eip.own[name].public_ip])
    error_message = "A node has no address of its own."
  }
  assert {
    condition     = alltrue([for name, own in aws_eip.own : own.network_interface == aws_network_interface.node[name].id && own.associate_with_private_ip == var.nodes[name].address])
    error_message = "An own address is elsewhere than on the node's primary one."
  }
  assert {
    condition     = length(aws_iam_role_policy.failover) == 0
    error_message = "A node may call EC2 although nothing is claimed."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.extra["tcp 8000 8200 10.0.0.0/16"].to_port == 8200 && aws_vpc_security_group_ingress_rule.extra["icmpv6 -1 -1 ::/0"].cidr_ipv6 == "::/0" && length(aws_vpc_security_group_ingress_rule.extra) == 5
    error_message = "The rules of ingress are not those that were asked for."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.extra["50 -1 -1 203.0.113.0/24"].from_port == null && aws_vpc_security_group_ingress_rule.extra["50 -1 -1 203.0.113.0/24"].to_port == null
    error_message = "ESP has no ports."
  }
}

run "ways_in_for_people" {
  command = apply
  variables {
    session_manager      = true
    key_name             = "ops"
    permissions_boundary = "arn:aws:iam::123456789012:policy/boundary"
    cloudfail            = { wheel_url = "https://wheels.example.com:8443/cloudfail-0.1.0-py3-none-any.whl" }
    claims               = [{ kind = "private-ip", address = "10.0.1.100" }]
  }

  assert {
    condition     = endswith(aws_iam_role_policy_attachment.session_manager[0].policy_arn, ":iam::aws:policy/AmazonSSMManagedInstanceCore") && aws_iam_role.node.permissions_boundary == var.permissions_boundary
    error_message = "Session Manager or the boundary is missing."
  }
  assert {
    condition     = strcontains(module.configuration.user_data["a"], "WHEEL_URL='https://wheels.example.com:8443/")
    error_message = "A server of wheels has no port of its own."
  }
  assert {
    condition     = strcontains(module.configuration.user_data["a"], "https://s3.dualstack.") && !strcontains(module.configuration.user_data["a"], "curl")
    error_message = "A standby that goes out by IPv6 only, or has no curl, cannot fetch the agent."
  }
  assert {
    condition     = length([for command in output.check_commands : command if startswith(command, "ssh ") || startswith(command, "aws ssm ")]) == 4
    error_message = "The commands to look on a node are missing."
  }
  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.extra) == 0
    error_message = "A port is open."
  }
}

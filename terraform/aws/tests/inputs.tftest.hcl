# Every validation of an input refuses what it is there for.

override_data {
  target = data.aws_subnet.node
  values = { cidr_block = "10.0.1.0/24", availability_zone = "eu-central-1a", vpc_id = "vpc-0a" }
}

override_data {
  target = data.aws_vpc.this
  values = { id = "vpc-0a", cidr_block = "10.0.0.0/16" }
}

variables {
  name              = "edge"
  virtual_router_id = 51
  own_egress        = "nat"
  nodes = {
    a = { subnet_id = "subnet-0a", address = "10.0.1.10", priority = 150 }
    b = { subnet_id = "subnet-0a", address = "10.0.1.11", priority = 100 }
  }
  claims = [{ kind = "private-ip", address = "10.0.1.100" }]
}

run "the_least_is_enough" {
  command = plan
}

run "names_and_ids_of_other_things" {
  command = plan
  variables {
    name       = "Edge"
    own_egress = "vpn"
    image_id   = "debian-12"
    nodes = {
      a = { subnet_id = "10.0.1.0/24", address = "10.0.1.10", priority = 150 }
      b = { subnet_id = "subnet-0a", address = "10.0.1.11", priority = 100 }
    }
    decrypt_key_arns  = ["arn:aws:kms:eu-central-1:123456789012:alias/edge"]
    endpoint_services = ["dynamodb"]
  }
  expect_failures = [var.name, var.own_egress, var.image_id, var.nodes, var.decrypt_key_arns, var.endpoint_services]
}

run "an_address_with_a_length" {
  command = plan
  variables {
    nodes = {
      a = { subnet_id = "subnet-0a", address = "10.0.1.10/24", priority = 150 }
      b = { subnet_id = "subnet-0a", address = "10.0.1.11", priority = 100 }
    }
  }
  expect_failures = [var.nodes]
}

run "an_ipv6_address_of_a_node" {
  command = plan
  variables {
    nodes = {
      a = { subnet_id = "subnet-0a", address = "2001:db8::10", priority = 150 }
      b = { subnet_id = "subnet-0a", address = "2001:db8::11", priority = 100 }
    }
  }
  expect_failures = [var.nodes]
}

run "an_elastic_ip_of_which_nothing_is_told" {
  command = plan
  variables {
    own_egress = "endpoint"
    claims     = [{ kind = "public-ip" }]
  }
  expect_failures = [var.claims]
}

run "an_elastic_ip_that_exists_and_is_made" {
  command = plan
  variables {
    own_egress = "endpoint"
    claims     = [{ kind = "public-ip", allocate = true, address = "203.0.113.7" }]
  }
  expect_failures = [var.claims]
}

run "an_association_where_an_allocation_belongs" {
  command = plan
  variables {
    own_egress = "endpoint"
    claims     = [{ kind = "public-ip", resource_id = "eipassoc-0a" }]
  }
  expect_failures = [var.claims]
}

run "two_elastic_ips_on_one_address" {
  command = plan
  variables {
    own_egress = "endpoint"
    claims     = [{ kind = "public-ip", resource_id = "eipalloc-0a" }, { kind = "public-ip", resource_id = "eipalloc-0b" }]
  }
  expect_failures = [var.claims]
}

run "an_elastic_ip_on_an_address_that_nobody_claims" {
  command = plan
  variables {
    own_egress = "endpoint"
    claims     = [{ kind = "public-ip", resource_id = "eipalloc-0a", private_address = "10.0.1.100" }]
  }
  expect_failures = [var.claims]
}

run "words_of_a_public_ip_elsewhere" {
  command = plan
  variables {
    claims = [{ kind = "private-ip", address = "10.0.1.100", allocate = true }]
  }
  expect_failures = [var.claims]
}

run "a_private_ip_without_an_address" {
  command = plan
  variables {
    claims = [{ kind = "private-ip" }]
  }
  expect_failures = [var.claims]
}

run "a_route_to_nowhere" {
  command = plan
  variables {
    claims = [{ kind = "route", tables = ["rtb-0a"] }]
  }
  expect_failures = [var.claims]
}

run "a_route_in_no_table" {
  command = plan
  variables {
    claims = [{ kind = "route", destination = "10.99.0.0/16", tables = [] }]
  }
  expect_failures = [var.claims]
}

run "a_role_without_an_account" {
  command = plan
  variables {
    claims = [{ kind = "route", destination = "10.99.0.0/16", tables = ["rtb-0a"], role_arn = "arn:aws:iam::role/routes" }]
  }
  expect_failures = [var.claims]
}

run "an_elastic_ip_behind_nat" {
  command = plan
  variables {
    claims = [{ kind = "public-ip", resource_id = "eipalloc-0a" }]
  }
  expect_failures = [var.own_egress]
}

run "an_elastic_ip_in_the_place_of_the_nodes_own" {
  command = plan
  variables {
    own_egress = "own-address"
    claims     = [{ kind = "public-ip", resource_id = "eipalloc-0a" }]
  }
  expect_failures = [var.own_egress]
}

run "a_responder_that_nobody_reaches" {
  command = plan
  variables {
    claims     = []
    responders = [{ port = 8100 }]
    ingress    = [{ protocol = "tcp", from_port = 443, cidr = "0.0.0.0/0" }]
  }
  expect_failures = [var.responders]
}

run "a_gateway_endpoint_without_tables" {
  command = plan
  variables {
    own_egress = "endpoint"
    cloudfail  = { wheel_url = "s3://wheels/cloudfail-0.1.0-py3-none-any.whl" }
  }
  expect_failures = [var.endpoint_route_table_ids]
}

run "a_rule_without_a_port" {
  command = plan
  variables {
    ingress = [{ protocol = "tcp", cidr = "0.0.0.0/0" }]
  }
  expect_failures = [var.ingress]
}

run "a_rule_for_two_sources" {
  command = plan
  variables {
    ingress = [{ protocol = "tcp", from_port = 443, cidr = "0.0.0.0/0", security_group_id = "sg-0a" }]
  }
  expect_failures = [var.ingress]
}

run "a_rule_for_no_network" {
  command = plan
  variables {
    ingress = [{ protocol = "tcp", from_port = 443, cidr = "everybody" }]
  }
  expect_failures = [var.ingress]
}

run "a_rule_of_another_protocol" {
  command = plan
  variables {
    ingress = [{ protocol = "vrrp", cidr = "10.0.0.0/8" }]
  }
  expect_failures = [var.ingress]
}

run "a_rule_of_a_protocol_that_has_a_name" {
  command = plan
  variables {
    ingress = [{ protocol = "6", cidr = "10.0.0.0/8" }]
  }
  expect_failures = [var.ingress]
}

run "a_rule_of_a_protocol_without_ports" {
  command = plan
  variables {
    ingress = [{ protocol = "50", from_port = 443, cidr = "10.0.0.0/8" }]
  }
  expect_failures = [var.ingress]
}

run "a_disk_by_the_alias_of_its_key" {
  command = plan
  variables {
    root_volume = { kms_key_id = "alias/disks" }
  }
  expect_failures = [var.root_volume]
}

run "what_ec2_and_iam_take_in_no_name_tag_or_description" {
  command = plan
  variables {
    name    = "sg"
    tags    = { "cost#center" = "4711" }
    ingress = [{ protocol = "tcp", from_port = 443, cidr = "10.0.0.0/8", description = "the clients' way" }]
  }
  expect_failures = [var.name, var.tags, var.ingress]
}

run "a_tag_of_aws_and_host_bits_of_a_network" {
  command = plan
  variables {
    tags    = { "aws:owner" = "edge" }
    ingress = [{ protocol = "tcp", from_port = 443, cidr = "10.0.0.1/8" }]
  }
  expect_failures = [var.tags, var.ingress]
}

run "odd_names_tags_and_networks_that_aws_takes" {
  command = plan
  variables {
    name    = "sga"
    tags    = { "Kostenstelle für Größe" = "a:b/c=d+e-f@g.h_i", empty = "" }
    ingress = [{ protocol = "tcp", from_port = 443, cidr = "2001:db8::/32", description = "HTTPS {a} [b] $1! *; a=b&c, #3 @ 10.0/8" }]
  }
}

data "aws_ami" "newest" {
  count = var.image_id == null ? 1 : 0

  most_recent = true
  owners      = [var.image.owner]

  filter {
    name   = "name"
    values = [var.image.name]
  }
  filter {
    name   = "architecture"
    values = [var.image.architecture]
  }
  filter {
    name   = "virtualization-type"
    values = ["hvm"]
  }
}

resource "aws_instance" "node" {
  for_each = var.nodes

  ami                  = var.image_id != null ? var.image_id : data.aws_ami.newest[0].id
  instance_type        = coalesce(each.value.instance_type, var.instance_type)
  iam_instance_profile = aws_iam_instance_profile.node.name
  key_name             = var.key_name
  placement_group      = var.placement_group
  monitoring           = var.monitoring
  ebs_optimized        = true
  user_data            = module.configuration.user_data[each.key]
  tags                 = merge(var.tags, { Name = "${var.name}-${each.key}" })

  network_interface {
    network_interface_id = aws_network_interface.node[each.key].id
    device_index         = 0
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
    instance_metadata_tags      = "disabled"
  }

  root_block_device {
    encrypted   = true
    kms_key_id  = var.root_volume.kms_key_id
    volume_size = var.root_volume.size
    volume_type = "gp3"
    tags        = merge(var.tags, { Name = "${var.name}-${each.key}" })
  }

  lifecycle {
    # Another image, key pair or user data is for a node that is made anew, and that is one at a time:
    # terraform apply -replace='module.NAME.aws_instance.node["a"]'
    ignore_changes = [ami, key_name, user_data, user_data_base64]
  }

  # The first boot needs a way out, and its role all that it may do. And a node goes before the route
  # that it claims: it would make that again.
  depends_on = [
    aws_eip.own,
    aws_route.claim,
    aws_iam_role_policy.failover,
    aws_iam_role_policy.first_boot,
    aws_vpc_endpoint.ec2,
    aws_vpc_endpoint.service,
    aws_vpc_endpoint.s3,
    aws_vpc_security_group_egress_rule.out,
    aws_vpc_security_group_egress_rule.vrrp,
    aws_vpc_security_group_ingress_rule.vrrp,
    aws_vpc_security_group_ingress_rule.endpoint,
  ]
}

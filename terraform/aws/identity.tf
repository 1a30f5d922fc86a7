locals {
  # The same file that cloudfail itself renders policies from: `cloudfail policy aws`.
  permissions = jsondecode(file("${path.module}/../../providers/cloudfail_aws/permissions.json"))

  cases = toset(concat(
    [for claim in var.claims : claim.kind == "private-ip" && strcontains(coalesce(claim.address, "-"), ":") ? "private-ip-v6" : claim.kind],
    [for claim in var.claims : "route-table" if claim.kind == "route" && claim.role_arn == null],
    [for claim in var.claims : "public-ip-seated" if claim.kind == "public-ip" && claim.private_address != null],
  ))
  needed = { for action, entry in local.permissions : action => entry if entry.method != "check" && length(setintersection(entry.needed_for, local.cases)) > 0 }

  ec2 = "arn:${local.partition}:ec2:${local.region}:${local.account}"
  objects = {
    elastic-ip        = [for elastic_ip in local.elastic_ips : "${local.ec2}:elastic-ip/${elastic_ip.resource_id}"]
    network-interface = [for interface in aws_network_interface.node : "${local.ec2}:network-interface/${interface.id}"]
    route-table       = distinct([for route in local.routes : "${local.ec2}:route-table/${route.table}"])
  }

  # EC2's describe calls know no resources, so looking is `*`; the region is all that narrows it.
  looks = [for actions in [[for action, entry in local.needed : action if !entry.write]] : {
    Sid       = "Look"
    Effect    = "Allow"
    Action    = sort(actions)
    Resource  = ["*"]
    Condition = { StringEquals = { "ec2:Region" = local.region } }
  } if length(actions) > 0]

  # EC2 checks every object of a call by itself: one statement for each.
  writes = flatten([for action, entry in local.needed : [for kind in entry.resources : {
    Sid      = join("", concat([split(":", action)[1]], length(entry.resources) > 1 ? [for part in split("-", kind) : title(part)] : []))
    Effect   = "Allow"
    Action   = [action]
    Resource = local.objects[kind]
  }] if entry.write])

  assumed_roles = sort(distinct([for claim in var.claims : claim.role_arn if claim.role_arn != null]))
  assumes = [for roles in [local.assumed_roles] : {
    Sid      = "AssumeRole"
    Effect   = "Allow"
    Action   = ["sts:AssumeRole"]
    Resource = roles
  } if length(roles) > 0]

  statements = concat(local.looks, local.writes, local.assumes)
  policy     = jsonencode({ Version = "2012-10-17", Statement = local.statements })

  wheel = startswith(coalesce(var.cloudfail.wheel_url, "-"), "s3://") ? trimprefix(var.cloudfail.wheel_url, "s3://") : null
  first_boot_statements = concat(
    [for arn in var.authentication[*].secret : {
      Sid      = "ReadSecret"
      Effect   = "Allow"
      Action   = [strcontains(arn, ":ssm:") ? "ssm:GetParameter" : "secretsmanager:GetSecretValue"]
      Resource = [arn]
    }],
    [for object in local.wheel[*] : {
      Sid      = "ReadWheel"
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = ["arn:${local.partition}:s3:::${object}"]
    }],
    [for arns in [var.decrypt_key_arns] : {
      Sid       = "Decrypt"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = arns
      Condition = { StringEquals = { "kms:ViaService" = [for service in ["secretsmanager", "ssm", "s3"] : "${service}.${local.region}.${data.aws_partition.current.dns_suffix}"] } }
    } if length(arns) > 0],
  )
  first_boot_policy = jsonencode({ Version = "2012-10-17", Statement = local.first_boot_statements })

  # Amazon Linux and Ubuntu have the agent; Debian has not.
  session_manager_install = !var.session_manager ? [] : [join(" ", [
    "command -v amazon-ssm-agent || snap list amazon-ssm-agent || ! command -v dpkg ||",
    "{ curl -fsSo /run/amazon-ssm-agent.deb https://s3.${local.region}.${data.aws_partition.current.dns_suffix}/amazon-ssm-${local.region}/latest/debian_$(dpkg --print-architecture)/amazon-ssm-agent.deb",
    "&& dpkg -i /run/amazon-ssm-agent.deb; }",
  ])]
}

resource "aws_iam_role" "node" {
  name_prefix          = "${var.name}-"
  description          = "The nodes of ${var.name}"
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.${data.aws_partition.current.dns_suffix}" }
    }]
  })
}

resource "aws_iam_role_policy" "failover" {
  count = length(var.claims) > 0 ? 1 : 0

  name   = "failover"
  role   = aws_iam_role.node.id
  policy = local.policy
}

resource "aws_iam_role_policy" "first_boot" {
  count = var.authentication != null || local.wheel != null || length(var.decrypt_key_arns) > 0 ? 1 : 0

  name   = "first-boot"
  role   = aws_iam_role.node.id
  policy = local.first_boot_policy
}

resource "aws_iam_role_policy_attachment" "session_manager" {
  count = var.session_manager ? 1 : 0

  role       = aws_iam_role.node.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "node" {
  name_prefix = "${var.name}-"
  role        = aws_iam_role.node.name
  tags        = var.tags
}

"""An example of this tree, applied to an embedded AWS by the real terraform and provider."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cloudfail.lab.cloud.aws.sessions import ADMIN_KEY

from terraform.aws_provider import serving
from terraform.workspace import Workspace, copied, environment

EXAMPLE = "examples/aws-public-ip/terraform"
# The one image that there is: what the module's image says is the newest Debian.
IMAGE = {
    "ami_id": "ami-0c1ab1e0000000000",
    "name": "debian-12-amd64-20260101-1",
    "description": "Debian 12",
    "owner_id": "136693071363",
    "public": True,
    "virtualization_type": "hvm",
    "architecture": "x86_64",
    "state": "available",
    "image_type": "machine",
    "hypervisor": "xen",
    "root_device_name": "/dev/xvda",
    "root_device_type": "ebs",
}
# What a machine of the lab has elsewhere than one of the cloud. The lab writes keepalived.conf from
# outside of the nodes, where no device has their address: so it is named.
_OVERRIDE = """
module "pair" {{
  provider_settings = {{ endpoint = "{endpoint}" }}

  extra_configuration = <<-TOML
    [instance.edge]
    interface = "eth0"
    [keepalived]
    directory = "/etc/cloudfail"
    include = ""
    vrrp_notify_fifo_user = "root root"
  TOML
}}
"""


def image_variables(scratch: Path) -> Mapping[str, str]:
    """Return the variables by which an embedded AWS that is started with them has the image."""
    path = scratch / "images.json"
    path.write_text(json.dumps([IMAGE]))
    return {"MOTO_AMIS_PATH": str(path)}


@contextlib.contextmanager
def workspace(provider: Path, scratch: Path, endpoint: str) -> Iterator[Workspace]:
    """The example, as it is but for the endpoint, to be applied to the AWS at `endpoint`."""
    variables = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ADMIN_KEY,
        "AWS_SECRET_ACCESS_KEY": "lab",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with serving(provider, scratch, **variables) as real:
        told = environment(scratch, real.reattach)
        made = Workspace(copied(scratch) / EXAMPLE, scratch, told)
        made.write("lab_override.tf", _OVERRIDE.format(endpoint=endpoint))
        made.init()
        yield made


_LISTS: Mapping[str, tuple[str, str]] = {
    "describe_vpcs": ("Vpcs", "VpcId"),
    "describe_subnets": ("Subnets", "SubnetId"),
    "describe_route_tables": ("RouteTables", "RouteTableId"),
    "describe_internet_gateways": ("InternetGateways", "InternetGatewayId"),
    "describe_nat_gateways": ("NatGateways", "NatGatewayId"),
    "describe_vpc_endpoints": ("VpcEndpoints", "VpcEndpointId"),
    "describe_security_groups": ("SecurityGroups", "GroupId"),
    "describe_security_group_rules": ("SecurityGroupRules", "SecurityGroupRuleId"),
    "describe_network_interfaces": ("NetworkInterfaces", "NetworkInterfaceId"),
    "describe_addresses": ("Addresses", "AllocationId"),
    "describe_volumes": ("Volumes", "VolumeId"),
    "describe_iam_instance_profile_associations": (
        "IamInstanceProfileAssociations",
        "AssociationId",
    ),
}


def everything(ec2: Any, iam: Any) -> set[str]:
    """Return the ids of all that there is; what is terminated is over."""
    there = {
        item[key] for call, (kind, key) in _LISTS.items() for item in getattr(ec2, call)()[kind]
    }
    there |= {
        instance["InstanceId"]
        for reservation in ec2.describe_instances()["Reservations"]
        for instance in reservation["Instances"]
        if instance["State"]["Name"] != "terminated"
    }
    there |= {role["Arn"] for role in iam.list_roles()["Roles"]}
    there |= {policy["Arn"] for policy in iam.list_policies(Scope="Local")["Policies"]}
    return there | {one["Arn"] for one in iam.list_instance_profiles()["InstanceProfiles"]}

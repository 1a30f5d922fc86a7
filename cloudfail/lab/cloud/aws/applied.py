"""What others made in the cloud through its API, Terraform for one, as a world to rehearse on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloudfail.errors import UsageError
from cloudfail.lab.cloud.aws.engine import Engine
from cloudfail.lab.cloud.aws.world import ROLE, Built, BuiltInterface, BuiltNode


def adopted(engine: Engine, instances: Mapping[str, str]) -> Built:
    """Return what there is; `instances` are the ids of the instances that are its nodes, by name.

    Tables and subnets go by their tag Name, or by their id. Raises UsageError for an instance that
    is not there, or has no interface.
    """
    ec2 = engine.ec2
    nodes = {name: _node(ec2, name, instance) for name, instance in instances.items()}
    if not nodes:
        raise UsageError('name the instances that are the nodes: {"a": "i-0123456789abcdef0", ...}')
    return Built(
        region=engine.region,
        account=engine.account,
        nodes=nodes,
        public_ips={eip.public_ip: eip.allocation_id for eip in ec2.addresses},
        tables={_name(ec2, table): table for table in ec2.route_tables},
        subnets={_name(ec2, subnet.id): subnet.id for subnet in ec2.describe_subnets()},
        vpc_id=next(iter(nodes.values())).vpc_id,
        role=role_of(ec2, next(iter(instances.values()))),
    )


def role_of(ec2: Any, instance_id: str) -> str:
    """Name the role of the instance's profile; where it has none, the role of built worlds."""
    for association in ec2.iam_instance_profile_associations.values():
        if association.instance_id == instance_id and association.iam_instance_profile.roles:
            return str(association.iam_instance_profile.roles[0].name)
    return ROLE


def _node(ec2: Any, name: str, instance_id: str) -> BuiltNode:
    instance = next((one for one in ec2.all_instances() if one.id == instance_id), None)
    if instance is None or not instance.nics:
        there = ", ".join(one.id for one in ec2.all_instances() if one.nics)
        raise UsageError(
            f"node {name}: no instance {instance_id} with an interface in {ec2.region_name}; "
            f"there are {there or 'none'}"
        )
    nics = tuple(_interface(number, nic) for number, nic in sorted(instance.nics.items()))
    first = nics[0]
    vpc = instance.nics[first.device_number].subnet.vpc_id
    return BuiltNode(
        name, instance.id, first.interface_id, first.mac, first.address, first.subnet_id, vpc, nics
    )


def _interface(number: int, nic: Any) -> BuiltInterface:
    return BuiltInterface(nic.id, nic.mac_address, nic.private_ip_address, nic.subnet.id, number)


def _name(ec2: Any, resource: str) -> str:
    tags = ec2.describe_tags(filters={"resource-id": [resource], "key": ["Name"]})
    return str(tags[0]["value"]) if tags else resource

"""The metadata tree of one node, as the instance metadata service lays it out."""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING, Any

from cloudfail.lab.cloud.aws.applied import role_of
from cloudfail.lab.cloud.aws.notices import of_metadata
from cloudfail.lab.cloud.aws.sessions import Session

if TYPE_CHECKING:
    from cloudfail.lab.cloud.aws.embedded import EmbeddedAws

_HOUR = datetime.timedelta(hours=1)


def lookup(tree: dict[str, Any], path: str) -> str | None:
    """Return a leaf's text or a directory's listing; None where there is nothing."""
    here: Any = tree
    for part in filter(None, path.split("/")):
        if not isinstance(here, dict) or part not in here:
            return None
        here = here[part]
    if isinstance(here, dict):
        return "\n".join(f"{k}/" if isinstance(v, dict) else k for k, v in here.items())
    return str(here)


def tree_of(cloud: EmbeddedAws, name: str) -> dict[str, Any]:
    """Read what the cloud knows of the node now."""
    api = cloud.api
    with api.lock, api.memory.shown_to_metadata(api.engine.ec2, api.faults):
        return _tree(cloud, name)


def _tree(cloud: EmbeddedAws, name: str) -> dict[str, Any]:
    built, node, ec2 = cloud.built, cloud.built.nodes[name], cloud.api.engine.ec2
    instance = ec2.get_instance(node.instance_id)
    role = role_of(ec2, instance.id)
    session = cloud.api.iam.sessions.of_node(instance.id, role)
    zone = instance.nics[0].subnet.availability_zone
    interfaces = {
        nic.mac_address: _interface(ec2, nic, built.account) for nic in instance.nics.values()
    }
    identity = {
        "accountId": built.account,
        "architecture": "x86_64",
        "availabilityZone": zone,
        "imageId": instance.image_id,
        "instanceId": instance.id,
        "instanceType": instance.instance_type,
        "privateIp": node.address,
        "region": built.region,
        "version": "2017-09-30",
    }
    meta = {
        "ami-id": instance.image_id,
        "hostname": f"ip-{node.address.replace('.', '-')}.{built.region}.compute.internal",
        "iam": {"security-credentials": {role: _credentials(session)}},
        "instance-id": instance.id,
        "instance-type": instance.instance_type,
        "local-ipv4": node.address,
        "mac": node.mac,
        "network": {"interfaces": {"macs": interfaces}},
        "placement": {"availability-zone": zone, "region": built.region},
        "services": {"domain": "amazonaws.com", "partition": "aws"},
    }
    document = {"instance-identity": {"document": json.dumps(identity, indent=2)}}
    meta |= of_metadata(cloud.notices.of_node(name))
    return {"latest": {"dynamic": document, "meta-data": meta}}


def _interface(ec2: Any, nic: Any, account: str) -> dict[str, Any]:
    privates = [item["PrivateIpAddress"] for item in nic.private_ip_addresses]
    publics = {
        eip.public_ip: eip.private_ip_address
        for eip in ec2.addresses
        if eip.eni is not None and eip.eni.id == nic.id
    }
    vpc = ec2.get_vpc(nic.subnet.vpc_id)
    tree: dict[str, Any] = {
        "device-number": str(nic.device_index),
        "interface-id": nic.id,
        "local-ipv4s": "\n".join(privates),
        "mac": nic.mac_address,
        "owner-id": account,
        "subnet-id": nic.subnet.id,
        "subnet-ipv4-cidr-block": nic.subnet.cidr_block,
        "vpc-id": nic.subnet.vpc_id,
        "vpc-ipv4-cidr-block": vpc.cidr_block,
    }
    if publics:
        tree["ipv4-associations"] = publics
        tree["public-ipv4s"] = "\n".join(publics)
    if nic.ipv6_addresses:
        tree["ipv6s"] = "\n".join(nic.ipv6_addresses)
    return tree


def _credentials(session: Session) -> str:
    now = datetime.datetime.now(datetime.UTC)
    return json.dumps(
        {
            "Code": "Success",
            "LastUpdated": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "Type": "AWS-HMAC",
            "AccessKeyId": session.access_key,
            "SecretAccessKey": session.secret_key,
            "Token": session.token,
            "Expiration": f"{now + 6 * _HOUR:%Y-%m-%dT%H:%M:%SZ}",
        },
        indent=2,
    )

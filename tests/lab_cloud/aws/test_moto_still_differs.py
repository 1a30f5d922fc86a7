"""One probe a rule: what plain moto does in its place.

A probe that fails means that moto was changed. Read its release notes, then drop the rule (moto
does what EC2 does now), or adapt the rule and this probe.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from botocore.parsers import ResponseParserError
from cloudfail.lab.cloud.aws.corrections import RULES, install

from lab_cloud.aws.plain_world import DESTINATION, Plain
from lab_cloud.aws.worlds import code, refusal


@pytest.fixture(scope="module")
def port() -> Iterator[str]:
    script = Path(__file__).with_name("plain_moto.py")
    environment = {**os.environ, "MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def plain(port: str) -> Plain:
    client = boto3.client(
        "ec2",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="eu-central-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )
    return Plain(client)


def filter_by_any_address(plain: Plain) -> None:
    plain.assign(0, "10.0.1.200")
    filters = [{"Name": "addresses.private-ip-address", "Values": ["10.0.1.200"]}]
    assert plain.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"] == []


def name_the_missing(plain: Plain) -> None:
    error = refusal(plain.ec2.describe_addresses, AllocationIds=[plain.eip, "eipalloc-1"])
    assert plain.eip in error.response["Error"]["Message"]


def reassociation_allowed(plain: Plain) -> None:
    params = {"AllocationId": plain.eip, "NetworkInterfaceId": plain.enis[1]}
    assert code(plain.ec2.associate_address, **params) == "Resource.AlreadyAssociated"


def only_interface_of(plain: Plain) -> None:
    made = plain.ec2.create_network_interface(SubnetId=plain.subnet)["NetworkInterface"]
    plain.ec2.attach_network_interface(
        NetworkInterfaceId=made["NetworkInterfaceId"],
        InstanceId=plain.instances[1],
        DeviceIndex=1,
    )
    plain.ec2.associate_address(
        AllocationId=plain.eip, InstanceId=plain.instances[1], AllowReassociation=True
    )
    assert plain.address()["NetworkInterfaceId"] == plain.enis[1]


def private_address_asked(plain: Plain) -> None:
    plain.ec2.associate_address(
        AllocationId=plain.eip,
        NetworkInterfaceId=plain.enis[1],
        PrivateIpAddress="10.0.1.250",
        AllowReassociation=True,
    )
    assert plain.address()["PrivateIpAddress"] == plain.privates(1)[0]


def displace(plain: Plain) -> None:
    other = plain.ec2.allocate_address(Domain="vpc")["AllocationId"]
    plain.ec2.associate_address(AllocationId=other, NetworkInterfaceId=plain.enis[0])
    assert plain.address()["NetworkInterfaceId"] == plain.enis[0]


def interface_of(plain: Plain) -> None:
    plain.ec2.disassociate_address(AssociationId=plain.address()["AssociationId"])
    assert plain.address()["NetworkInterfaceId"] == ""


def stay_within_subnet(plain: Plain) -> None:
    plain.assign(0, "10.77.0.1")
    assert "10.77.0.1" in plain.privates(0)


def stay_within_limit(plain: Plain) -> None:
    plain.assign(0, *(f"10.0.1.{n}" for n in range(50, 60)))
    assert len(plain.privates(0)) == 11


def take_from_others(plain: Plain) -> None:
    plain.assign(0, "10.0.1.100")
    plain.assign(1, "10.0.1.100", AllowReassignment=True)
    assert "10.0.1.100" in plain.privates(0)
    assert "10.0.1.100" in plain.privates(1)


def drag_public_ips(plain: Plain) -> None:
    plain.assign(1, plain.privates(0)[0], AllowReassignment=True)
    assert plain.address()["NetworkInterfaceId"] == plain.enis[0]


def refuse_to_unassign_absent(plain: Plain) -> None:
    plain.ec2.unassign_private_ip_addresses(
        NetworkInterfaceId=plain.enis[0], PrivateIpAddresses=["10.0.1.199"]
    )


def drop_public_ips(plain: Plain) -> None:
    plain.ec2.unassign_private_ip_addresses(
        NetworkInterfaceId=plain.enis[0], PrivateIpAddresses=plain.privates(0)
    )
    assert plain.address()["AssociationId"]


def stay_within_ipv6_block(plain: Plain) -> None:
    plain.assign_ipv6(0, "2001:db8:77::1")
    assert plain.interface(0)["Ipv6Addresses"] == [{"Ipv6Address": "2001:db8:77::1"}]


def refuse_held_elsewhere(plain: Plain) -> None:
    plain.assign_ipv6(0, "2001:db8:77::1")
    plain.assign_ipv6(1, "2001:db8:77::1")
    assert plain.interface(0)["Ipv6Addresses"] == plain.interface(1)["Ipv6Addresses"]


def refuse_to_unassign_absent_ipv6(plain: Plain) -> None:
    plain.ec2.unassign_ipv6_addresses(
        NetworkInterfaceId=plain.enis[0], Ipv6Addresses=["2001:db8:77::1"]
    )


def honour_dry_run(plain: Plain) -> None:
    plain.ec2.replace_route(
        RouteTableId=plain.table, NetworkInterfaceId=plain.enis[1], DryRun=True, **DESTINATION
    )
    assert plain.route()["NetworkInterfaceId"] == plain.enis[1]


def refuse_duplicate_route(plain: Plain) -> None:
    plain.ec2.create_route(
        RouteTableId=plain.table, NetworkInterfaceId=plain.enis[1], **DESTINATION
    )
    assert plain.route()["NetworkInterfaceId"] == plain.enis[1]


def state_of(plain: Plain) -> None:
    plain.ec2.terminate_instances(InstanceIds=plain.instances)
    assert plain.route()["State"] == "active"


def instance_of(plain: Plain) -> None:
    assert not plain.route().get("InstanceId")


def with_interfaces_gone(plain: Plain) -> None:
    plain.ec2.terminate_instances(InstanceIds=plain.instances)
    assert plain.interface(0)["Status"] == "in-use"


def with_public_ips_freed(plain: Plain) -> None:
    plain.ec2.delete_network_interface(NetworkInterfaceId=plain.enis[0])
    assert plain.address()["AssociationId"]


def without_ports(plain: Plain) -> None:
    group = plain.group()
    permission = {"IpProtocol": "112", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    with pytest.raises(ResponseParserError, match="Internal Server Error"):
        plain.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])


def description_of(plain: Plain) -> None:
    group = plain.group()
    pair = {"GroupId": group, "Description": "adverts"}
    permission = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": [pair]}
    made = plain.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    assert "Description" not in made["SecurityGroupRules"][0]


def root_from_image(plain: Plain) -> None:
    image = plain.ec2.register_image(Name="debian")["ImageId"]
    (there,) = plain.ec2.describe_images(ImageIds=[image])["Images"]
    mapping = {"DeviceName": there["RootDeviceName"], "Ebs": {"Encrypted": True}}
    asked = {"ImageId": image, "MinCount": 1, "MaxCount": 1, "SubnetId": plain.subnet}
    refused = code(plain.ec2.run_instances, BlockDeviceMappings=[mapping], **asked)
    assert refused == "MissingParameter"


def filter_by_ipv6_block(plain: Plain) -> None:
    asked = {"Name": "ipv6-cidr-block-association.association-id", "Values": ["x"]}
    with pytest.raises(ResponseParserError, match="Internal Server Error"):
        plain.ec2.describe_subnets(Filters=[asked])


def state_of_ipv6_block(plain: Plain) -> None:
    vpc = plain.ec2.create_vpc(CidrBlock="10.1.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]
    block = vpc["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
    made = plain.ec2.create_subnet(
        VpcId=vpc["VpcId"], CidrBlock="10.1.0.0/24", Ipv6CidrBlock=block.replace("/56", "/64")
    )
    (shown,) = made["Subnet"]["Ipv6CidrBlockAssociationSet"]
    assert shown["Ipv6CidrBlockState"]["State"] != "associated"


def from_a_pool(plain: Plain) -> None:
    assert plain.address()["PublicIp"].startswith("127.")


PROBES: dict[str, Callable[[Plain], None]] = {
    probe.__name__: probe
    for probe in (
        filter_by_any_address,
        name_the_missing,
        reassociation_allowed,
        only_interface_of,
        private_address_asked,
        displace,
        interface_of,
        stay_within_subnet,
        stay_within_limit,
        take_from_others,
        drag_public_ips,
        refuse_to_unassign_absent,
        drop_public_ips,
        stay_within_ipv6_block,
        refuse_held_elsewhere,
        refuse_to_unassign_absent_ipv6,
        honour_dry_run,
        refuse_duplicate_route,
        state_of,
        instance_of,
        with_interfaces_gone,
        with_public_ips_freed,
        without_ports,
        description_of,
        root_from_image,
        filter_by_ipv6_block,
        state_of_ipv6_block,
        from_a_pool,
    )
}


@pytest.mark.parametrize("name", sorted(PROBES))
def test_plain_moto_still_breaks_the_rule(plain: Plain, name: str) -> None:
    PROBES[name](plain)


def test_every_rule_has_a_probe_and_says_what_it_is_for() -> None:
    assert sorted(PROBES) == sorted(RULES)
    for rule in RULES.values():
        assert rule.aws
        assert rule.moto


def test_installing_the_rules_twice_changes_nothing() -> None:
    from moto.ec2.responses import EC2Response

    install()
    before = EC2Response.create_route
    install()
    assert EC2Response.create_route is before

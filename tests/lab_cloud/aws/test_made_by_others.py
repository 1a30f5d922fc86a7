"""What Terraform and its likes do with a cloud before anything fails over: as EC2 does it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from cloudfail.errors import UsageError
from cloudfail.lab.cloud.aws.embedded import EmbeddedAws
from cloudfail.lab.cloud.aws.sessions import Session
from cloudfail.lab.cloud.aws.tree import tree_of
from cloudfail.lab.cloud.aws.world import ROLE, Built
from cloudfail.lab.cloud.client import CloudControl

from lab_cloud.aws.test_iam import client_of
from lab_cloud.aws.worlds import code

ONLY_TAKE: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "ec2:AssociateAddress", "Resource": "*"}],
}
NOTHING: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "ec2:StopInstances", "Resource": "*"}],
}


# ---- corrections


@pytest.fixture
def group(ec2: Any, built: Built) -> str:
    made = ec2.create_security_group(GroupName="g", Description="g", VpcId=built.vpc_id)
    return str(made["GroupId"])


@pytest.mark.parametrize("ports", [{}, {"FromPort": 0, "ToPort": 65535}])
def test_vrrp_is_let_in_without_ports(ec2: Any, group: str, ports: dict[str, int]) -> None:
    pair = {"GroupId": group, "Description": "adverts"}
    permission = {"IpProtocol": "112", "UserIdGroupPairs": [pair], **ports}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    asked = {"Filters": [{"Name": "group-id", "Values": [group]}]}
    rules = ec2.describe_security_group_rules(**asked)["SecurityGroupRules"]
    (rule,) = [one for one in rules if not one["IsEgress"]]
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("112", -1, -1)
    assert rule["Description"] == "adverts"
    found = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    assert "FromPort" not in found["IpPermissions"][0]
    ec2.revoke_security_group_ingress(
        GroupId=group, SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]]
    )


def test_tcp_keeps_its_ports(ec2: Any, group: str) -> None:
    permission = {
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 444,
        "IpRanges": [{"CidrIp": "192.0.2.0/24", "Description": "users"}],
    }
    made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    (rule,) = made["SecurityGroupRules"]
    assert (rule["FromPort"], rule["ToPort"], rule["Description"]) == (443, 444, "users")


def run(ec2: Any, **more: Any) -> Any:
    asked = {"InstanceType": "t3.small", "MinCount": 1, "MaxCount": 1, **more}
    return ec2.run_instances(**asked)["Instances"][0]


def test_a_root_device_without_a_size_is_as_large_as_the_images(ec2: Any, built: Built) -> None:
    made = ec2.register_image(Name="debian")["ImageId"]
    (image,) = ec2.describe_images(ImageIds=[made])["Images"]
    asked = {"ImageId": made, "SubnetId": built.subnets["one"]}
    root = {"DeviceName": image["RootDeviceName"], "Ebs": {"Encrypted": True}}
    launched = run(ec2, BlockDeviceMappings=[root], **asked)
    volume = launched["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    (there,) = ec2.describe_volumes(VolumeIds=[volume])["Volumes"]
    snapshot = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    assert (there["SnapshotId"], there["Encrypted"]) == (snapshot, True)
    other = {**root, "DeviceName": "/dev/xvdz"}
    refused = code(lambda: run(ec2, BlockDeviceMappings=[other], **asked))
    assert refused == "MissingParameter"


def test_an_interface_that_was_there_before_outlives_the_instance(ec2: Any, built: Built) -> None:
    nic = ec2.create_network_interface(SubnetId=built.subnets["one"])["NetworkInterface"]
    known = {"NetworkInterfaceId": nic["NetworkInterfaceId"]}
    made = run(ec2, ImageId="ami-1", NetworkInterfaces=[{"DeviceIndex": 0, **known}])
    ec2.terminate_instances(InstanceIds=[made["InstanceId"]])
    left = ec2.describe_network_interfaces(NetworkInterfaceIds=list(known.values()))
    (found,) = left["NetworkInterfaces"]
    assert found["Status"] == "available"
    (gone,) = ec2.describe_instances(InstanceIds=[made["InstanceId"]])["Reservations"]
    assert gone["Instances"][0]["State"]["Name"] == "terminated"
    ec2.delete_network_interface(**known)


@pytest.mark.parametrize("name", ["association-id", "ipv6-cidr-block"])
def test_a_subnet_is_found_by_its_ipv6_block(ec2: Any, built: Built, name: str) -> None:
    (subnet,) = ec2.describe_subnets(SubnetIds=[built.subnets["one"]])["Subnets"]
    (block,) = subnet["Ipv6CidrBlockAssociationSet"]
    assert block["Ipv6CidrBlockState"] == {"State": "associated"}
    value = {"association-id": "AssociationId", "ipv6-cidr-block": "Ipv6CidrBlock"}[name]
    asked = {"Name": f"ipv6-cidr-block-association.{name}", "Values": [block[value]]}
    found = ec2.describe_subnets(Filters=[asked])["Subnets"]
    assert [one["SubnetId"] for one in found] == [built.subnets["one"]]


def test_each_elastic_ip_is_another_address_that_a_client_can_send_to(ec2: Any) -> None:
    taken = {one["PublicIp"] for one in ec2.describe_addresses()["Addresses"]}
    made = [ec2.allocate_address(Domain="vpc")["PublicIp"] for _ in range(3)]
    assert len({*made, *taken}) == 3 + len(taken)
    assert all(address.startswith("203.0.113.") for address in made)


# ---- a world that others made


@pytest.fixture
def instances(built: Built) -> dict[str, str]:
    return {name: node.instance_id for name, node in built.nodes.items()}


def test_what_is_there_becomes_the_world(
    cloud: EmbeddedAws, built: Built, instances: dict[str, str]
) -> None:
    cloud.announce("a", "terminate")
    adopted = cloud.adopt(instances)
    assert not cloud.announced
    assert adopted.nodes == built.nodes
    assert adopted.public_ips == built.public_ips
    assert adopted.tables.items() >= built.tables.items()
    assert adopted.subnets.items() >= {"one": built.subnets["one"]}.items()
    assert cloud.calls == []
    assert {change.node for change in cloud.holders} == {"a", "b", "c"}
    assert [cloud.node_at(node.address) for node in built.nodes.values()] == ["a", "b", "c"]
    assert cloud.node_at("10.0.2.77") == "c"


def test_another_process_adopts_by_the_control_api(
    cloud: EmbeddedAws, built: Built, instances: dict[str, str]
) -> None:
    control = CloudControl(cloud.control, Built)
    only = {"left": instances["a"]}
    assert control.adopt(only).nodes["left"].interface_id == built.nodes["a"].interface_id
    assert control.built().nodes.keys() == {"left"}
    with pytest.raises(UsageError, match=r"node x: no instance i-0.*there are i-"):
        control.adopt({"x": "i-0"})
    with pytest.raises(UsageError, match="name the instances"):
        control.adopt({})


Give = Callable[[dict[str, Any]], None]


@pytest.fixture
def give(cloud: EmbeddedAws, built: Built) -> Give:
    """Give node a a role of its own, with this policy."""
    iam = cloud.client("iam")
    iam.create_role(RoleName="edge", AssumeRolePolicyDocument=json.dumps(NOTHING))
    iam.create_instance_profile(InstanceProfileName="edge")
    iam.add_role_to_instance_profile(InstanceProfileName="edge", RoleName="edge")
    cloud.client().associate_iam_instance_profile(
        IamInstanceProfile={"Name": "edge"}, InstanceId=built.nodes["a"].instance_id
    )

    def put(document: dict[str, Any]) -> None:
        iam.put_role_policy(RoleName="edge", PolicyName="p", PolicyDocument=json.dumps(document))

    return put


def session_of(cloud: EmbeddedAws, node: str) -> Session:
    """What the node's metadata service hands out, under the name of its role."""
    given = tree_of(cloud, node)["latest"]["meta-data"]["iam"]["security-credentials"]
    ((role, text),) = given.items()
    assert role == {"a": "edge"}.get(node, ROLE)
    session = cloud.api.iam.sessions.find(json.loads(text)["AccessKeyId"])
    assert session is not None
    return session


def test_the_policies_that_a_role_has_are_those_that_are_enforced(
    cloud: EmbeddedAws, built: Built, instances: dict[str, str], give: Give
) -> None:
    give(ONLY_TAKE)
    cloud.adopt(instances)
    CloudControl(cloud.control, Built).enforce_attached_iam()
    node = client_of(cloud, session_of(cloud, "a"))
    take = {
        "AllocationId": next(iter(built.public_ips.values())),
        "NetworkInterfaceId": built.nodes["a"].interface_id,
    }
    assert node.associate_address(**take)["AssociationId"]
    assert code(node.describe_addresses) == "UnauthorizedOperation"
    give(NOTHING)
    assert code(node.associate_address, **take) == "UnauthorizedOperation"
    stranger = client_of(cloud, session_of(cloud, "b"))
    assert code(stranger.associate_address, **take) == "UnauthorizedOperation"
    cloud.relax_iam()


def test_a_policy_that_cannot_be_judged_is_refused_before_it_counts(
    cloud: EmbeddedAws, give: Give
) -> None:
    condition = {"StringLike": {"ec2:Region": "eu-*"}}
    (statement,) = ONLY_TAKE["Statement"]
    give({**NOTHING, "Statement": [{**statement, "Condition": condition}]})
    with pytest.raises(UsageError, match="StringLike"):
        cloud.enforce_attached_iam()
    give(ONLY_TAKE)
    cloud.enforce_attached_iam()
    give({**NOTHING, "Statement": [{**statement, "Condition": condition}]})
    node = client_of(cloud, session_of(cloud, "a"))
    assert code(node.describe_addresses) == "InternalError"
    cloud.relax_iam()


def test_a_managed_policy_counts_like_an_inline_one(
    cloud: EmbeddedAws, built: Built, give: Give
) -> None:
    give(NOTHING)
    iam = cloud.client("iam")
    made = iam.create_policy(PolicyName="m", PolicyDocument=json.dumps(ONLY_TAKE))["Policy"]
    iam.attach_role_policy(RoleName="edge", PolicyArn=made["Arn"])
    cloud.enforce_attached_iam()
    node = client_of(cloud, session_of(cloud, "a"))
    allocation = next(iter(built.public_ips.values()))
    assert node.associate_address(
        AllocationId=allocation, NetworkInterfaceId=built.nodes["a"].interface_id
    )["AssociationId"]
    cloud.relax_iam()

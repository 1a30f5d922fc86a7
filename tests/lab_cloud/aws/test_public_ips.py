from __future__ import annotations

from typing import Any

import pytest
from cloudfail.lab.cloud.aws.world import Built

from lab_cloud.aws.worlds import OWN_B, VIP, code, refusal


@pytest.fixture
def vip(built: Built) -> str:
    return built.public_ips[VIP]


def address(ec2: Any, allocation: str) -> dict[str, Any]:
    found: dict[str, Any] = ec2.describe_addresses(AllocationIds=[allocation])["Addresses"][0]
    return found


def associations(ec2: Any, interface: str) -> dict[str, str]:
    """Private address -> EIP, as DescribeNetworkInterfaces tells it."""
    found = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])
    items = found["NetworkInterfaces"][0]["PrivateIpAddresses"]
    return {i["PrivateIpAddress"]: i.get("Association", {}).get("PublicIp", "") for i in items}


def test_an_eip_moves_when_nothing_is_said_about_reassociation(
    ec2: Any, vip: str, eni: dict[str, str], built: Built
) -> None:
    ec2.associate_address(AllocationId=vip, NetworkInterfaceId=eni["c"])
    now = address(ec2, vip)
    assert now["NetworkInterfaceId"] == eni["c"]
    assert now["InstanceId"] == built.nodes["c"].instance_id
    assert now["PrivateIpAddress"] == "10.0.2.10"


def test_reassociation_can_be_forbidden(ec2: Any, vip: str, eni: dict[str, str]) -> None:
    error = refusal(
        ec2.associate_address,
        AllocationId=vip,
        NetworkInterfaceId=eni["c"],
        AllowReassociation=False,
    )
    assert error.response["Error"]["Code"] == "Resource.AlreadyAssociated"
    assert vip in error.response["Error"]["Message"]
    assert address(ec2, vip)["NetworkInterfaceId"] == eni["a"]


def test_without_reassociation_a_taken_private_address_is_refused_too(
    ec2: Any, vip: str, eni: dict[str, str]
) -> None:
    ec2.disassociate_address(AssociationId=address(ec2, vip)["AssociationId"])
    error = refusal(
        ec2.associate_address,
        AllocationId=vip,
        NetworkInterfaceId=eni["b"],
        AllowReassociation=False,
    )
    assert error.response["Error"]["Code"] == "Resource.AlreadyAssociated"
    assert OWN_B in error.response["Error"]["Message"]


def test_associating_what_is_associated_changes_nothing(
    ec2: Any, vip: str, eni: dict[str, str]
) -> None:
    before = address(ec2, vip)["AssociationId"]
    again = ec2.associate_address(
        AllocationId=vip, NetworkInterfaceId=eni["a"], AllowReassociation=False
    )
    assert again["AssociationId"] == before


def test_each_move_gives_a_new_association_id(ec2: Any, vip: str, eni: dict[str, str]) -> None:
    before = address(ec2, vip)["AssociationId"]
    moved = ec2.associate_address(AllocationId=vip, NetworkInterfaceId=eni["c"])
    assert moved["AssociationId"] != before
    assert code(ec2.disassociate_address, AssociationId=before) == "InvalidAssociationID.NotFound"


def test_an_eip_displaces_the_one_on_that_address_which_stays_allocated(
    ec2: Any, vip: str, eni: dict[str, str], built: Built
) -> None:
    own = built.public_ips[OWN_B]
    ec2.associate_address(AllocationId=vip, NetworkInterfaceId=eni["b"])
    assert address(ec2, vip)["NetworkInterfaceId"] == eni["b"]
    displaced = address(ec2, own)
    assert "AssociationId" not in displaced
    assert not {"NetworkInterfaceId", "InstanceId", "PrivateIpAddress"} & set(displaced)
    assert associations(ec2, eni["b"]) == {"10.0.1.11": VIP}


def test_an_eip_sits_on_the_private_address_that_was_named(
    ec2: Any, vip: str, eni: dict[str, str]
) -> None:
    ec2.associate_address(
        AllocationId=vip, NetworkInterfaceId=eni["a"], PrivateIpAddress="10.0.1.100"
    )
    assert address(ec2, vip)["PrivateIpAddress"] == "10.0.1.100"
    assert associations(ec2, eni["a"]) == {"10.0.1.10": "", "10.0.1.100": VIP}


def test_two_eips_share_an_interface_on_two_private_addresses(
    ec2: Any, vip: str, eni: dict[str, str], built: Built
) -> None:
    ec2.associate_address(
        AllocationId=built.public_ips[OWN_B],
        NetworkInterfaceId=eni["a"],
        PrivateIpAddress="10.0.1.100",
    )
    assert associations(ec2, eni["a"]) == {"10.0.1.10": VIP, "10.0.1.100": OWN_B}
    assert address(ec2, vip)["NetworkInterfaceId"] == eni["a"]


def test_a_private_address_that_the_interface_lacks_is_refused(
    ec2: Any, vip: str, eni: dict[str, str]
) -> None:
    error = code(
        ec2.associate_address,
        AllocationId=vip,
        NetworkInterfaceId=eni["c"],
        PrivateIpAddress="10.0.2.250",
    )
    assert error == "InvalidParameterValue"
    assert address(ec2, vip)["NetworkInterfaceId"] == eni["a"]


def test_an_instance_with_two_interfaces_is_refused_by_instance_id(
    ec2: Any, vip: str, built: Built
) -> None:
    instance = built.nodes["c"].instance_id
    error = refusal(ec2.associate_address, AllocationId=vip, InstanceId=instance)
    assert error.response["Error"]["Code"] == "InvalidInstanceID"
    assert "There are multiple interfaces attached" in error.response["Error"]["Message"]


def test_an_instance_with_one_interface_is_taken_by_instance_id(
    ec2: Any, eni: dict[str, str], built: Built
) -> None:
    ec2.associate_address(PublicIp=VIP, InstanceId=built.nodes["b"].instance_id)
    assert address(ec2, built.public_ips[VIP])["NetworkInterfaceId"] == eni["b"]


def test_a_dry_run_answers_412_and_moves_nothing(ec2: Any, vip: str, eni: dict[str, str]) -> None:
    error = refusal(
        ec2.associate_address, AllocationId=vip, NetworkInterfaceId=eni["c"], DryRun=True
    )
    assert error.response["Error"]["Code"] == "DryRunOperation"
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert address(ec2, vip)["NetworkInterfaceId"] == eni["a"]


def test_disassociation_shows_on_the_interface(ec2: Any, eni: dict[str, str]) -> None:
    ec2.disassociate_address(PublicIp=VIP)
    assert associations(ec2, eni["a"]) == {"10.0.1.10": "", "10.0.1.100": ""}


def test_a_released_eip_is_gone(ec2: Any, vip: str, eni: dict[str, str]) -> None:
    ec2.release_address(AllocationId=vip)
    assert associations(ec2, eni["a"])["10.0.1.10"] == ""
    assert code(ec2.describe_addresses, AllocationIds=[vip]) == "InvalidAllocationID.NotFound"


def test_not_found_names_only_what_is_missing(ec2: Any, vip: str) -> None:
    error = refusal(ec2.describe_addresses, AllocationIds=[vip, "eipalloc-1"])
    assert error.response["Error"]["Message"] == "The allocation ID 'eipalloc-1' does not exist"
    error = refusal(ec2.describe_addresses, AllocationIds=["eipalloc-1", "eipalloc-2"])
    assert "'eipalloc-1, eipalloc-2'" in error.response["Error"]["Message"]
    error = refusal(ec2.describe_addresses, PublicIps=[VIP, "192.0.2.1"])
    assert error.response["Error"]["Message"] == "Address '192.0.2.1' not found."


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"AllocationId": "eipalloc-1"}, "InvalidAllocationID.NotFound"),
        ({"PublicIp": "192.0.2.1"}, "InvalidAddress.NotFound"),
        ({}, "MissingParameter"),
    ],
)
def test_an_unknown_or_missing_eip_is_refused(
    ec2: Any, eni: dict[str, str], params: dict[str, str], expected: str
) -> None:
    assert code(ec2.associate_address, NetworkInterfaceId=eni["b"], **params) == expected


def test_a_missing_target_is_refused(ec2: Any, vip: str) -> None:
    assert code(ec2.associate_address, AllocationId=vip) == "MissingParameter"
    unknown = code(ec2.associate_address, AllocationId=vip, NetworkInterfaceId="eni-1")
    assert unknown == "InvalidNetworkInterfaceID.NotFound"

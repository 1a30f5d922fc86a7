from __future__ import annotations

from typing import Any

import pytest
from cloudfail.lab.cloud.aws.corrections.private_ips import limit_of
from cloudfail.lab.cloud.aws.world import Built

from lab_cloud.aws.worlds import VIP, code

SHARED = "10.0.1.100"
V6 = "2001:db8:0:1::5"


def addresses(ec2: Any, interface: str) -> list[str]:
    found = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])
    nic = found["NetworkInterfaces"][0]
    v4 = [item["PrivateIpAddress"] for item in nic["PrivateIpAddresses"]]
    return v4 + [item["Ipv6Address"] for item in nic.get("Ipv6Addresses", [])]


def assign(ec2: Any, interface: str, *asked: str, move: bool | None = None) -> Any:
    flag = {} if move is None else {"AllowReassignment": move}
    return ec2.assign_private_ip_addresses(
        NetworkInterfaceId=interface, PrivateIpAddresses=list(asked), **flag
    )


def refused(ec2: Any, interface: str, *asked: str, move: bool | None = None) -> str:
    return code(lambda: assign(ec2, interface, *asked, move=move))


def test_reassignment_moves_an_address_from_one_holder_to_the_other(
    ec2: Any, eni: dict[str, str]
) -> None:
    answer = assign(ec2, eni["b"], SHARED, move=True)
    assert answer["AssignedPrivateIpAddresses"] == [{"PrivateIpAddress": SHARED}]
    assert SHARED in addresses(ec2, eni["b"])
    assert SHARED not in addresses(ec2, eni["a"])


@pytest.mark.parametrize("move", [None, False])
def test_without_reassignment_a_held_address_is_refused(
    ec2: Any, eni: dict[str, str], move: bool | None
) -> None:
    assert refused(ec2, eni["b"], SHARED, move=move) == "InvalidParameterValue"
    assert SHARED in addresses(ec2, eni["a"])
    assert SHARED not in addresses(ec2, eni["b"])


def test_assigning_what_is_assigned_changes_nothing(ec2: Any, eni: dict[str, str]) -> None:
    before = addresses(ec2, eni["a"])
    answer = assign(ec2, eni["a"], SHARED)
    assert not answer.get("AssignedPrivateIpAddresses")
    assert addresses(ec2, eni["a"]) == before


def test_an_eip_is_dragged_along_with_its_private_address(
    ec2: Any, eni: dict[str, str], built: Built
) -> None:
    vip = built.public_ips[VIP]
    ec2.associate_address(AllocationId=vip, NetworkInterfaceId=eni["a"], PrivateIpAddress=SHARED)
    assign(ec2, eni["b"], SHARED, move=True)
    address = ec2.describe_addresses(AllocationIds=[vip])["Addresses"][0]
    assert address["NetworkInterfaceId"] == eni["b"]
    assert address["PrivateIpAddress"] == SHARED
    assert address["InstanceId"] == built.nodes["b"].instance_id


def test_an_eip_on_another_address_stays_where_it_is(
    ec2: Any, eni: dict[str, str], built: Built
) -> None:
    assign(ec2, eni["b"], SHARED, move=True)
    address = ec2.describe_addresses(AllocationIds=[built.public_ips[VIP]])["Addresses"][0]
    assert address["NetworkInterfaceId"] == eni["a"]


def test_an_address_outside_the_subnet_is_refused(ec2: Any, eni: dict[str, str]) -> None:
    assert refused(ec2, eni["c"], SHARED, move=True) == "InvalidParameterValue"


def test_the_primary_address_of_another_interface_is_refused(ec2: Any, eni: dict[str, str]) -> None:
    assert refused(ec2, eni["b"], "10.0.1.10", move=True) == "InvalidParameterValue"
    assert "10.0.1.10" in addresses(ec2, eni["a"])


def test_a_refused_batch_assigns_none_of_its_addresses(ec2: Any, eni: dict[str, str]) -> None:
    assert refused(ec2, eni["b"], "10.0.1.50", SHARED) == "InvalidParameterValue"
    assert addresses(ec2, eni["b"]) == ["10.0.1.11", "2001:db8:0:1::b"]


def test_the_instance_type_limits_the_addresses_of_an_interface(
    ec2: Any, eni: dict[str, str]
) -> None:
    described = ec2.describe_instance_types(InstanceTypes=["t3.large"])["InstanceTypes"][0]
    limit = described["NetworkInfo"]["Ipv4AddressesPerInterface"]
    assert limit == limit_of("t3.large") == 12
    assign(ec2, eni["b"], *(f"10.0.1.{n}" for n in range(50, 50 + limit - 1)))
    assert refused(ec2, eni["b"], SHARED, move=True) == "PrivateIpAddressLimitExceeded"
    assert SHARED in addresses(ec2, eni["a"])


def test_an_unattached_interface_knows_no_limit(ec2: Any, built: Built) -> None:
    made = ec2.create_network_interface(SubnetId=built.subnets["one"])["NetworkInterface"]
    interface = made["NetworkInterfaceId"]
    assign(ec2, interface, *(f"10.0.1.{n}" for n in range(50, 80)))
    assert len(addresses(ec2, interface)) == 31


def test_a_count_assigns_that_many_addresses(ec2: Any, eni: dict[str, str]) -> None:
    answer = ec2.assign_private_ip_addresses(
        NetworkInterfaceId=eni["c"], SecondaryPrivateIpAddressCount=2
    )
    given = [item["PrivateIpAddress"] for item in answer["AssignedPrivateIpAddresses"]]
    assert addresses(ec2, eni["c"]) == ["10.0.2.10", *given]


def test_unassigning_frees_the_address_and_the_eip_on_it(
    ec2: Any, eni: dict[str, str], built: Built
) -> None:
    vip = built.public_ips[VIP]
    ec2.associate_address(AllocationId=vip, NetworkInterfaceId=eni["a"], PrivateIpAddress=SHARED)
    ec2.unassign_private_ip_addresses(NetworkInterfaceId=eni["a"], PrivateIpAddresses=[SHARED])
    assert SHARED not in addresses(ec2, eni["a"])
    address = ec2.describe_addresses(AllocationIds=[vip])["Addresses"][0]
    assert "AssociationId" not in address


@pytest.mark.parametrize("absent", ["10.0.1.199", "10.0.1.10"])
def test_unassigning_an_absent_or_primary_address_is_refused(
    ec2: Any, eni: dict[str, str], absent: str
) -> None:
    params = {"NetworkInterfaceId": eni["a"], "PrivateIpAddresses": [SHARED, absent]}
    assert code(ec2.unassign_private_ip_addresses, **params) == "InvalidParameterValue"
    assert SHARED in addresses(ec2, eni["a"])


def test_a_held_ipv6_address_is_refused_in_any_spelling(ec2: Any, eni: dict[str, str]) -> None:
    for spelling in (V6, "2001:0db8:0:0001:0:0:0:5"):
        params = {"NetworkInterfaceId": eni["b"], "Ipv6Addresses": [spelling]}
        assert code(ec2.assign_ipv6_addresses, **params) == "InvalidParameterValue"
    assert V6 in addresses(ec2, eni["a"])
    assert V6 not in addresses(ec2, eni["b"])


def test_an_ipv6_address_moves_by_unassigning_and_assigning(ec2: Any, eni: dict[str, str]) -> None:
    gone = ec2.unassign_ipv6_addresses(NetworkInterfaceId=eni["a"], Ipv6Addresses=[V6])
    assert gone["UnassignedIpv6Addresses"] == [V6]
    come = ec2.assign_ipv6_addresses(NetworkInterfaceId=eni["b"], Ipv6Addresses=[V6])
    assert come["AssignedIpv6Addresses"] == [V6]
    assert V6 in addresses(ec2, eni["b"])
    assert V6 not in addresses(ec2, eni["a"])


def test_an_ipv6_address_outside_the_subnet_is_refused(ec2: Any, eni: dict[str, str]) -> None:
    for interface in (eni["a"], eni["c"]):
        params = {"NetworkInterfaceId": interface, "Ipv6Addresses": ["2001:db8:0:7::5"]}
        assert code(ec2.assign_ipv6_addresses, **params) == "InvalidParameterValue"


def test_unassigning_an_absent_ipv6_address_is_refused(ec2: Any, eni: dict[str, str]) -> None:
    params = {"NetworkInterfaceId": eni["b"], "Ipv6Addresses": [V6]}
    assert code(ec2.unassign_ipv6_addresses, **params) == "InvalidParameterValue"

from __future__ import annotations

from typing import Any

import pytest

ABSENT_V6 = "2001:db8:0:1::77"


def found(ec2: Any, name: str, *values: str) -> list[str]:
    answer = ec2.describe_network_interfaces(Filters=[{"Name": name, "Values": list(values)}])
    return [nic["NetworkInterfaceId"] for nic in answer["NetworkInterfaces"]]


@pytest.mark.parametrize("address", ["10.0.1.100", "10.0.1.10"])
def test_an_interface_is_found_by_any_of_its_ipv4_addresses(
    ec2: Any, eni: dict[str, str], address: str
) -> None:
    assert found(ec2, "addresses.private-ip-address", address, "10.0.1.250") == [eni["a"]]


def test_an_interface_is_found_by_any_of_its_ipv6_addresses(ec2: Any, eni: dict[str, str]) -> None:
    ec2.assign_ipv6_addresses(NetworkInterfaceId=eni["b"], Ipv6Addresses=[ABSENT_V6])
    assert found(ec2, "ipv6-addresses.ipv6-address", ABSENT_V6) == [eni["b"]]
    assert found(ec2, "ipv6-addresses.ipv6-address", "2001:db8:0:1::78") == []

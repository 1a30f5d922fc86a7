"""IPv6 addresses: one holder each, and no call that moves one."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from cloudfail.lab.cloud.aws.corrections.rule import override, param, refuse, rule


def install() -> None:
    from moto.ec2.responses import EC2Response

    override(
        EC2Response,
        assign_ipv6_addresses=assign_ipv6_addresses,
        unassign_ipv6_addresses=unassign_ipv6_addresses,
    )


def assign_ipv6_addresses(response: Any) -> Any:
    """AssignIpv6Addresses as EC2 does it: all of the addresses, or none."""
    from moto.core.responses import ActionResult

    ec2 = response.ec2_backend
    eni = ec2.get_network_interface(param(response, "NetworkInterfaceId"))
    before = list(eni.ipv6_addresses)
    asked = _canonical(param(response, "Ipv6Addresses", []))
    stay_within_ipv6_block(eni, asked)
    refuse_held_elsewhere(ec2, eni, asked)
    ec2.assign_ipv6_addresses(eni.id, asked, int(param(response, "Ipv6AddressCount", 0)))
    assigned = [address for address in eni.ipv6_addresses if address not in before]
    return ActionResult({"NetworkInterfaceId": eni.id, "AssignedIpv6Addresses": assigned})


@rule(moto="assigns any IPv6 address to any interface")
def stay_within_ipv6_block(eni: Any, addresses: Sequence[str]) -> None:
    """An interface takes only IPv6 addresses of its subnet's block."""
    blocks = [
        ipaddress.ip_network(item["ipv6CidrBlock"])
        for item in eni.subnet.ipv6_cidr_block_associations.values()
    ]
    for address in addresses:
        if not any(ipaddress.ip_address(address) in block for block in blocks):
            refuse(
                "InvalidParameterValue",
                f"Address {address} is not in the range of the subnet's IPv6 CIDR blocks",
            )


@rule(moto="gives one IPv6 address to two interfaces")
def refuse_held_elsewhere(ec2: Any, eni: Any, addresses: Sequence[str]) -> None:
    """There is no reassignment of IPv6: a held address must be unassigned first."""
    for other in ec2.enis.values():
        held = [address for address in addresses if address in other.ipv6_addresses]
        if held and other is not eni:
            refuse("InvalidParameterValue", f"[{', '.join(held)}] is already assigned")


def unassign_ipv6_addresses(response: Any) -> Any:
    """UnassignIpv6Addresses as EC2 does it: all of the addresses, or none."""
    from moto.core.responses import ActionResult

    ec2 = response.ec2_backend
    eni = ec2.get_network_interface(param(response, "NetworkInterfaceId"))
    asked = _canonical(param(response, "Ipv6Addresses", []))
    refuse_to_unassign_absent_ipv6(eni, asked)
    ec2.unassign_ipv6_addresses(eni.id, asked)
    return ActionResult({"NetworkInterfaceId": eni.id, "UnassignedIpv6Addresses": asked})


@rule(moto="accepts to unassign an IPv6 address that the interface does not have")
def refuse_to_unassign_absent_ipv6(eni: Any, addresses: Sequence[str]) -> None:
    """Only IPv6 addresses that the interface has can be unassigned."""
    for address in addresses:
        if address not in eni.ipv6_addresses:
            refuse(
                "InvalidParameterValue",
                f"The address {address} is not mapped to interface {eni.id}",
            )


def _canonical(addresses: Sequence[str]) -> list[str]:
    return [str(ipaddress.ip_address(address)) for address in addresses]

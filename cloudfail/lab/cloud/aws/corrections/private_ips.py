"""Secondary private IPv4 addresses: one holder each, moved only when that is asked for."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from cloudfail.lab.cloud.aws.corrections.public_ips import free, private_address_of, show
from cloudfail.lab.cloud.aws.corrections.rule import flag, override, param, refuse, rule


def install() -> None:
    from moto.ec2.responses import EC2Response

    override(
        EC2Response,
        assign_private_ip_addresses=assign_private_ip_addresses,
        unassign_private_ip_addresses=unassign_private_ip_addresses,
    )


def assign_private_ip_addresses(response: Any) -> Any:
    """AssignPrivateIpAddresses as EC2 does it: all of the addresses, or none."""
    from moto.core.responses import ActionResult

    ec2 = response.ec2_backend
    eni = ec2.get_network_interface(param(response, "NetworkInterfaceId"))
    before = set(_addresses(eni))
    asked = list(param(response, "PrivateIpAddresses", []))
    count = int(param(response, "SecondaryPrivateIpAddressCount", 0))
    new = [address for address in asked if address not in before]
    stay_within_subnet(eni, new)
    stay_within_limit(eni, len(new) + count)
    may_move = flag(response, "AllowReassignment", default=False)
    take_from_others(ec2, eni, new, may_move=may_move)
    ec2.assign_private_ip_addresses(eni.id, new, count)
    drag_public_ips(ec2, eni, new)
    show(ec2)
    assigned = [item for item in _addresses(eni) if item not in before]
    return ActionResult(
        {
            "NetworkInterfaceId": eni.id,
            "AssignedPrivateIpAddresses": [{"PrivateIpAddress": item} for item in assigned],
        }
    )


@rule(moto="assigns addresses outside the interface's subnet")
def stay_within_subnet(eni: Any, addresses: Sequence[str]) -> None:
    """An interface takes only addresses of its own subnet."""
    network = ipaddress.ip_network(eni.subnet.cidr_block)
    for address in addresses:
        if ipaddress.ip_address(address) not in network:
            refuse(
                "InvalidParameterValue",
                f"Address {address} does not fall within the subnet's address range",
            )


@rule(moto="knows no limit")
def stay_within_limit(eni: Any, more: int) -> None:
    """The instance type limits the IPv4 addresses of an interface.

    Code and message as in aws/amazon-vpc-cni-k8s #989.
    """
    if eni.instance is None:
        return
    if len(eni.private_ip_addresses) + more > limit_of(eni.instance.instance_type):
        refuse("PrivateIpAddressLimitExceeded", "Number of private addresses will exceed limit.")


def limit_of(instance_type: str) -> int:
    """IPv4 addresses per interface, as DescribeInstanceTypes tells them."""
    from moto.ec2.models.instance_types import INSTANCE_TYPES

    return int(INSTANCE_TYPES[instance_type]["NetworkInfo"]["Ipv4AddressesPerInterface"])


@rule(moto="ignores AllowReassignment: two interfaces then hold the address")
def take_from_others(ec2: Any, eni: Any, addresses: Sequence[str], *, may_move: bool) -> None:
    """A held address moves with AllowReassignment, and is refused without; a primary never moves.

    The message is EC2's class, not its text, which no source confirms.
    """
    held = [
        (other, item)
        for other in ec2.enis.values()
        if other is not eni and other.subnet.vpc_id == eni.subnet.vpc_id
        for item in other.private_ip_addresses
        if item["PrivateIpAddress"] in addresses
    ]
    for other, item in held:
        if item.get("Primary") or not may_move:
            address = item["PrivateIpAddress"]
            refuse("InvalidParameterValue", f"[{address}] is already assigned to {other.id}")
    for other, item in held:
        other.private_ip_addresses.remove(item)


@rule(moto="leaves the EIP at the interface that lost the private address")
def drag_public_ips(ec2: Any, eni: Any, addresses: Sequence[str]) -> None:
    """An EIP moves along with the private address that it sits on."""
    for eip in ec2.addresses:
        if eip.eni is not None and private_address_of(eip) in addresses:
            eip.lab_private_address = private_address_of(eip)
            eip.eni, eip.instance = eni, eni.instance


def unassign_private_ip_addresses(response: Any) -> Any:
    """UnassignPrivateIpAddresses as EC2 does it: all of the addresses, or none."""
    from moto.core.responses import EmptyResult

    ec2 = response.ec2_backend
    eni = ec2.get_network_interface(param(response, "NetworkInterfaceId"))
    asked = param(response, "PrivateIpAddresses", [])
    refuse_to_unassign_absent(eni, asked)
    ec2.unassign_private_ip_addresses(eni.id, asked)
    drop_public_ips(ec2, eni, asked)
    show(ec2)
    return EmptyResult()


@rule(moto="accepts to unassign what the interface does not have, and its primary address")
def refuse_to_unassign_absent(eni: Any, addresses: Sequence[str]) -> None:
    """Only secondary addresses that the interface has can be unassigned."""
    secondary = [i["PrivateIpAddress"] for i in eni.private_ip_addresses if not i.get("Primary")]
    absent = [address for address in addresses if address not in secondary]
    if absent:
        refuse(
            "InvalidParameterValue",
            f"Some of [{', '.join(absent)}] are not assigned to interface {eni.id}",
        )


@rule(moto="leaves the EIP associated with an address that is gone")
def drop_public_ips(ec2: Any, eni: Any, addresses: Sequence[str]) -> None:
    """Unassigning a private address disassociates the EIP that sits on it."""
    for eip in ec2.addresses:
        if eip.eni is eni and private_address_of(eip) in addresses:
            free(eip)


def _addresses(eni: Any) -> list[str]:
    return [item["PrivateIpAddress"] for item in eni.private_ip_addresses]

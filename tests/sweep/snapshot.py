"""Everything in the embedded cloud that a promotion could change, read through EC2's own API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

# (what, where) -> its state in a few words.
Snapshot = Mapping[tuple[str, str], str]
# AWS gives a new one at each association; nothing depends on it.
VOLATILE = {"AssociationId", "AttachTime", "LaunchTime", "AssociateAddress"}


def take_snapshot(ec2: Any) -> Snapshot:
    """Addresses, their private addresses, interfaces with all attributes, routes, tables."""
    return dict(
        [
            *_addresses(ec2.describe_addresses()),
            *_interfaces(ec2.describe_network_interfaces()),
            *_routes(ec2.describe_route_tables()),
        ]
    )


def differences(before: Snapshot, after: Snapshot) -> dict[tuple[str, str], tuple[str, str]]:
    """What is not as it was: (before, after), "" for what was or is not there."""
    return {
        key: (before.get(key, ""), after.get(key, ""))
        for key in {**before, **after}
        if before.get(key, "") != after.get(key, "")
    }


def _addresses(answer: Any) -> Iterator[tuple[tuple[str, str], str]]:
    for item in answer["Addresses"]:
        where = item.get("NetworkInterfaceId", ""), item.get("PrivateIpAddress", "")
        yield ("public-ip", item["PublicIp"]), " ".join(where).strip()
        yield ("allocation", item["PublicIp"]), item["AllocationId"]


def _interfaces(answer: Any) -> Iterator[tuple[tuple[str, str], str]]:
    for item in answer["NetworkInterfaces"]:
        name = item["NetworkInterfaceId"]
        for private in item.pop("PrivateIpAddresses"):
            kind = "primary" if private["Primary"] else "secondary"
            yield ("private-ip", private["PrivateIpAddress"]), f"{name} {kind}"
        for address in item.pop("Ipv6Addresses"):
            yield ("private-ip", address["Ipv6Address"]), f"{name} ipv6"
        # What the associations say is in "public-ip" already.
        item.pop("Association", None)
        yield ("interface", name), _text(item)


def _routes(answer: Any) -> Iterator[tuple[tuple[str, str], str]]:
    for table in answer["RouteTables"]:
        name = table["RouteTableId"]
        for route in table.pop("Routes"):
            destination = route.get("DestinationCidrBlock") or route["DestinationIpv6CidrBlock"]
            target = route.get("NetworkInterfaceId") or route.get("GatewayId", "")
            yield ("route", f"{name} {destination}"), f"{target} {route['State']}"
        yield ("table", name), _text(table)


def _text(item: Any) -> str:
    return msgspec.json.encode(_stable(item), order="sorted", enc_hook=str).decode()


def _stable(item: Any) -> Any:
    if isinstance(item, dict):
        return {key: _stable(value) for key, value in item.items() if key not in VOLATILE}
    if isinstance(item, list):
        return [_stable(value) for value in item]
    return item

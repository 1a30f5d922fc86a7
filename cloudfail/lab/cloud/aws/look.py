"""Who holds what in moto's EC2."""

from __future__ import annotations

from typing import Any

from cloudfail.lab.cloud.ledger import Target


def look(ec2: Any) -> dict[Target, str]:
    """(kind, target) -> holder, of everything in moto's EC2 backend that can change hands."""
    holders: dict[Target, str] = {}
    for eip in ec2.addresses:
        holders["public-ip", eip.public_ip] = eip.eni.id if eip.eni else ""
    for eni in ec2.enis.values():
        for item in eni.private_ip_addresses:
            holders["private-ip", item["PrivateIpAddress"]] = eni.id
        for address in eni.ipv6_addresses:
            holders["private-ip", address] = eni.id
    for table in ec2.route_tables.values():
        for route in table.routes:
            destination = route.destination_cidr_block or route.destination_ipv6_cidr_block
            if destination and not route.local:
                holders["route", f"{table.id} {destination}"] = _target_of(route)
    return holders


def _target_of(route: Any) -> str:
    if route.state == "blackhole":
        return ""
    return str(route.network_interface_id or route.nat_gateway_id or route.gateway_id or "")

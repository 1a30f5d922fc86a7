"""Filters of DescribeNetworkInterfaces by the addresses that an interface has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cloudfail.lab.cloud.aws.corrections.rule import override, rule


def install() -> None:
    from moto.ec2.models.elastic_network_interfaces import NetworkInterface

    override(
        NetworkInterface, get_filter_value=filter_by_any_address(NetworkInterface.get_filter_value)
    )


class AnyOf:
    """Equals each of its values. Of a plain list moto wants all, or only, the values asked for."""

    def __init__(self, values: Iterable[str]) -> None:
        self._values = frozenset(values)

    def __eq__(self, other: object) -> bool:
        return other in self._values

    def __hash__(self) -> int:
        return hash(self._values)


@rule(moto="compares the primary IPv4 address only, and fails on the IPv6 filter")
def filter_by_any_address(method: Any) -> Any:
    """The filters by address match an interface by any of its addresses."""

    def value_of(eni: Any, filter_name: str, method_name: str | None = None) -> Any:
        if filter_name == "addresses.private-ip-address":
            return AnyOf(item["PrivateIpAddress"] for item in eni.private_ip_addresses)
        if filter_name == "ipv6-addresses.ipv6-address":
            return AnyOf(eni.ipv6_addresses)
        return method(eni, filter_name, method_name)

    return value_of

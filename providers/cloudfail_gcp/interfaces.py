"""Network interfaces, what they carry, and what surrounds them, as values."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any

import msgspec
from cloudfail.model import Address, Network

from cloudfail_gcp.links import interface_id, path_of

# Reference, NetworkInterface.stackType: "If not specified, IPV4_ONLY is used."
_WITHOUT_IPV6 = frozenset({"", "IPV4_ONLY"})
Ranges = tuple[Mapping[str, str], ...]


class AccessConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What makes an external IPv4 address an interface's. `ptr` is "" without a PTR record."""

    name: str
    address: Address | None
    tier: str
    ptr: str = ""
    policy: str = ""

    @classmethod
    def read(cls, answer: Any) -> AccessConfig:
        return cls(
            name=answer.name,
            address=ip_address(answer.nat_i_p) if answer.nat_i_p else None,
            tier=answer.network_tier or "PREMIUM",
            ptr=answer.public_ptr_domain_name if answer.set_public_ptr else "",
            policy=answer.security_policy,
        )


class Interface(msgspec.Struct, frozen=True, kw_only=True):
    """`machine`, `network` and `subnetwork` are paths. `aliases` are those of `aliasIpRanges`."""

    machine: str
    name: str
    network: str
    subnetwork: str
    address: Address | None
    fingerprint: str
    aliases: Ranges = ()
    config: AccessConfig | None = None
    has_ipv6: bool = False

    @property
    def ref(self) -> str:
        return interface_id(self.machine, self.name)

    @property
    def ranges(self) -> tuple[Network, ...]:
        return tuple(range_of(alias) for alias in self.aliases)

    @classmethod
    def read(cls, machine: str, answer: Any) -> Interface:
        configs = [AccessConfig.read(config) for config in answer.access_configs]
        return cls(
            machine=machine,
            name=answer.name,
            network=path_of(answer.network),
            subnetwork=path_of(answer.subnetwork),
            address=ip_address(answer.network_i_p) if answer.network_i_p else None,
            fingerprint=answer.fingerprint,
            aliases=tuple(
                alias_of(alias.ip_cidr_range, alias.subnetwork_range_name)
                for alias in answer.alias_ip_ranges
            ),
            config=configs[0] if configs else None,
            has_ipv6=answer.stack_type not in _WITHOUT_IPV6,
        )


class Reserved(msgspec.Struct, frozen=True, kw_only=True):
    """A reserved external address; `users` are the paths of what has it."""

    path: str
    tier: str
    users: tuple[str, ...] = ()


class Subnet(msgspec.Struct, frozen=True, kw_only=True):
    """`ranges` maps names to networks; "" is the primary range's.

    `reaches_google`: Private Google Access is on.
    """

    path: str
    ranges: Mapping[str, Network]
    reaches_google: bool = False

    @classmethod
    def read(cls, answer: Any) -> Subnet:
        second = {r.range_name: ip_network(r.ip_cidr_range) for r in answer.secondary_ip_ranges}
        return cls(
            path=path_of(answer.self_link),
            ranges={"": ip_network(answer.ip_cidr_range), **second},
            reaches_google=answer.private_ip_google_access,
        )

    def name_of(self, wanted: Network) -> str | None:
        """Return the name of the range that `wanted` is in; None when it is in none."""
        for name, known in self.ranges.items():
            if known.version == wanted.version and wanted.subnet_of(known):  # type: ignore[arg-type]
                return name
        return None


def alias_of(cidr: str, range_name: str) -> Mapping[str, str]:
    """Return an item of `aliasIpRanges`."""
    return {"ipCidrRange": cidr, **({"subnetworkRangeName": range_name} if range_name else {})}


def range_of(alias: Mapping[str, str]) -> Network:
    return ip_network(alias["ipCidrRange"])

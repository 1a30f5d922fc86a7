"""Network interfaces: found by name, by address, by what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import msgspec

from cloudfail.lab.cloud.gcp.answers import Json, invalid
from cloudfail.lab.cloud.gcp.links import path_of, project_of
from cloudfail.lab.cloud.gcp.store import Store

Network = IPv4Network | IPv6Network


class Seat(msgspec.Struct, frozen=True):
    """A network interface of an instance; `instance` is a path."""

    instance: str
    nic: Json

    @property
    def id(self) -> str:
        return f"{self.instance}/networkInterfaces/{self.nic['name']}"

    @property
    def network(self) -> str:
        return path_of(self.nic["network"], project_of(self.instance))

    @property
    def subnetwork(self) -> str:
        return path_of(self.nic["subnetwork"], project_of(self.instance))

    @property
    def ranges(self) -> list[Network]:
        """The alias ranges."""
        return [ip_network(item["ipCidrRange"]) for item in self.nic.get("aliasIpRanges", ())]

    @property
    def nat_ips(self) -> list[str]:
        """The external addresses, IPv4 and IPv6. A stopped machine's config may have none."""
        configs = (*self.nic.get("accessConfigs", ()), *self.nic.get("ipv6AccessConfigs", ()))
        found = [item.get("natIP") or item.get("externalIpv6", "") for item in configs]
        return [address for address in found if address]


def seats(store: Store) -> Iterator[Seat]:
    for path, instance in store.every("instances"):
        for nic in instance["networkInterfaces"]:
            yield Seat(path, nic)


def seat_of(store: Store, instance: str, name: str) -> Seat:
    """ComputeError 404 without the instance, 400 without that interface."""
    return Seat(instance, nic_of(store.get(instance), name))


def nic_of(instance: Json, name: str) -> Json:
    for nic in instance["networkInterfaces"]:
        if nic["name"] == name:
            found: Json = nic
            return found
    raise invalid("networkInterface", name, "The network interface was not found.")


def is_same_address(one: str, other: str) -> bool:
    return ip_address(one.partition("/")[0]) == ip_address(other.partition("/")[0])

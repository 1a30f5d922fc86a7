"""Network interfaces: their ipConfigurations, and everything that those refer to."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import msgspec

from cloudfail.lab.cloud.azure.answers import Json
from cloudfail.lab.cloud.azure.links import parent_of
from cloudfail.lab.cloud.azure.store import Store

Address = IPv4Address | IPv6Address
Link = tuple[str, str]
LISTS = {
    "applicationSecurityGroups": "applicationSecurityGroups/joinIpConfiguration/action",
    "loadBalancerBackendAddressPools": "loadBalancers/backendAddressPools/join/action",
    "loadBalancerInboundNatRules": "loadBalancers/inboundNatRules/join/action",
}


class Config(msgspec.Struct, frozen=True):
    """An ipConfiguration and the interface that it is of."""

    nic: str
    document: Json

    @property
    def name(self) -> str:
        return str(self.document.get("name", ""))

    @property
    def id(self) -> str:
        return f"{self.nic}/ipConfigurations/{self.name}"

    @property
    def properties(self) -> Json:
        found: Json = self.document.get("properties") or {}
        return found

    @property
    def address(self) -> Address | None:
        given = self.properties.get("privateIPAddress")
        return ip_address(given) if given else None

    @property
    def version(self) -> str:
        return str(self.properties.get("privateIPAddressVersion") or "IPv4")

    @property
    def public_ip(self) -> str:
        """The id of its public IP address, or ""."""
        return str((self.properties.get("publicIPAddress") or {}).get("id", ""))

    @property
    def subnet(self) -> str:
        return str((self.properties.get("subnet") or {}).get("id", ""))

    @property
    def network(self) -> str:
        return parent_of(self.subnet)

    @property
    def is_primary(self) -> bool:
        return bool(self.properties.get("primary"))

    def links(self) -> Iterator[Link]:
        """Go through all that it refers to: the action that is needed on it, and its id."""
        if self.subnet:
            yield "virtualNetworks/subnets/join/action", self.subnet
        if self.properties.get("publicIPAddress") is not None:
            yield "publicIPAddresses/join/action", self.public_ip
        for field, action in LISTS.items():
            for item in self.properties.get(field) or ():
                yield action, str(item.get("id", ""))

    def linked(self, field: str) -> list[str]:
        """Return the ids of one of its lists."""
        return [item["id"] for item in self.properties.get(field) or ()]


def configs_of(nic: Json, resource: str = "") -> list[Config]:
    """Return the ipConfigurations of a NIC; `resource` is its id when it has none inside yet."""
    properties: Json = nic.get("properties") or {}
    given: list[Any] = properties.get("ipConfigurations") or []
    return [Config(resource or nic["id"], item) for item in given]


def links_of(nic: Json, resource: str) -> Iterator[Link]:
    """Go through all that a NIC refers to, its configurations' links too."""
    group = (nic.get("properties") or {}).get("networkSecurityGroup")
    if group is not None:
        yield "networkSecurityGroups/join/action", str(group.get("id", ""))
    for config in configs_of(nic, resource):
        yield from config.links()


def configs(store: Store) -> Iterator[Config]:
    """Go through all ipConfigurations, as they were asked for."""
    for nic in store.every("networkInterfaces"):
        yield from configs_of(nic)


def effective_configs(store: Store) -> Iterator[Config]:
    """Go through them as they are in effect."""
    for nic in store.every_effective("networkInterfaces"):
        yield from configs_of(nic)

"""What Azure answers, as values; of a document that is changed, the JSON as it came as well."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any

import msgspec
from cloudfail.model import Address, Network

from cloudfail_azure.links import network_of, same

Document = Mapping[str, Any]


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """An ipConfiguration. `subnet` and `public_ip` are ids, "" for none."""

    name: str
    address: Address | None
    is_primary: bool
    subnet: str
    public_ip: str
    document: Document

    @classmethod
    def read(cls, document: Any) -> Config:
        properties = document.get("properties") or {}
        return cls(
            name=document["name"],
            address=_address(properties.get("privateIPAddress")),
            is_primary=bool(properties.get("primary")),
            subnet=_id(properties.get("subnet")),
            public_ip=_id(properties.get("publicIPAddress")),
            document=document,
        )


class Interface(msgspec.Struct, frozen=True, kw_only=True):
    """A network interface. `machine` is its virtual machine's id; `mac` has colons, lower case.

    `is_first`: it is the virtual machine's primary one.
    """

    id: str
    etag: str
    location: str
    state: str
    machine: str
    mac: str
    forwards: bool
    is_first: bool
    configs: tuple[Config, ...]
    document: Document

    @property
    def primary(self) -> Config | None:
        """The primary ipConfiguration; the only one may not say that it is."""
        return next((c for c in self.configs if c.is_primary), next(iter(self.configs), None))

    @property
    def subnet(self) -> str:
        return self.primary.subnet if self.primary is not None else ""

    @property
    def network(self) -> str:
        """The id of its virtual network."""
        return network_of(self.subnet)

    @property
    def addresses(self) -> tuple[Address, ...]:
        return tuple(c.address for c in self.configs if c.address is not None)

    def with_address(self, address: Address) -> Config | None:
        return next((c for c in self.configs if c.address == address), None)

    def with_public_ip(self, public_ip: str) -> Config | None:
        return next((c for c in self.configs if same(c.public_ip, public_ip)), None)

    def first_of(self, version: int) -> Config | None:
        """Return the primary ipConfiguration of an IP version: for IPv6 the first there is."""
        of_version = [c for c in self.configs if c.address and c.address.version == version]
        if self.primary in of_version:
            return self.primary
        return next(iter(of_version), None)

    @classmethod
    def read(cls, document: Any) -> Interface:
        properties = document.get("properties") or {}
        return cls(
            id=document["id"],
            etag=document.get("etag", ""),
            location=document.get("location") or "",
            state=properties.get("provisioningState", ""),
            machine=_id(properties.get("virtualMachine")),
            mac=mac_of(properties.get("macAddress") or ""),
            forwards=bool(properties.get("enableIPForwarding")),
            is_first=bool(properties.get("primary")),
            configs=tuple(map(Config.read, properties.get("ipConfigurations") or ())),
            document=document,
        )


class PublicAddress(msgspec.Struct, frozen=True, kw_only=True):
    """A public IP address. `user` is the id of what has it: an ipConfiguration, a NAT gateway."""

    id: str
    address: Address | None
    location: str
    sku: str
    is_static: bool
    zones: tuple[str, ...]
    user: str

    @classmethod
    def read(cls, document: Any) -> PublicAddress:
        properties = document.get("properties") or {}
        return cls(
            id=document["id"],
            address=_address(properties.get("ipAddress")),
            location=document.get("location") or "",
            sku=(document.get("sku") or {}).get("name", "Basic"),
            is_static=properties.get("publicIPAllocationMethod") == "Static",
            zones=tuple(document.get("zones") or ()),
            user=_id(properties.get("ipConfiguration")) or _id(properties.get("natGateway")),
        )


class TableRoute(msgspec.Struct, frozen=True, kw_only=True):
    """`destination` is None for a service tag; `hops` are the next hop's addresses."""

    id: str
    etag: str
    prefix: str
    destination: Network | None
    hop_type: str
    hops: tuple[Address, ...]
    document: Document

    @classmethod
    def read(cls, document: Any) -> TableRoute:
        properties = document.get("properties") or {}
        several = (properties.get("nextHop") or {}).get("nextHopIpAddresses") or ()
        hops = [properties.get("nextHopIpAddress"), *several]
        return cls(
            id=document["id"],
            etag=document.get("etag", ""),
            prefix=properties.get("addressPrefix", ""),
            destination=_network(properties.get("addressPrefix")),
            hop_type=properties.get("nextHopType", ""),
            hops=tuple(hop for hop in map(_address, hops) if hop is not None),
            document=document,
        )


class RouteTable(msgspec.Struct, frozen=True, kw_only=True):
    """`subnets` are the ids of those whose packets follow it."""

    id: str
    routes: tuple[TableRoute, ...]
    subnets: tuple[str, ...]
    document: Document

    @classmethod
    def read(cls, document: Any) -> RouteTable:
        properties = document.get("properties") or {}
        return cls(
            id=document["id"],
            routes=tuple(map(TableRoute.read, properties.get("routes") or ())),
            subnets=tuple(_id(subnet) for subnet in properties.get("subnets") or ()),
            document=document,
        )


class Tenant(msgspec.Struct, frozen=True, kw_only=True):
    """Who has an address of a subnet; `address` is None where Azure only gave the id."""

    id: str
    address: Address | None


class Subnet(msgspec.Struct, frozen=True, kw_only=True):
    """`nat` and `table` are ids, "" for none; `tenants` are the ipConfigurations in it."""

    id: str
    prefixes: tuple[Network, ...]
    nat: str
    table: str
    tenants: tuple[Tenant, ...] = ()

    @classmethod
    def read(cls, document: Any) -> Subnet:
        properties = document.get("properties") or {}
        one = properties.get("addressPrefix")
        prefixes = properties.get("addressPrefixes") or ([one] if one else [])
        tenants = properties.get("ipConfigurations") or ()
        return cls(
            id=document["id"],
            prefixes=tuple(ip_network(prefix) for prefix in prefixes),
            nat=_id(properties.get("natGateway")),
            table=_id(properties.get("routeTable")),
            tenants=tuple(
                Tenant(
                    id=tenant["id"],
                    address=_address((tenant.get("properties") or {}).get("privateIPAddress")),
                )
                for tenant in tenants
            ),
        )


def mac_of(text: str) -> str:
    """Return a MAC address as Linux writes it: Azure writes `00-0D-3A-...`, or `000D3A...`."""
    digits = text.replace("-", "").replace(":", "").lower()
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def _id(reference: Any) -> str:
    return str(reference["id"]) if reference else ""


def _address(text: Any) -> Address | None:
    try:
        return ip_address(text) if text else None
    except ValueError:
        return None  # a whole block of addresses


def _network(text: Any) -> Network | None:
    try:
        return ip_network(text)
    except ValueError:
        return None  # a service tag

"""Who holds what in the embedded Azure, and so where its data plane sends packets."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from cloudfail.lab.cloud.azure.answers import Json
from cloudfail.lab.cloud.azure.links import key_of, top_of
from cloudfail.lab.cloud.azure.nics import Config, configs_of
from cloudfail.lab.cloud.azure.rules.routes import APPLIANCE
from cloudfail.lab.cloud.azure.store import Store
from cloudfail.lab.cloud.azure.users import standing_users
from cloudfail.lab.cloud.ledger import Target

_NOWHERE = "None"


def look(store: Store) -> dict[Target, str]:
    """(kind, target) -> holder, of everything that can change hands; what is in effect counts."""
    addresses = {
        key_of(item["id"]): item["properties"]["ipAddress"]
        for item in store.every("publicIPAddresses")
    }
    holders: dict[Target, str] = {("public-ip", value): "" for value in addresses.values()}
    for key, user in standing_users(store):
        holders["public-ip", addresses[key]] = top_of(user)
    for nic in store.every_effective("networkInterfaces"):
        for config in configs_of(nic):
            holders["private-ip", str(config.address)] = config.nic
            if config.public_ip:
                holders["public-ip", addresses[key_of(config.public_ip)]] = config.nic
    holders.update(_routes(store))
    return holders


def _routes(store: Store) -> Iterator[tuple[Target, str]]:
    for table in store.every_effective("routeTables"):
        for route in table["properties"].get("routes", ()):
            prefix = _prefix(route["properties"]["addressPrefix"])
            yield ("route", f"{table['id']} {prefix}"), next_hop(store, route)


def next_hop(store: Store, route: Json) -> str:
    """Return the id of the interface that gets a route's packets; "" when they are dropped.

    virtual-network/virtual-networks-udr-overview: a virtual appliance's interface needs IP
    forwarding; `None` drops. A hop that is no interface is called by its type.
    """
    properties = route["properties"]
    if properties["nextHopType"] != APPLIANCE:
        kind = str(properties["nextHopType"])
        return "" if kind == _NOWHERE else kind
    wanted = ip_address(properties["nextHopIpAddress"])
    for nic, config in _seats(store):
        if config.address == wanted:
            return config.nic if nic["properties"].get("enableIPForwarding") else ""
    return ""


def _seats(store: Store) -> Iterator[tuple[Json, Config]]:
    for nic in store.every_effective("networkInterfaces"):
        for config in configs_of(nic):
            yield nic, config


def _prefix(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        return text  # a service tag

"""Builds a world into a store; the same rules hold it that hold the API's users."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from cloudfail.errors import UsageError
from cloudfail.lab.cloud.azure.answers import ArmError
from cloudfail.lab.cloud.azure.grounds import Grounds
from cloudfail.lab.cloud.azure.machines import Machines
from cloudfail.lab.cloud.azure.store import Store
from cloudfail.lab.cloud.azure.world import Built, BuiltNode, World


class Builder:
    """One world into an empty store. UsageError when Azure's rules do not allow that world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.store = Store()
        self._grounds = Grounds(world, self.store)
        self._machines = Machines(world, self.store, self._grounds)

    def build(self) -> Built:
        try:
            return self._build()
        except (ArmError, KeyError, ValueError) as exc:
            raise UsageError(f"the embedded cloud cannot build this world: {exc}") from exc

    @property
    def zones(self) -> Mapping[str, str]:
        """The zones of virtual machines, by the key of their ids."""
        return self._machines.zones

    @property
    def locks(self) -> list[tuple[str, str]]:
        return [(lock.scope, lock.level) for lock in self._world.locks]

    @property
    def planted(self) -> frozenset[str]:
        """The names of all fields that this world planted, though no model has them."""
        return frozenset(name for extra in self._extras() for name in _names(extra))

    def _extras(self) -> Iterator[Any]:
        for address in self._world.public_ips:
            yield address.extra
        for table in self._world.route_tables:
            yield from (route.extra for route in table.routes)
        for node in self._world.nodes:
            for interface in node.interfaces:
                yield interface.extra
                yield interface.top_extra
                yield from (config.extra for config in interface.configs)

    def _build(self) -> Built:
        grounds, world = self._grounds, self._world
        grounds.build()
        nodes = {node.name: self._machines.build(node) for node in world.nodes}
        tables = {table.name: grounds.tables[table.name] for table in world.route_tables}
        for table in world.route_tables:
            for route in table.routes:
                hop = _hop(nodes, route) if route.holder else route.next_hop
                self._machines.put_route(f"{tables[table.name]}/routes/{route.name}", route, hop)
        return Built(
            subscription=world.subscription,
            tenant=world.tenant,
            group=world.group,
            location=world.location,
            nodes=nodes,
            public_ips=grounds.addresses,
            route_tables=tables,
            networks=grounds.networks,
            subnets=grounds.subnets,
            load_balancers=grounds.balancers,
            security_groups=grounds.security_groups,
            application_groups=grounds.application_groups,
            prefixes=grounds.prefixes,
        )


def _hop(nodes: Mapping[str, BuiltNode], route: Any) -> str:
    version = ip_network(route.prefix).version
    for text in nodes[route.holder].interfaces[0].addresses:
        if ip_address(text).version == version:
            return text
    raise ValueError(
        f"{route.holder} has no IPv{version} address to be the next hop of {route.name}"
    )


def _names(extra: Any) -> Iterator[str]:
    if isinstance(extra, Mapping):
        for name, value in extra.items():
            yield str(name)
            yield from _names(value)
    elif isinstance(extra, list | tuple):
        for item in extra:
            yield from _names(item)

"""What is claimed in each sweep, the world that it happens in, and what has to come of it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import msgspec
from cloudfail.lab.cloud.azure.world import (
    Built,
    World,
    WorldConfig,
    WorldGroup,
    WorldInterface,
    WorldLoadBalancer,
    WorldNode,
    WorldPublicIp,
    WorldRoute,
    WorldRouteTable,
    WorldSubnet,
)

from sweep.azure.snapshot import Snapshot, config_key, route_key
from sweep.cases import NEW, OLD, THIRD

FLOATING, SECOND, PUBLIC, ALONG = "10.0.1.100", "10.0.1.101", "203.0.113.7", "203.0.113.8"
DESTINATION = "10.99.0.0/16"
WEB: Any = {"application_groups": ("web",)}


def _node(name: str, last: int, *more: WorldConfig, public_ip: str = "") -> WorldNode:
    configs = (
        WorldConfig(f"10.0.1.{last}", "one", public_ip=public_ip, extra={"x": last}, **WEB),
        WorldConfig(f"10.0.1.{last + 1}", "one", name="other", **WEB),
        *more,
    )
    nic = WorldInterface(configs, security_group="edge", dns_servers=("10.0.1.4",), extra={"y": 1})
    return WorldNode(name, (nic,))


WORLD = World(
    subnets=(WorldSubnet("one", "10.0.1.0/24", nat=True),),
    nodes=(
        _node(
            OLD,
            10,
            WorldConfig(
                FLOATING,
                "one",
                name="vip",
                public_ip=ALONG,
                **WEB,
                pools=("edge/pool",),
                nat_rules=("edge/ssh",),
                extra={"x": ["unknown", {"as": "well"}]},
            ),
            WorldConfig(SECOND, "one", name="vip2", **WEB),
            public_ip=PUBLIC,
        ),
        _node(NEW, 20),
        _node(THIRD, 40),
        _node("bystander", 30, public_ip="198.51.100.30"),
    ),
    public_ips=(
        WorldPublicIp("edge", PUBLIC),
        WorldPublicIp("along", ALONG, zones=("1",)),
        WorldPublicIp("free", "203.0.113.9"),
    ),
    route_tables=(
        WorldRouteTable(
            "one",
            (WorldRoute("edge", DESTINATION, OLD), WorldRoute("other", "10.98.0.0/16", OLD)),
        ),
        WorldRouteTable("two", (WorldRoute("edge", DESTINATION, OLD),), group="apart"),
        WorldRouteTable("empty"),
    ),
    load_balancers=(WorldLoadBalancer("edge", pools=("pool",), nat_rules={"ssh": 2222}),),
    security_groups=(WorldGroup("edge"),),
    application_groups=(WorldGroup("web"),),
)

Goal = Callable[[Snapshot, Built, str], None]


class Case(msgspec.Struct, frozen=True):
    """`claims` is TOML of `[[instance.edge.claim]]` tables; `goals` make the snapshot of what was
    the one of what has to be once a node owns every claim."""

    name: str
    claims: str
    goals: tuple[Goal, ...]

    def toml(self, built: Any) -> str:
        del built
        return self.claims

    def expected(self, before: Snapshot, built: Built, node: str) -> Snapshot:
        found = copy.deepcopy(before)
        for goal in self.goals:
            goal(found, built, node)
        return found


def _claim(kind: str, **keys: str) -> str:
    lines = [f"{key} = {value}" for key, value in keys.items()]
    return "\n".join(["[[instance.edge.claim]]", f'kind = "{kind}"', *lines, ""])


def _private(found: Snapshot, built: Built, node: str) -> None:
    """The ipConfigurations are the new holder's, with all that was on them."""
    nics = {name: one.interface_id for name, one in built.nodes.items()}
    for address in (FLOATING, SECOND):
        moved = found.pop(config_key(nics[OLD], address))
        found[config_key(nics[node], address)] = moved


def _public(found: Snapshot, built: Built, node: str) -> None:
    nics = {name: one.interface_id for name, one in built.nodes.items()}
    reference = found[config_key(nics[OLD], "10.0.1.10")]["properties"].pop("publicIPAddress")
    primary = built.nodes[node].address
    found[config_key(nics[node], primary)]["properties"]["publicIPAddress"] = reference


def _route(found: Snapshot, built: Built, node: str) -> None:
    hop = built.nodes[node].address
    for table in ("one", "two"):
        route = found[route_key(built.route_tables[table], DESTINATION)]
        route["properties"]["nextHopIpAddress"] = hop
    made = {
        "name": "cloudfail-10-99-0-0-16",
        "properties": {
            "addressPrefix": DESTINATION,
            "nextHopType": "VirtualAppliance",
            "nextHopIpAddress": hop,
            "hasBgpOverride": False,
        },
    }
    found[route_key(built.route_tables["empty"], DESTINATION)] = made


PRIVATE = Case(
    "private-ip",
    _claim("private-ip", address=f'"{FLOATING}"') + _claim("private-ip", address=f'"{SECOND}"'),
    (_private,),
)
PUBLIC_IP = Case("public-ip", _claim("public-ip", address=f'"{PUBLIC}"'), (_public,))
ROUTE = Case(
    "route",
    _claim("route", destination=f'"{DESTINATION}"', tables='["one", "apart/two", "empty"]'),
    (_route,),
)
SEATED = Case(
    "seated",
    _claim("public-ip", address=f'"{ALONG}"', private_address=f'"{FLOATING}"') + PRIVATE.claims,
    (_private,),
)
EVERYTHING = Case(
    "everything",
    SEATED.claims + PUBLIC_IP.claims + ROUTE.claims,
    (_private, _public, _route),
)
CASES = (PRIVATE, PUBLIC_IP, ROUTE, SEATED, EVERYTHING)

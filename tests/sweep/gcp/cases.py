"""What is claimed in each sweep, the world that it happens in, and what has to come of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.links import link
from cloudfail.lab.cloud.gcp.world import (
    Built,
    World,
    WorldAddress,
    WorldForwardingRule,
    WorldInterface,
    WorldNode,
    WorldRoute,
    WorldSubnet,
)

from sweep.cases import NEW, OLD, THIRD
from sweep.gcp.snapshot import Snapshot, nic_key, route_key

ALIAS, RANGE, PUBLIC, DESTINATION = "10.0.1.100", "10.64.0.16/28", "203.0.113.7", "10.99.0.0/16"
CONFIG = {
    "kind": "compute#accessConfig",
    "type": "ONE_TO_ONE_NAT",
    "name": "edge",
    "natIP": PUBLIC,
    "networkTier": "STANDARD",
    "setPublicPtr": True,
    "publicPtrDomainName": "edge.example.",
}
TAKEN = [
    {"ipCidrRange": f"{ALIAS}/32"},
    {"ipCidrRange": RANGE, "subnetworkRangeName": "pods"},
]


def _nic(last: int, *aliases: str, external: str = "", tier: str = "PREMIUM") -> WorldInterface:
    own = (f"10.0.1.{last + 1}/32", *aliases)
    return WorldInterface(
        f"10.0.1.{last}", "one", aliases=own, external=external, config="edge", tier=tier
    )


WORLD = World(
    subnets=(WorldSubnet("one", "10.0.1.0/24", ranges={"pods": "10.64.0.0/16"}),),
    nodes=(
        WorldNode(
            OLD, (_nic(10, f"{ALIAS}/32", f"pods:{RANGE}", external=PUBLIC, tier="STANDARD"),)
        ),
        WorldNode(NEW, (_nic(20, external="198.51.100.20"),), zone="europe-west1-c"),
        WorldNode(THIRD, (_nic(40),)),
        WorldNode("bystander", (_nic(30, external="198.51.100.30"),)),
    ),
    addresses=(WorldAddress("public", PUBLIC, tier="STANDARD"),),
    forwarding_rules=(
        WorldForwardingRule("edge", "203.0.113.9", OLD),
        WorldForwardingRule("other", "203.0.113.10", OLD),
    ),
    routes=(
        WorldRoute("edge", DESTINATION, OLD, tags=("gw",)),
        WorldRoute("other", "10.98.0.0/16", OLD),
    ),
)


Goal = Callable[[Snapshot, Built, str], None]


class Case(msgspec.Struct, frozen=True):
    """`claims` is TOML of `[[instance.edge.claim]]` tables; `goal` makes the snapshot of what was
    the one of what has to be once a node owns every claim. `behind` have a standing route each."""

    name: str
    claims: str
    goals: tuple[Goal, ...]
    behind: tuple[str, ...] = ()

    @property
    def has_route(self) -> bool:
        return 'kind = "route"' in self.claims

    def toml(self, built: Any) -> str:
        del built
        return self.claims

    def expected(self, before: Snapshot, built: Built, node: str) -> Snapshot:
        found = {key: msgspec.json.decode(msgspec.json.encode(v)) for key, v in before.items()}
        for goal in self.goals:
            goal(found, built, node)
        return found


def build(cloud: EmbeddedGcp, case: Case) -> Built:
    """Build the world of a case, and let the holder's access config have a PTR record."""
    standing = (
        WorldRoute(f"edge-{name}", DESTINATION, name, priority=number, tags=("gw",))
        for number, name in enumerate(case.behind, 1001)
    )
    built = cloud.build(msgspec.structs.replace(WORLD, routes=(*WORLD.routes, *standing)))
    path = built.nodes[OLD].instance
    instance = cloud.api.store.edit(path)
    instance["networkInterfaces"][0]["accessConfigs"] = [CONFIG]
    cloud.api.apply(lambda store: store.put(path, instance))
    return built


def _claim(kind: str, **keys: str) -> str:
    lines = [f"{key} = {value}" for key, value in keys.items()]
    return "\n".join(["[[instance.edge.claim]]", f'kind = "{kind}"', *lines, ""])


def _private(found: Snapshot, built: Built, node: str) -> None:
    for name, one in built.nodes.items():
        nic = found[nic_key(one.instance)]
        left = [alias for alias in nic["aliasIpRanges"] if alias not in TAKEN]
        mine = TAKEN if name == node else []
        nic["aliasIpRanges"] = sorted([*left, *mine], key=lambda alias: alias["ipCidrRange"])


def _public(found: Snapshot, built: Built, node: str) -> None:
    found[nic_key(built.nodes[OLD].instance)].pop("accessConfigs")
    found[nic_key(built.nodes[node].instance)]["accessConfigs"] = [CONFIG]


def _rule(found: Snapshot, built: Built, node: str) -> None:
    found[built.forwarding_rules["edge"]]["target"] = link(built.nodes[node].target_instance)


def _route(found: Snapshot, built: Built, node: str) -> None:
    found[route_key(DESTINATION)] = [[[link(built.nodes[node].instance), ["gw"]]], []]


def _standing(found: Snapshot, built: Built, node: str) -> None:
    ways = {name: [link(built.nodes[name].instance), ["gw"]] for name in (OLD, NEW, THIRD)}
    found[route_key(DESTINATION)] = [[ways.pop(node)], sorted(ways.values())]


PRIVATE = Case(
    "private-ip",
    _claim("private-ip", address=f'"{ALIAS}"') + _claim("private-ip", address=f'"{RANGE}"'),
    (_private,),
)
PUBLIC_IP = Case("public-ip", _claim("public-ip", address=f'"{PUBLIC}"'), (_public,))
RULE = Case("forwarding-rule", _claim("forwarding-rule", name='"edge"'), (_rule,))
ROUTE = Case("route", _claim("route", destination=f'"{DESTINATION}"', tables='["lab"]'), (_route,))
STANDING = Case(
    "standing-route",
    ROUTE.claims + "[provider.gcp]\nstanding_routes = true\n",
    (_standing,),
    behind=(NEW, THIRD),
)
EVERYTHING = Case(
    "everything",
    "".join(case.claims for case in (PRIVATE, PUBLIC_IP, RULE, ROUTE)),
    (_private, _public, _rule, _route),
)
CASES = (PRIVATE, PUBLIC_IP, RULE, ROUTE, STANDING, EVERYTHING)

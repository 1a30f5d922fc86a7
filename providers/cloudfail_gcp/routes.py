"""Routes: which win, what is in the way, and how one moves without a gap.

A route cannot be changed. Two numbers are used, P and P - 1: ours is inserted at the one that is
free, and then every route that beats it or shares the traffic is deleted. At no time is there no
route. What a crash left behind is found by network and destination, and goes the same way.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cloudfail.model import Holding, Node, Owner, Route, Step

from cloudfail_gcp.around import Around
from cloudfail_gcp.links import name_of, part_of
from cloudfail_gcp.look import Seen
from cloudfail_gcp.objects import NetworkRoute, network_of

_NAME = 45


def winners(routes: Sequence[NetworkRoute]) -> list[NetworkRoute]:
    """Return the routes that packets take: those of the lowest number whose next hop is there."""
    alive = [route for route in routes if not route.is_dead]
    best = min((route.priority for route in alive), default=0)
    return [route for route in alive if route.priority == best]


def route_facts(
    routes: Sequence[NetworkRoute], network: str, node: Node, seen: Mapping[str, str]
) -> Mapping[str, str]:
    """Return what `route_steps` needs: the routes there are, and the tags to keep.

    Where there is no route, the tags are those of the last one `seen`: two masters at once may
    have deleted each other's.
    """
    known = [
        {"path": r.path, "priority": r.priority, "mine": r.machine == node.facts["instance"]}
        for r in sorted(routes, key=lambda route: (route.priority, route.path))
    ]
    kept = next(iter(winners(routes) or routes), None)
    return {
        "network": network,
        "routes": json.dumps(known),
        "tags": ",".join(kept.tags) if kept is not None else seen.get("tags", ""),
    }


def route_obstacle(claim: Route, routes: Sequence[NetworkRoute], seen: Seen, around: Around) -> str:
    """Say why this node cannot take a route: one sentence, or none."""
    node, network = around.members.node, name_of(network_of(claim, around.members.node))
    if network != node.facts["network"]:
        return f"{node.ref} is in network {node.facts['network']}, not in {network}"
    if seen.forwards is False:
        return (
            f"{node.facts['instance']} may not forward packets (canIpForward), which is decided "
            "when an instance is made: make it anew with --can-ip-forward"
        )
    if len({route.tags for route in routes}) > 1:
        return "there are routes to it with different tags: delete all but those of one kind"
    for route in routes:
        foreign = around.members.owner_of(route.machine) is Owner.STRANGER
        if foreign and not route.is_dead and route.priority <= around.priority:
            return (
                f"{name_of(route.path)} leads to {route.machine} with priority {route.priority}, "
                f"and would win or share: delete it, or set route_priority below it"
            )
    tagged = any(route.tags for route in routes)
    if claim.destination.prefixlen == 0 and not around.trusts_egress and not tagged:
        return (
            "the default route would turn this node's own way to the Compute API back to itself; "
            'use tags, or vouch for it with [guard] own_egress = "assured"'
        )
    return ""


def route_steps(holding: Holding, node: Node, priority: int) -> Iterator[Step]:
    """Yield an insert where this node has no route yet, and deletes of what is in its way."""
    known: list[dict[str, Any]] = json.loads(holding.facts["routes"])
    mine = [route for route in known if route["mine"]]
    others = [route for route in known if not route["mine"]]
    stage = 0
    if mine:
        number = int(mine[0]["priority"])
    else:
        taken = {int(route["priority"]) for route in known}
        number = priority - 1 if priority - 1 not in taken else priority
        if number in taken:
            # Both are taken: the higher one loses, so that nothing passes over it.
            losing = [route for route in others if route["priority"] == number]
            yield from (_delete(holding, route, stage) for route in losing)
            others = [route for route in others if route not in losing]
            stage += 1
        yield _insert(holding, node, number, stage)
        stage += 1
    pair = {priority - 1, priority}
    for route in others:
        if route["priority"] <= number or route["priority"] in pair:
            yield _delete(holding, route, stage)


def _insert(holding: Holding, node: Node, number: int, stage: int) -> Step:
    claim, network = holding.claim, holding.facts["network"]
    assert isinstance(claim, Route)  # noqa: S101 - for the type checker
    tags = [tag for tag in holding.facts["tags"].split(",") if tag]
    return Step(
        call="routes.insert",
        claims=(claim,),
        params={
            "project": part_of(network, "projects"),
            "name": route_name(network, str(claim.destination), node, number),
            "network": network,
            "destRange": str(claim.destination),
            "nextHopInstance": node.facts["instance"],
            "priority": number,
            **({"tags": tags} if tags else {}),
        },
        summary=f"add {claim} to {node.ref} with priority {number}",
        stage=stage,
    )


def _delete(holding: Holding, route: Mapping[str, Any], stage: int) -> Step:
    path = str(route["path"])
    return Step(
        call="routes.delete",
        claims=(holding.claim,),
        params={"project": part_of(path, "projects"), "route": name_of(path)},
        summary=f"delete {name_of(path)}, the route with priority {route['priority']}",
        stage=stage,
        destroys={"route": path, "priority": str(route["priority"]), "holder": holding.holder},
    )


def route_name(network: str, destination: str, node: Node, number: int) -> str:
    """Return the name of this node's route: the same whenever it is made, and its own."""
    digest = hashlib.sha256(f"{network} {destination}".encode()).hexdigest()[:8]
    machine = part_of(node.facts["instance"], "instances")[:_NAME].rstrip("-")
    return f"cf-{digest}-{machine}-{number}"

"""Routes: which win, which are left over, and what is in the way of taking one: pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from cloudfail.model import Owner, Route

from cloudfail_gcp.around import Around
from cloudfail_gcp.leftovers import find_leftovers
from cloudfail_gcp.links import name_of
from cloudfail_gcp.look import Seen
from cloudfail_gcp.objects import NetworkRoute, network_of
from cloudfail_gcp.own_way import way_obstacle
from cloudfail_gcp.route_steps import name_prefix

_IPV4 = 4


def winners(routes: Sequence[NetworkRoute]) -> list[NetworkRoute]:
    """Return the routes that packets take: those of the lowest number whose next hop is there."""
    alive = [route for route in routes if not route.is_dead]
    best = min((route.priority for route in alive), default=0)
    return [route for route in alive if route.priority == best]


def route_facts(
    claim: Route, routes: Sequence[NetworkRoute], seen: Seen, around: Around
) -> Mapping[str, str]:
    """Return what the steps need: the routes there are, the tags to keep, who lacks a standing one.

    Where there is no route, the tags are those of the last one seen: two masters at once may have
    deleted each other's.
    """
    own, network = around.members.node.facts["instance"], network_of(claim, around.members.node)
    routes = sorted(routes, key=lambda route: (route.priority, route.path))
    best = winners(routes)
    left = {route.path for route in _leftovers(claim, routes, best, around)}
    known = [
        {
            "path": route.path,
            "priority": route.priority,
            "mine": route.machine == own,
            "leftover": route.path in left,
            "dead": route.is_dead,
            "foreign": _is_foreign(claim, route, around),
        }
        for route in routes
    ]
    last = around.kept.get(claim, {}).get("tags", "")
    kept = next(iter(best or routes), None)
    lacking = _lacking(routes, best, around)
    return {
        "network": network,
        "routes": json.dumps(known),
        "tags": last if kept is None else ",".join(kept.tags),
        "lacking": ",".join(one for one in lacking if network in seen.networks_of(one)),
    }


def _leftovers(
    claim: Route, routes: Sequence[NetworkRoute], best: Sequence[NetworkRoute], around: Around
) -> Sequence[NetworkRoute]:
    node = around.members.node
    if {route.machine for route in best} != {node.facts["instance"]}:
        return ()
    prefix = name_prefix(network_of(claim, node), str(claim.destination))
    return tuple(find_leftovers(routes, best[0], prefix, around))


def _is_foreign(claim: Route, route: NetworkRoute, around: Around) -> bool:
    """True for a route of somebody else's making, to somebody else's machine: never deleted.

    Those of the window are the instance's, see `route_priority`.
    """
    prefix = name_prefix(network_of(claim, around.members.node), str(claim.destination))
    is_ours = name_of(route.path).startswith(prefix) or route.priority in around.numbers.window
    return around.members.owner_of(route.machine) is Owner.STRANGER and not is_ours


def _lacking(
    routes: Sequence[NetworkRoute], best: Sequence[NetworkRoute], around: Around
) -> Sequence[str]:
    """Return the peers' machines that have no standing route behind the winning one, in order."""
    if not around.numbers.standing or not best:
        return ()
    behind = {route.machine for route in routes if route.priority > best[0].priority}
    return [machine for machine in around.members.found_peers if machine not in behind]


def route_obstacle(claim: Route, routes: Sequence[NetworkRoute], seen: Seen, around: Around) -> str:
    """Say why this node cannot take a route: one sentence, or none."""
    node, network = around.members.node, network_of(claim, around.members.node)
    own = seen.networks_of(node.facts["instance"])
    if own and network not in own:
        return f"{node.facts['instance']} is in {' and '.join(sorted(own))}, not in {network}"
    if seen.forwards is False:
        return (
            f"{node.facts['instance']} may not forward packets (canIpForward), which is decided "
            "when an instance is made: make it anew with --can-ip-forward"
        )
    if why := _without_ipv6(claim, network, seen, around):
        return why
    if len({route.tags for route in routes}) > 1:
        return "there are routes to it with different tags: delete all but those of one kind"
    for route in routes:
        foreign = around.members.owner_of(route.machine) is Owner.STRANGER
        if foreign and not route.is_dead and route.priority <= around.numbers.window[-1]:
            return (
                f"{name_of(route.path)} leads to {route.machine} with priority {route.priority}, "
                f"and would win or share: delete it, or set route_priority below it"
            )
    return way_obstacle(claim, routes, seen, around)


def _without_ipv6(claim: Route, network: str, seen: Seen, around: Around) -> str:
    """Reference, Route.warnings: Compute takes such a route, and warns of it."""
    machine = around.members.node.facts["instance"]
    own = [nic for nic in seen.interfaces if (nic.machine, nic.network) == (machine, network)]
    if claim.destination.version == _IPV4 or not own or any(nic.has_ipv6 for nic in own):
        return ""
    return (
        f"{own[0].ref} has no IPv6 address, and packets that a route leads to it would be lost: gcloud "
        f"compute instances network-interfaces update {name_of(machine)} --network-interface "
        f"{own[0].name} --stack-type IPV4_IPV6"
    )

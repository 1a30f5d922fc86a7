"""How far a look may be relied on: whether it shows our calls, and whether somebody's go on: pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from cloudfail.model import ForwardingRule, Holding, PrivateIp, PublicIp, Route

from cloudfail_gcp.around import Around
from cloudfail_gcp.links import instance_of, name_of
from cloudfail_gcp.look import Seen
from cloudfail_gcp.objects import network_of
from cloudfail_gcp.route_steps import name_prefix


def certain(holding: Holding, seen: Seen, around: Around) -> Holding:
    """Return the holding with what else is known of it."""
    changing = {target for found in seen.running.values() for target in found}
    return msgspec.structs.replace(
        holding,
        is_fresh=_shows(seen, around.written.get(holding.claim, {}).items()),
        is_moving=any(_concerns(target, holding, seen, around) for target in changing),
    )


def _shows(seen: Seen, written: Iterable[tuple[str, bool]]) -> bool:
    """True where something was written, and each route is there, or gone, as it was left."""
    paths = {route.path for route in seen.routes}
    shown = [(path in paths) is there for path, there in written]
    return bool(shown) and all(shown)


def _concerns(target: str, holding: Holding, seen: Seen, around: Around) -> bool:
    """True when a change of this object may change who has the claim."""
    claim, node = holding.claim, around.members.node
    match claim:
        case ForwardingRule():
            return target == holding.facts.get("rule")
        case Route():
            network = network_of(claim, node)
            prefix = name_prefix(network, str(claim.destination))
            if name_of(target).startswith(prefix):
                return True
            place = (network, claim.destination)
            return any(
                route.path == target and (route.network, route.destination) == place
                for route in seen.routes
            )
        case PrivateIp() | PublicIp():
            holders = {node.facts["instance"]}
            holders |= {instance_of(holding.holder)} if holding.holder else set()
            return target in holders
        case _:
            return False

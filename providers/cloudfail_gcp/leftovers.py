"""Which routes nobody needs any more, once packets take this node's: pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cloudfail.model import Owner

from cloudfail_gcp.around import Around
from cloudfail_gcp.links import name_of
from cloudfail_gcp.objects import NetworkRoute

# Nobody goes on with a move that began so long ago: no run lasts longer, see `ProviderSpec.deadline`.
# Until then the route may be the new one of a peer that is about to delete this node's.
OLD_SECONDS = 120.0


def find_leftovers(
    routes: Sequence[NetworkRoute], kept: NetworkRoute, prefix: str, around: Around
) -> Iterator[NetworkRoute]:
    """Yield what a crash, or a machine that went away, left beside the route that this node keeps.

    `prefix` begins the names that this provider gives. A route of somebody else's making is left
    alone where it harms nobody, and one that leads to a stranger's machine everywhere.
    """
    first_of: dict[str, NetworkRoute] = {}
    for route in sorted(routes, key=lambda route: (route.priority, route.path)):
        if route.priority > kept.priority:
            first_of.setdefault(route.machine, route)
    for route in routes:
        is_standing = around.numbers.standing and route is first_of.get(route.machine)
        if route is kept or (is_standing and _is_peers(route, around)):
            continue
        if _is_ours(route, kept, prefix, around) and _is_over(route, around.now):
            yield route


def _is_peers(route: NetworkRoute, around: Around) -> bool:
    return around.members.owner_of(route.machine) is Owner.PEER


def _is_ours(route: NetworkRoute, kept: NetworkRoute, prefix: str, around: Around) -> bool:
    """True where the route came from a move of this claim, or would win if its machine came back."""
    is_named = name_of(route.path).startswith(prefix)
    if around.members.owner_of(route.machine) is Owner.STRANGER:
        return is_named and route.is_dead  # a node that is gone
    return is_named or route.priority in around.numbers.window or route.priority <= kept.priority


def _is_over(route: NetworkRoute, now: float) -> bool:
    return route.is_dead or now - route.created >= OLD_SECONDS

"""What a claimed route would do to this node's own way to the Compute API: pure."""

from __future__ import annotations

from collections.abc import Sequence

from cloudfail.model import Route

from cloudfail_gcp.around import Around
from cloudfail_gcp.egress import applies, caught, ways_of
from cloudfail_gcp.look import Seen
from cloudfail_gcp.objects import NetworkRoute, network_of


def way_obstacle(claim: Route, routes: Sequence[NetworkRoute], seen: Seen, around: Around) -> str:
    """Say that the route would turn that way back to this node: one sentence, or none.

    `routes` are those to the claim's destination, whose tags the new one will have.
    """
    kept = around.kept.get(claim, {}).get("tags", "")
    tags = routes[0].tags if routes else tuple(filter(None, kept.split(",")))
    if around.trusts_egress or not applies(tags, seen.tags):
        return ""
    network = network_of(claim, around.members.node)
    if not _leaves_by(network, seen, around):
        return ""
    target = caught(claim.destination, seen.reach, ways_of(seen.ways, network, seen.tags))
    if target is None:
        return ""
    return (
        f"it would turn this node's own way to the Compute API ({target}) back to itself: use tags "
        "that this node has not, keep that way by a narrower route (for private.googleapis.com: "
        "199.36.153.8/30 to the default internet gateway), or vouch for it with [guard] own_egress "
        '= "assured"'
    )


def _leaves_by(network: str, seen: Seen, around: Around) -> bool:
    """False where calls leave by another network: a machine's default route is that of nic0."""
    own = around.members.node.facts["instance"]
    first = next((nic for nic in seen.interfaces if (nic.machine, nic.name) == (own, "nic0")), None)
    return first is None or first.network == network

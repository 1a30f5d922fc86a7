"""From who holds what to the calls that change it: pure and deterministic.

| claim                 | held by      | steps                                            | lane      |
|-----------------------|--------------|--------------------------------------------------|-----------|
| route                 | peer, nobody | routes.put, of this route only                   | table     |
| public-ip, private-ip | nobody       | one networkInterfaces.put of this node's         | interface |
| public-ip, private-ip | peer         | one networkInterfaces.put for each holder, then one of this node's | interface |
| public-ip on a private-ip that moves, and sits on it already | none: it comes along      |      |

`facts` says what a holding has to tell for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cloudfail.model import Holding, Lane, Node, Owner, PrivateIp, PublicIp, Route

from cloudfail_azure.links import key_of
from cloudfail_azure.moves import move_steps
from cloudfail_azure.routes import route_steps


def lanes_for(holdings: Sequence[Holding], node: Node) -> tuple[Lane, ...]:
    """Return what would make `node` own every holding that a peer or nobody has."""
    movable = [h for h in holdings if h.owner in (Owner.PEER, Owner.NOBODY) and not h.obstacle]
    private = [h for h in movable if isinstance(h.claim, PrivateIp)]
    seats = {holding.claim.target for holding in private}
    # A private-ip claim that stays where it is takes its public-ip's seat away.
    stuck = {
        h.claim.target
        for h in holdings
        if isinstance(h.claim, PrivateIp) and h.owner is not Owner.MINE
    } - seats
    public = [h for h in movable if isinstance(h.claim, PublicIp) and h.facts["seat"] not in stuck]
    claimed = {key_of(h.facts["public_ip"]) for h in holdings if h.facts.get("public_ip")}
    carried = tuple(move_steps(private, public, node, claimed))
    return (
        *_route_lanes([h for h in movable if isinstance(h.claim, Route)]),
        *((Lane(key=key_of(node.ref), steps=carried),) if carried else ()),
    )


def _route_lanes(routes: Sequence[Holding]) -> Iterator[Lane]:
    """Yield a lane a table: ARM changes one of its routes at a time."""
    tables: dict[str, list[Holding]] = {}
    for holding in routes:
        tables.setdefault(key_of(holding.facts["table"]), []).append(holding)
    for key, found in tables.items():
        yield Lane(key=key, steps=tuple(route_steps(found)))

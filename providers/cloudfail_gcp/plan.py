"""From who holds what to the calls that change it: pure and deterministic.

| claim            | held by        | steps                                   | lane  |
|------------------|----------------|-----------------------------------------|-------|
| forwarding-rule  | peer, nobody   | forwardingRules.setTarget               | rule  |
| route            | nobody         | routes.insert                           | route |
| route            | peer           | routes.insert, then routes.delete       | route |
| route, and this node has one that loses | routes.delete of those that win  | route |
| route            | this node, and it is untidy | routes.delete, routes.insert | route |
| private-ip       | peer           | a PATCH for each holder, then one of this node's | interface |
| private-ip       | nobody         | one PATCH for all                       | interface |
| public-ip        | peer, nobody   | own access config off, the holder's off, add it  | interface |
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cloudfail.model import (
    ForwardingRule,
    Holding,
    Lane,
    Node,
    Owner,
    PrivateIp,
    PublicIp,
    Route,
    Step,
)

from cloudfail_gcp.access_configs import public_steps
from cloudfail_gcp.aliases import private_steps
from cloudfail_gcp.links import name_of, part_of
from cloudfail_gcp.numbers import Numbers
from cloudfail_gcp.route_steps import route_steps, tidying_steps


def lanes_for(holdings: Sequence[Holding], node: Node, numbers: Numbers) -> tuple[Lane, ...]:
    """Return what would make `node` own every holding that a peer or nobody has.

    `numbers` are those that routes are made with.
    """
    movable = [h for h in holdings if h.owner in (Owner.PEER, Owner.NOBODY) and not h.obstacle]
    rules = [h for h in movable if isinstance(h.claim, ForwardingRule)]
    routes = [h for h in movable if isinstance(h.claim, Route)]
    private = [h for h in movable if isinstance(h.claim, PrivateIp)]
    public = [h for h in movable if isinstance(h.claim, PublicIp)]
    carried = [*private_steps(private, node)]
    # One after the other: every change of an interface makes older fingerprints of it stale.
    carried += public_steps(public, node, max((step.stage + 1 for step in carried), default=0))
    return (
        *(Lane(key=h.facts["rule"], steps=(_set_target(h, node),)) for h in rules),
        *(Lane(key=h.claim.target, steps=tuple(route_steps(h, node, numbers))) for h in routes),
        *_tidying(holdings, node, numbers),
        *((Lane(key=node.ref, steps=tuple(carried)),) if carried else ()),
    )


def _tidying(holdings: Sequence[Holding], node: Node, numbers: Numbers) -> Iterator[Lane]:
    for holding in holdings:
        if holding.owner is Owner.MINE and isinstance(holding.claim, Route):
            steps = tuple(tidying_steps(holding, node, numbers))
            if steps:
                yield Lane(key=holding.claim.target, steps=steps)


def _set_target(holding: Holding, node: Node) -> Step:
    rule, target = holding.facts["rule"], holding.facts["target"]
    return Step(
        call="forwardingRules.setTarget",
        claims=(holding.claim,),
        params={
            "project": part_of(rule, "projects"),
            "region": part_of(rule, "regions"),
            "forwardingRule": name_of(rule),
            "target": target,
        },
        summary=f"point {holding.claim} ({holding.facts['address']}) at {target} of {node.ref}",
    )

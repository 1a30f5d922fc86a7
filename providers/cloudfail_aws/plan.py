"""From who holds what to the calls that change it: pure and deterministic.

| claim            | held by        | steps                                                  | lane      |
|------------------|----------------|--------------------------------------------------------|-----------|
| public-ip        | peer, nobody   | AssociateAddress                                       | eni/addr  |
| private-ip IPv4  | peer, nobody   | one AssignPrivateIpAddresses for all                   | eni       |
| private-ip IPv6  | nobody         | one AssignIpv6Addresses for all                        | eni       |
| private-ip IPv6  | peer           | UnassignIpv6Addresses there, then AssignIpv6Addresses  | eni       |
| public-ip on a private-ip that moves, and sits on it already | none: EC2 drags it along |    |
| the same, but sits elsewhere      | AssociateAddress after AssignPrivateIpAddresses | eni  |
| route            | exists         | ReplaceRoute                                           | table     |
| route            | nobody         | CreateRoute                                            | table     |
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from cloudfail.model import Claim, Holding, Lane, Node, Owner, PrivateIp, PublicIp, Route, Step


def lanes_for(holdings: Sequence[Holding], node: Node) -> tuple[Lane, ...]:
    """Return what would make `node` own every holding that a peer or nobody has."""
    movable = [h for h in holdings if h.owner in (Owner.PEER, Owner.NOBODY) and not h.obstacle]
    private = [h for h in movable if isinstance(h.claim, PrivateIp)]
    moving = {str(h.claim.target): h for h in private}
    # A private-ip claim that stays where it is takes its public-ip's seat away.
    stuck = {
        h.claim.target
        for h in holdings
        if isinstance(h.claim, PrivateIp) and h.owner is not Owner.MINE
    } - set(moving)
    steps: dict[str, list[Step]] = defaultdict(list)
    riders: dict[str, list[Claim]] = defaultdict(list)
    public = [h for h in movable if isinstance(h.claim, PublicIp)]
    for holding in public:
        seat = holding.facts["private_address"]
        if seat in stuck:
            continue
        if _is_dragged(holding, moving.get(seat)):
            riders[seat].append(holding.claim)
            continue
        follows = seat in moving or holding.facts.get("rides") == "yes"
        key = node.ref if follows else f"{node.ref}/{seat}"
        steps[key].append(_associate(holding, node, stage=1 if follows else 0))
    steps[node.ref][:0] = _private_steps(private, riders, node)
    for holding in movable:
        if isinstance(holding.claim, Route):
            steps[holding.claim.table].append(_point_route(holding, holding.claim, node))
    return tuple(Lane(key=key, steps=tuple(found)) for key, found in steps.items() if found)


def _is_dragged(public: Holding, private: Holding | None) -> bool:
    """True when the Elastic IP sits on the very address that moves: EC2 moves both.

    Planned by itself, a claim that `rides` on a private-ip claim has only its own facts to go by.
    """
    if public.facts.get("sits_on") != public.facts["private_address"]:
        return False
    if private is None:
        return public.facts.get("rides") == "yes"
    return bool(private.holder) and public.holder == private.holder


def _associate(holding: Holding, node: Node, *, stage: int) -> Step:
    claim, seat = holding.claim, holding.facts["private_address"]
    summary = f"move {claim} to {seat} of {node.ref}"
    displaced = holding.facts.get("displaces", "")
    allocation = holding.facts.get("displaces_allocation_id", "")
    destroys: dict[str, str] = {}
    if displaced:
        kept = f"an Elastic IP ({allocation})" if allocation else "an Elastic IP"
        gone = "" if allocation else ", an auto-assigned address goes back to AWS"
        summary += f"; {displaced}, which is there now, is displaced: {kept} stays allocated{gone}"
        destroys = {"displaced_public_ip": displaced, "private_address": seat}
        destroys |= {"displaced_allocation_id": allocation} if allocation else {}
    return Step(
        call="AssociateAddress",
        claims=(claim,),
        params={
            "AllocationId": holding.facts["allocation_id"],
            "NetworkInterfaceId": node.ref,
            "PrivateIpAddress": seat,
            "AllowReassociation": True,
        },
        summary=summary,
        stage=stage,
        destroys=destroys,
    )


def _private_steps(
    private: Sequence[Holding], riders: Mapping[str, Sequence[Claim]], node: Node
) -> Iterator[Step]:
    v4 = [h for h in private if _version(h) == 4]  # noqa: PLR2004 - IPv4
    v6 = [h for h in private if _version(h) == 6]  # noqa: PLR2004 - IPv6
    if v4:
        along = [rider for h in v4 for rider in riders.get(h.claim.target, ())]
        yield Step(
            call="AssignPrivateIpAddresses",
            claims=(*(h.claim for h in v4), *along),
            params={**_ours(node, "PrivateIpAddresses", v4), "AllowReassignment": True},
            summary=_summary(f"move {_targets(v4)} to {node.ref}", along),
        )
    yield from _ipv6_steps(v6, node)


def _ipv6_steps(v6: Sequence[Holding], node: Node) -> Iterator[Step]:
    """An add for each holder: a remove that is denied must not hold up another one's add."""
    held: dict[str, list[Holding]] = defaultdict(list)
    for holding in v6:
        held[holding.holder].append(holding)
    for holder, theirs in held.items():
        put = Step(
            call="AssignIpv6Addresses",
            claims=tuple(h.claim for h in theirs),
            params=_ours(node, "Ipv6Addresses", theirs),
            summary=f"put {_targets(theirs)} on {node.ref}",
        )
        if not holder:
            yield put
            continue
        yield Step(
            call="UnassignIpv6Addresses",
            claims=tuple(h.claim for h in theirs),
            params={"NetworkInterfaceId": holder, "Ipv6Addresses": _list(theirs)},
            summary=f"take {_targets(theirs)} off {holder}",
            destroys={"holder": holder, "addresses": _targets(theirs)},
            releases=True,
        )
        yield msgspec.structs.replace(put, stage=1, completes=True)


def _point_route(holding: Holding, claim: Route, node: Node) -> Step:
    exists = holding.facts.get("exists") == "yes"
    version = claim.destination.version
    cidr = "DestinationCidrBlock" if version == 4 else "DestinationIpv6CidrBlock"  # noqa: PLR2004 - IPv4
    verb = "point" if exists else "create"
    return Step(
        call="ReplaceRoute" if exists else "CreateRoute",
        claims=(claim,),
        params={
            "RouteTableId": claim.table,
            cidr: str(claim.destination),
            "NetworkInterfaceId": node.ref,
        },
        summary=f"{verb} {claim} {'at' if exists else 'to'} {node.ref}{_as_role(claim.role_arn)}",
    )


def _as_role(role_arn: str) -> str:
    return f", as {role_arn}" if role_arn else ""


def as_role(lanes: Sequence[Lane], role_arn: str) -> tuple[Lane, ...]:
    """Let the summary of every step say the role of the settings, but for those with their own."""
    return tuple(
        Lane(key=lane.key, steps=tuple(_said_as(step, role_arn) for step in lane.steps))
        for lane in lanes
    )


def _said_as(step: Step, role_arn: str) -> Step:
    own = any(isinstance(claim, Route) and claim.role_arn for claim in step.claims)
    suffix = "" if own else _as_role(role_arn)
    return msgspec.structs.replace(step, summary=step.summary + suffix)


def _ours(node: Node, name: str, holdings: Sequence[Holding]) -> dict[str, Any]:
    return {"NetworkInterfaceId": node.ref, name: _list(holdings)}


def _summary(text: str, along: Sequence[Claim]) -> str:
    return f"{text}; {', '.join(map(str, along))} comes along" if along else text


def _list(holdings: Sequence[Holding]) -> list[str]:
    return [holding.claim.target for holding in holdings]


def _targets(holdings: Sequence[Holding]) -> str:
    return ", ".join(_list(holdings))


def _version(holding: Holding) -> int:
    claim = holding.claim
    return claim.address.version if isinstance(claim, PrivateIp) else 0

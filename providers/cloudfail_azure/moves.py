"""Addresses: taken off their holders' network interfaces, one PUT each, and put onto this node's.

An ipConfiguration moves with all that is on it: a public address, application security groups,
backend pools, inbound NAT rules. Whoever finishes a move has these from its own last look.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from cloudfail.model import Claim, Holding, Node, PublicIp, Step

from cloudfail_azure.links import group_of, key_of, name_of, same

CALL = "networkInterfaces.put"


def move_steps(private: Sequence[Holding], public: Sequence[Holding], node: Node) -> Iterator[Step]:
    """Yield one PUT for each holder, all at once, and then one of this node's interface."""
    moving = {holding.claim.target: holding for holding in private}
    riders = [h for h in public if _is_dragged(h, moving)]
    apart = [h for h in public if h not in riders]
    if not private and not apart:
        return
    by_holder: dict[str, list[Holding]] = {}
    for holding in (*private, *apart, *riders):
        if holding.holder and not same(holding.holder, node.ref):
            by_holder.setdefault(key_of(holding.holder), []).append(holding)
    for theirs in by_holder.values():
        yield _release(theirs, riders)
    yield _take(node, private, apart, riders, completes=bool(by_holder))


def _is_dragged(public: Holding, moving: dict[str, Holding]) -> bool:
    """True when the public address sits on the very ipConfiguration that moves.

    Planned by itself, a claim that `rides` on a private-ip claim has only its own facts to go by.
    """
    seat = public.facts["private_address"]
    if not public.holder or public.facts["sits_on"] != seat:
        return False
    private = moving.get(seat)
    return private is not None and same(private.holder, public.holder)


def _release(theirs: Sequence[Holding], riders: Sequence[Holding]) -> Step:
    ref = theirs[0].holder
    public = [h for h in theirs if isinstance(h.claim, PublicIp) and h not in riders]
    private = [h for h in theirs if not isinstance(h.claim, PublicIp)]
    kept = [json.loads(h.facts["configuration"]) for h in private]
    remove = [
        {"name": one["name"], "privateIPAddress": h.claim.target}
        for one, h in zip(kept, private, strict=True)
    ]
    detach = [_detached(h) for h in public]
    claims = tuple(holding.claim for holding in theirs)
    return Step(
        call=CALL,
        claims=claims,
        params={"networkInterface": ref, **_said(remove=remove, detach=detach)},
        summary=f"take {_targets(claims)} off {_spot(ref)}",
        destroys={"holder": ref, "ipConfigurations": json.dumps(kept), **_seats(public)},
        releases=True,
    )


def _take(
    node: Node,
    private: Sequence[Holding],
    apart: Sequence[Holding],
    riders: Sequence[Holding],
    *,
    completes: bool,
) -> Step:
    claims = tuple(holding.claim for holding in (*private, *apart, *riders))
    # Another ipConfiguration of this very interface has it: one PUT moves it.
    elsewhere = [_detached(h) for h in apart if same(h.holder, node.ref)]
    displaced = [h.facts["displaces"] for h in apart if h.facts.get("displaces")]
    gone = f"; {', '.join(map(name_of, displaced))}, there now, stays unused" if displaced else ""
    return Step(
        call=CALL,
        claims=claims,
        params={
            "networkInterface": node.ref,
            **_said(
                detach=elsewhere,
                add=[json.loads(h.facts["configuration"]) for h in private],
                attach=[_attached(h) for h in apart],
            ),
        },
        summary=f"put {_targets(claims)} on {_spot(node.ref)}{gone}",
        stage=1 if completes else 0,
        destroys={"displaced": ",".join(displaced)} if displaced else {},
        completes=completes,
    )


def _detached(holding: Holding) -> dict[str, Any]:
    reference = json.loads(holding.facts["reference"])
    return {"name": holding.facts["theirs"], "publicIPAddress": {"id": reference["id"]}}


def _attached(holding: Holding) -> dict[str, Any]:
    return {
        "name": holding.facts.get("configuration", ""),
        "privateIPAddress": holding.facts["private_address"],
        "publicIPAddress": json.loads(holding.facts["reference"]),
    }


def _said(**lists: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: found for name, found in lists.items() if found}


def _seats(public: Sequence[Holding]) -> dict[str, str]:
    """Return what is lost of public addresses that leave: where they were, and the references."""
    seats = {h.claim.target: [h.facts["sits_on"], h.facts["reference"]] for h in public}
    return {"publicIPAddresses": json.dumps(seats)} if seats else {}


def _targets(claims: Sequence[Claim]) -> str:
    return ", ".join(claim.target for claim in claims)


def _spot(ref: str) -> str:
    return f"{group_of(ref)}/{name_of(ref)}"

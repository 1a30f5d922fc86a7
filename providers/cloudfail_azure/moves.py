"""Addresses: taken off their holders' network interfaces, one PUT each, and put onto this node's.

An ipConfiguration moves with all that is on it: a public address, backend pools, inbound NAT rules;
it is in the application security groups of the interface that it comes to. Whoever finishes a move has these from its own last look.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from ipaddress import ip_address
from typing import Any

import msgspec
from cloudfail.model import Claim, Holding, Node, PrivateIp, PublicIp, Step

from cloudfail_azure.facts import AGAIN
from cloudfail_azure.links import group_of, key_of, name_of, same
from cloudfail_azure.nics import (
    Document,
    address_of,
    aligned,
    configuration_for,
    is_settled,
    portable,
    public_ip_of,
    with_address,
    with_public_ip,
)

CALL, FIRST = "networkInterfaces.put", "settled"
Holdings = Sequence[Holding]


def move_steps(
    private: Holdings, public: Holdings, node: Node, claimed: AbstractSet[str]
) -> Iterator[Step]:
    """Yield one PUT for each holder, all at once, and then one of this node's interface.

    `claimed` are the public addresses that have a claim of their own, by `key_of` their ids.
    """
    again = [holding for holding in (*private, *public) if AGAIN in holding.facts]
    private, public = _without(again, private), _without(again, public)
    moving = {holding.claim.target: holding for holding in private}
    riders = [holding for holding in public if _is_dragged(holding, moving)]
    apart = [holding for holding in public if holding not in riders]
    by_holder: dict[str, list[Holding]] = {}
    for holding in (*private, *apart, *riders):
        if holding.holder and not same(holding.holder, node.ref):
            by_holder.setdefault(key_of(holding.holder), []).append(holding)
    for theirs in by_holder.values():
        yield _release(theirs, riders, node)
    if private or apart:
        added = [_added(holding, riders, claimed) for holding in private]
        take = _take(node, private, apart, riders, added, completes=bool(by_holder))
        yield msgspec.structs.replace(take, claims=(*take.claims, *(h.claim for h in again)))
    elif again:
        yield _repeat(node, again)


def _without(some: Holdings, holdings: Holdings) -> Holdings:
    return [holding for holding in holdings if holding not in some]


def _repeat(node: Node, again: Holdings) -> Step:
    """Put this node's interface as it is: Azure did not finish it. Any other PUT of it does as well."""
    claims = tuple(holding.claim for holding in again)
    return Step(
        call=CALL,
        claims=claims,
        params={"id": node.ref, AGAIN: [claim.target for claim in claims]},
        summary=f"put {_spot(node.ref)}, which has {_targets(claims)}, again as it is",
        conditions=_seen(again[0], "own"),
    )


def _is_dragged(public: Holding, moving: Mapping[str, Holding]) -> bool:
    """True when the public address sits on the very ipConfiguration that moves."""
    private = moving.get(public.facts["seat"])
    if private is None or not same(private.holder, public.holder):
        return False
    theirs = _theirs(public)
    return theirs is not None and address_of(theirs) == ip_address(public.facts["seat"])


def _theirs(public: Holding) -> Document | None:
    """Return the ipConfiguration that a public address is on; None when it is on none."""
    document = _document(public, "theirs")
    return document and with_public_ip(document, public.facts["public_ip"])


def _release(theirs: Holdings, riders: Holdings, node: Node) -> Step:
    ref = theirs[0].holder
    private = [h for h in theirs if isinstance(h.claim, PrivateIp)]
    public = [h for h in theirs if isinstance(h.claim, PublicIp) and h not in riders]
    kept = [_configuration(holding) for holding in private]
    claims = tuple(holding.claim for holding in theirs)
    seen, first = _seen(theirs[0], "theirs"), _first(theirs[0], node)
    return Step(
        call=CALL,
        claims=claims,
        params={
            "id": ref,
            # No condition by itself: Azure refuses nothing for it once the world has moved.
            **({} if seen else first),
            **_said(remove=[_removed(h) for h in private], detach=[_detached(h) for h in public]),
        },
        summary=f"take {_targets(claims)} off {_spot(ref)}",
        conditions={**seen, **first} if seen else {},
        destroys={
            "holder": ref,
            **({"ipConfigurations": json.dumps(kept)} if kept else {}),
            **({"publicIPAddresses": json.dumps(list(map(_lost, public)))} if public else {}),
        },
        releases=True,
    )


def _added(holding: Holding, riders: Holdings, claimed: AbstractSet[str]) -> Document:
    """Return the ipConfiguration to put on: without the public address of a claim of its own."""
    found = _configuration(holding)
    along = {key_of(rider.facts["public_ip"]) for rider in riders}
    if key_of(public_ip_of(found)) in claimed - along:
        found["properties"].pop("publicIPAddress")
    own = _document(holding, "own")
    return aligned(found, own) if own else found


def _take(
    node: Node,
    private: Holdings,
    apart: Holdings,
    riders: Holdings,
    added: list[Document],
    *,
    completes: bool,
) -> Step:
    claims = tuple(holding.claim for holding in (*private, *apart, *riders))
    displaced = [h.facts["own_public_ip"] for h in apart if h.facts["own_public_ip"]]
    gone = f"; {', '.join(map(name_of, displaced))}, there now, is left unused" if displaced else ""
    return Step(
        call=CALL,
        claims=claims,
        params={
            "id": node.ref,
            **_said(
                # Another ipConfiguration of this very interface has it: one PUT moves it.
                detach=[_detached(h) for h in apart if same(h.holder, node.ref)],
                add=added,
                attach=[_attached(holding) for holding in apart],
            ),
        },
        summary=f"put {_targets(claims)} on {_spot(node.ref)}{gone}",
        stage=1 if completes else 0,
        conditions=_seen((*private, *apart)[0], "own"),
        destroys={"displaced": ",".join(displaced)} if displaced else {},
        completes=completes,
    )


def _configuration(holding: Holding) -> Document:
    """Return the ipConfiguration that this node's interface gets: as it was, if that is known."""
    facts = holding.facts
    if facts["config"]:
        return portable(json.loads(facts["config"]))
    return configuration_for(ip_address(holding.claim.target), facts["subnet"])


def _removed(holding: Holding) -> dict[str, Any]:
    document = _document(holding, "theirs")
    found = document and with_address(document, ip_address(holding.claim.target))
    return {"name": found["name"] if found else "", "privateIPAddress": holding.claim.target}


def _detached(holding: Holding) -> dict[str, Any]:
    theirs = _theirs(holding)
    name = theirs["name"] if theirs else ""
    return {"name": name, "publicIPAddress": {"id": holding.facts["public_ip"]}}


def _attached(holding: Holding) -> dict[str, Any]:
    facts = holding.facts
    document, known = _document(holding, "own"), json.loads(facts["reference"] or "{}")
    own = document and with_address(document, ip_address(facts["seat"]))
    # An address may have been made anew since, and have another id.
    is_of_it = same(str(known.get("id", "")), facts["public_ip"])
    reference = known if is_of_it else {"id": facts["public_ip"]}
    return {
        "name": own["name"] if own else "",
        "privateIPAddress": facts["seat"],
        "publicIPAddress": reference,
    }


def _lost(public: Holding) -> dict[str, Any]:
    theirs = _theirs(public)
    seat = str(address_of(theirs)) if theirs else ""
    return {**_detached(public), "privateIPAddress": seat}


def _document(holding: Holding, which: str) -> Document | None:
    text = holding.facts[which]
    found: Document | None = json.loads(text) if text else None
    return found


def _seen(holding: Holding, which: str) -> dict[str, Any]:
    """Return the interface as it was seen, unless it was being changed right then."""
    document = _document(holding, which)
    return {"document": document} if document and is_settled(document) else {}


def _first(holding: Holding, node: Node) -> dict[str, Any]:
    """Name this node's interface, to be waited for first, if it was being changed right then.

    What comes off its holder could not be put on it until that is over, and nobody would have it.
    """
    own = _document(holding, "own")
    return {} if own is None or is_settled(own) else {FIRST: node.ref}


def _said(**lists: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: found for name, found in lists.items() if found}


def _targets(claims: Sequence[Claim]) -> str:
    return ", ".join(claim.target for claim in claims)


def _spot(ref: str) -> str:
    return f"{group_of(ref)}/{name_of(ref)}"

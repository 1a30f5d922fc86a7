"""Private addresses: alias ranges of network interfaces, taken off one and put onto another.

A PATCH replaces an interface's whole list, so each is conditional on the fingerprint of the look
that the list came from: whatever else changed the interface meanwhile is never undone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from cloudfail.model import Claim, Holding, Network, Node, Owner, PrivateIp, Step

from cloudfail_gcp.around import Around
from cloudfail_gcp.interfaces import Interface, Ranges, alias_of, range_of
from cloudfail_gcp.links import instance_of, name_of, part_of
from cloudfail_gcp.look import Seen

CALL = "instances.updateNetworkInterface"
# vpc/docs/quota: "Maximum number of alias IP ranges per network interface".
_MOST_ALIASES = 150


def private_holding(claim: PrivateIp, seen: Seen, around: Around) -> Holding:
    """Say which interface of this node's network has the range among its aliases."""
    members, own = around.members, seen.interface(around.members.node.ref)
    if own is None:
        return Holding(claim=claim, owner=Owner.UNKNOWN)
    wanted = claim.network
    nearby = [nic for nic in seen.interfaces if nic.network == own.network]
    holder = next((nic for nic in nearby if wanted in nic.ranges), None)
    if holder is own:
        return Holding(claim=claim, owner=Owner.MINE, holder=own.ref)
    name = seen.subnet.name_of(wanted) if seen.subnet is not None else None
    obstacle = _obstacle(wanted, name, own, nearby, seen) or _full(claim, own, around)
    facts = {"own": _spot(own), "range": name or ""}
    if holder is None:
        return Holding(claim=claim, owner=Owner.NOBODY, obstacle=obstacle, facts=facts)
    owner = members.owner_of(holder.machine)
    if owner is Owner.MINE:
        owner = Owner.PEER  # another interface of this machine has it: it has to move
    facts |= {"theirs": _spot(holder)}
    return Holding(claim=claim, owner=owner, holder=holder.ref, obstacle=obstacle, facts=facts)


def private_steps(holdings: Sequence[Holding], node: Node) -> Iterator[Step]:
    """Yield one PATCH for each holder, all at once, and then one of this node's interface."""
    if not holdings:
        return
    removed: set[Claim] = set()
    for ref in sorted({holding.holder for holding in holdings if holding.holder}):
        theirs = [holding for holding in holdings if holding.holder == ref]
        removed |= {holding.claim for holding in theirs}
        yield _remove(ref, theirs)
    yield _add(node, holdings, stage=1 if removed else 0, completes=bool(removed))


def without(ranges: Ranges, claims: Sequence[Claim]) -> list[dict[str, str]]:
    """Return the aliases that are left when those of the claims are gone."""
    gone = {claim.network for claim in claims if isinstance(claim, PrivateIp)}
    return [dict(alias) for alias in ranges if range_of(alias) not in gone]


def _remove(ref: str, holdings: Sequence[Holding]) -> Step:
    seen = json.loads(holdings[0].facts["theirs"])
    claims = tuple(holding.claim for holding in holdings)
    return Step(
        call=CALL,
        claims=claims,
        params={**place_of(ref), "aliasIpRanges": without(seen["aliases"], claims)},
        summary=f"take {_targets(claims)} off {ref}",
        conditions={"fingerprint": seen["fingerprint"]},
        destroys={"holder": ref, "ranges": _targets(claims), "range": holdings[0].facts["range"]},
        releases=True,
    )


def _add(node: Node, holdings: Sequence[Holding], *, stage: int, completes: bool) -> Step:
    seen = json.loads(holdings[0].facts["own"])
    claims = tuple(holding.claim for holding in holdings)
    ours = [alias_of(str(_network(h.claim)), h.facts["range"]) for h in holdings]
    return Step(
        call=CALL,
        claims=claims,
        params={
            **place_of(node.ref),
            "aliasIpRanges": [*without(seen["aliases"], claims), *map(dict, ours)],
        },
        summary=f"put {_targets(claims)} on {node.ref}",
        stage=stage,
        conditions={"fingerprint": seen["fingerprint"]},
        completes=completes,
    )


def place_of(ref: str) -> dict[str, str]:
    """Return the parameters that name an interface."""
    machine = instance_of(ref)
    return {
        "project": part_of(machine, "projects"),
        "zone": part_of(machine, "zones"),
        "instance": name_of(machine),
        "networkInterface": name_of(ref),
    }


def _obstacle(
    wanted: Network, name: str | None, own: Interface, nearby: Sequence[Interface], seen: Seen
) -> str:
    if "subnet" in seen.failures:
        return f"it cannot be told which range it is of: {seen.failures['subnet']}"
    for nic in nearby:
        if nic.address is not None and nic.address in wanted:
            return f"{nic.address} is the primary address of {nic.ref}, which never moves"
        for other in nic.ranges:
            if other != wanted and other.overlaps(wanted):
                return f"{nic.ref} has {other}, of which it is a part: claim ranges as they are"
    if name is None and seen.subnet is not None:
        ranges = ", ".join(str(known) for known in seen.subnet.ranges.values())
        return (
            f"it is in none of the ranges of {name_of(own.subnetwork)}, the subnetwork of "
            f"{own.ref} ({ranges}): alias ranges never leave theirs; use a route instead"
        )
    return ""


def _full(claim: PrivateIp, own: Interface, around: Around) -> str:
    """Say that it does not fit any more, when what is claimed before it has come."""
    coming = [
        one for one in around.kept if isinstance(one, PrivateIp) and one.network not in own.ranges
    ]
    if len(own.aliases) + coming.index(claim) < _MOST_ALIASES:
        return ""
    return (
        f"{own.ref} has {len(own.aliases)} alias ranges, and {len(coming)} are to come: an interface "
        f"has {_MOST_ALIASES} at most; claim a range for several addresses"
    )


def _spot(nic: Interface) -> str:
    return json.dumps({"aliases": nic.aliases, "fingerprint": nic.fingerprint})


def _network(claim: Any) -> Network:
    found: Network = claim.network
    return found


def _targets(claims: Sequence[Claim]) -> str:
    return ", ".join(claim.target for claim in claims)

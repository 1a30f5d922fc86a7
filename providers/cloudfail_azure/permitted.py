"""Nothing is taken off anybody before it is known that this node may put it on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

import msgspec
from cloudfail.model import Holding, Node, Owner, PrivateIp, PublicIp
from cloudfail.parallel import Read, in_parallel

from cloudfail_azure.facts import AGAIN
from cloudfail_azure.grants import Grants, Verdict
from cloudfail_azure.linked import OF_CONFIG, Need, needs_of
from cloudfail_azure.links import name_of
from cloudfail_azure.locks import Locks

_JOIN = f"Microsoft.Network/{OF_CONFIG['publicIPAddress']}"
_POLICY = "grant the role of `cloudfail policy azure` there"


def permitted(
    holdings: Sequence[Holding], node: Node, grants: Grants, locks: Locks
) -> list[Holding]:
    """Return the holdings, with an obstacle where the attach would be refused after the detach.

    A route is one call that changes all or nothing: it needs no asking.
    """
    needs = {number: _needs(one, node) for number, one in enumerate(holdings) if _is_asked(one)}
    if not needs:
        return list(holdings)
    every = [need for each in needs.values() for need in each]
    reads: dict[str, Read] = {
        "verdict": partial(grants.judge, every),
        "lock": partial(locks.over, node.ref),
    }
    found, _ = in_parallel(reads)  # neither raises
    return [
        _judged(one, needs[number], found["verdict"], found["lock"]) if number in needs else one
        for number, one in enumerate(holdings)
    ]


def _is_asked(holding: Holding) -> bool:
    moves = holding.owner in (Owner.PEER, Owner.STRANGER) and not holding.obstacle
    if AGAIN in holding.facts:
        return False  # it is taken off nobody
    return moves and isinstance(holding.claim, PrivateIp | PublicIp)


def _needs(holding: Holding, node: Node) -> list[Need]:
    """Return what both PUTs refer to: this node's interface as it will be, and the holder's."""
    facts = holding.facts
    found = [*needs_of(json.loads(facts["own"])), *needs_of(json.loads(facts["theirs"]))]
    if "public_ip" in facts:
        found.append(Need(_JOIN, facts["public_ip"]))
    if facts.get("config"):
        moved = {"ipConfigurations": [json.loads(facts["config"])]}
        found += [*needs_of({"id": node.ref, "properties": moved})]
    return list(dict.fromkeys(found))


def _judged(holding: Holding, needs: Sequence[Need], verdict: Verdict, lock: str) -> Holding:
    if lock:
        why = (
            f"the management lock {name_of(lock)} forbids to put it on this node's interface, "
            f"and it would be lost on the way: az lock delete --ids {lock}"
        )
        return msgspec.structs.replace(holding, obstacle=why)
    missing = [need for need in needs if need in verdict.missing]
    if missing:
        named = " and ".join(map(str, missing))
        why = f"the permission {named} is missing, and it would be lost on the way: {_POLICY}"
        return msgspec.structs.replace(holding, obstacle=why)
    unsaid = [f"{need} ({verdict.unsaid[need]})" for need in needs if need in verdict.unsaid]
    if not unsaid:
        return holding
    known, others = holding.facts.get("note", ""), len(unsaid) - 1
    more = f", and {others} more" if others else ""
    note = f"it could not be asked whether this identity holds {unsaid[0]}{more}"
    both = f"{known}; {note}" if known else note
    return msgspec.structs.replace(holding, facts={**holding.facts, "note": both})

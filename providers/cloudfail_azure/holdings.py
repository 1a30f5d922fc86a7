"""From what Azure showed to who holds what: pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import msgspec
from cloudfail.holdings import obstructed, unless_read
from cloudfail.model import Claim, Holding, Owner, PrivateIp, PublicIp, Route

from cloudfail_azure.around import Around
from cloudfail_azure.facts import AGAIN, KEPT
from cloudfail_azure.links import key_of, table_id
from cloudfail_azure.look import NICS, PUBLIC, TABLES, Seen, own_group, parts_of
from cloudfail_azure.objects import Document, Interface
from cloudfail_azure.private_holding import private_holding
from cloudfail_azure.public_holding import public_holding
from cloudfail_azure.route_holding import route_holding
from cloudfail_azure.unfinished import is_undone, reason_of


def holding_of(claim: Claim, seen: Seen, around: Around) -> Holding:
    """Return who holds a claim. Raises nothing: what stands in the way becomes the obstacle."""
    parts = _parts(claim, around)
    if not parts:
        return obstructed(claim, f"Azure has no {claim.kind}")
    own = seen.interface(around.members.node.ref)
    not_read = unless_read(claim, seen.failures, *parts)
    if not_read is not None:
        return not_read
    if own is None:
        gone = f"Azure no longer shows {around.members.node.ref}, this node's network interface"
        return Holding(claim=claim, owner=Owner.UNKNOWN, obstacle=gone)
    return _once_finished(_judged(claim, own, seen, around), own, seen)


def _once_finished(holding: Holding, own: Interface, seen: Seen) -> Holding:
    """What is still being put here may fail yet; what did fail has to be put here again."""
    if holding.owner is not Owner.MINE:
        return holding
    for ref, document in _written(holding, own, seen):
        reason = reason_of(ref, document, holding.facts.get("route", ""))
        if reason and is_undone(document):
            facts = {**holding.facts, AGAIN: "yes"}
            return msgspec.structs.replace(holding, owner=Owner.PEER, reason=reason, facts=facts)
        if reason:
            unknown = Holding(claim=holding.claim, owner=Owner.UNKNOWN, facts=holding.facts)
            return msgspec.structs.replace(unknown, reason=reason)
    return holding


def _written(holding: Holding, own: Interface, seen: Seen) -> Iterator[tuple[str, Document]]:
    """Yield ids and documents of what this node wrote, or would, to have it."""
    facts = holding.facts
    if not isinstance(holding.claim, Route):
        yield own.id, own.document
        return
    yield facts["route"], json.loads(facts["document"])
    table = seen.tables[key_of(facts["table"])]
    # That another route of it is being written says nothing of this one.
    if is_undone(table.document):
        yield table.id, table.document


def facts_to_keep(holding: Holding) -> Mapping[str, str]:
    """Return what is to be known of a claim once nobody has it; nothing when nobody has."""
    names = KEPT.get(holding.claim.kind, ()) if holding.holder else ()
    return {name: holding.facts[name] for name in names if holding.facts.get(name)}


def _parts(claim: Claim, around: Around) -> tuple[str, ...]:
    """Name the parts of the look without which there is no telling; none for an unknown kind."""
    facts, own = around.members.node.facts, parts_of(NICS, around.members.node.ref)
    match claim:
        case Route():
            table = table_id(claim.table, facts["subscription"], facts["group"])
            return (*own, *parts_of(TABLES, table))
        case PublicIp():
            where = claim.resource_id or f"{own_group(around.members)}/"
            return (*own, *parts_of(PUBLIC, where))
        case PrivateIp():
            return own
        case _:
            return ()


def _judged(claim: Claim, own: Interface, seen: Seen, around: Around) -> Holding:
    match claim:
        case Route():
            return route_holding(claim, own, seen, around)
        case PublicIp():
            return public_holding(claim, own, seen, around)
        case PrivateIp():
            return private_holding(claim, own, seen, around)
        case _:
            return obstructed(claim, f"Azure has no {claim.kind}")

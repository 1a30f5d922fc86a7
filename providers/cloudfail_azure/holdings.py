"""From what Azure showed to who holds what: pure."""

from __future__ import annotations

import json
from collections.abc import Mapping

from cloudfail.holdings import obstructed, unless_read
from cloudfail.model import Claim, Holding, Owner, PrivateIp, PublicIp, Route

from cloudfail_azure.around import Around
from cloudfail_azure.facts import KEPT
from cloudfail_azure.links import table_id
from cloudfail_azure.look import NICS, PUBLIC, TABLES, Seen, own_group, parts_of
from cloudfail_azure.nics import is_settled
from cloudfail_azure.objects import Interface
from cloudfail_azure.private_holding import private_holding
from cloudfail_azure.public_holding import public_holding
from cloudfail_azure.route_holding import route_holding


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
    return _once_settled(_judged(claim, own, seen, around), own)


def _once_settled(holding: Holding, own: Interface) -> Holding:
    """What an operation is still putting here may yet be refused: it is not ours before its end."""
    if holding.owner is not Owner.MINE:
        return holding
    route = holding.facts.get("document")
    if is_settled(json.loads(route) if route else own.document):
        return holding
    return Holding(claim=holding.claim, owner=Owner.UNKNOWN, facts=holding.facts)


def facts_to_keep(holding: Holding) -> Mapping[str, str]:
    """Return what is to be known of a claim once nobody has it; nothing when nobody has."""
    if not holding.holder or not isinstance(holding.claim, PrivateIp):
        return {}
    return {name: holding.facts[name] for name in KEPT if name in holding.facts}


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

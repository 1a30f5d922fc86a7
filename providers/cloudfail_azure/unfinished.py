"""Resources whose last change has not ended, or has failed: what they show is what was asked for.

Source: networking/troubleshoot-failed-state: `Failed` says that the last write did not succeed, not
that the resource does not work; another write (PUT) of the same restores it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloudfail.holdings import unless_read
from cloudfail.model import Claim, Holding, Owner

from cloudfail_azure.links import group_of, name_of, part_of, subscription_of
from cloudfail_azure.look import NICS, Seen, parts_of
from cloudfail_azure.nics import is_settled, state_of

UNDONE = frozenset({"Failed", "Canceled"})


def is_undone(document: Mapping[str, Any]) -> bool:
    """Say whether Azure gave up what this document shows."""
    return state_of(document) in UNDONE


def reason_of(ref: str, document: Mapping[str, Any], part: str = "") -> str:
    """Say why what this resource shows does not count yet, and what to do; "" when it counts.

    `part` is the id of what of it would be put again: nothing else of it is written.
    """
    state, by_hand = state_of(document), again_by_hand(part or ref)
    if is_undone(document):
        return (
            f"{ref} is {state}: Azure did not finish its last change, and the same has to be put "
            f"again (by hand: {by_hand})"
        )
    if is_settled(document):
        return ""
    return (
        f"{ref} is {state}: an operation that may fail yet has not ended; it is waited for (one that "
        f"never ends is begun anew by {by_hand})"
    )


def disagreeing(claim: Claim, nic: str, seen: Seen) -> Holding:
    """Return what is known of an address that names an interface which does not show it.

    The two were not read at the same moment, or its change did not end, or it cannot be read.
    """
    shown = seen.interface(nic)
    reason = reason_of(shown.id, shown.document) if shown is not None else ""
    failed = unless_read(claim, seen.failures, *parts_of(NICS, nic))
    return failed or Holding(claim=claim, owner=Owner.UNKNOWN, reason=reason)


def again_by_hand(ref: str) -> str:
    """Return the command that reads a network interface, or a route, and puts it again as it is."""
    where = f"--subscription {subscription_of(ref)} --resource-group {group_of(ref)}"
    if table := part_of(ref, "routeTables"):
        named = f"--route-table-name {table} --name {name_of(ref)}"
        return f"az network route-table route update {where} {named}"
    return f"az network nic update {where} --name {name_of(ref)}"

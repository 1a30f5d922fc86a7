"""Resources whose last change has not ended, or has failed: what they show is what was asked for.

Source: networking/troubleshoot-failed-state: `Failed` says that the last write did not succeed, not
that the resource does not work; another write (PUT) of the same restores it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloudfail_azure.links import group_of, name_of, part_of, subscription_of
from cloudfail_azure.nics import is_settled, state_of

_UNDONE = frozenset({"Failed", "Canceled"})
# What reads a resource and puts the same again: a command of `az network`.
_COMMANDS = {
    "networkinterfaces": "nic",
    "routetables": "route-table",
    "publicipaddresses": "public-ip",
}


def is_undone(document: Mapping[str, Any]) -> bool:
    """Say whether Azure gave up what this document shows."""
    return state_of(document) in _UNDONE


def reason_of(ref: str, document: Mapping[str, Any]) -> str:
    """Say why what this resource shows does not count yet, and what to do; "" when it counts."""
    state = state_of(document)
    if is_undone(document):
        return (
            f"{ref} is {state}: Azure did not finish its last change, and the same has to be put "
            f"again (by hand: {again_by_hand(ref)})"
        )
    if is_settled(document):
        return ""
    return (
        f"{ref} is {state}: an operation that may fail yet has not ended; it is waited for (one that "
        f"never ends is begun anew by {again_by_hand(ref)})"
    )


def again_by_hand(ref: str) -> str:
    """Return the command that puts a resource again as it is."""
    kind, name = _place(ref)
    where = f"--subscription {subscription_of(ref)} --resource-group {group_of(ref)}"
    return f"az network {kind} update {where} --name {name}"


def _place(ref: str) -> tuple[str, str]:
    found = ((kind, part_of(ref, collection)) for collection, kind in _COMMANDS.items())
    return next((one for one in found if one[1]), ("nic", name_of(ref)))

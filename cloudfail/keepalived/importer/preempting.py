"""state, nopreempt, preempt_delay of all nodes: who takes over from whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cloudfail.keepalived.importer.joined import Joined, Member
from cloudfail.keepalived.importer.seats import Seat

_KEYS = ("nopreempt", "preempt_delay")


def preempting(joined: Joined, seats: Sequence[Seat]) -> dict[str, Any]:
    """Return the keys of the instance. What the best node of those with a file does, counts.

    Only a better node takes over, so that what the others say has no effect; and with state MASTER
    keepalived clears both keys.
    """
    best = _best(joined, seats)
    key = _effective(best)
    if key == "nopreempt" and _has_weights(joined.first):
        _say_of_weights(joined)
        return {"nopreempt": False}
    for member in joined.members:
        _say_of(member, key, best)
    if key == "nopreempt":
        return {}  # the toml's default
    if key == "preempt_delay":
        return {key: best.instance.section.get(key)}
    return {"nopreempt": False}


def _best(joined: Joined, seats: Sequence[Seat]) -> Member:
    ranked = sorted(seats, key=lambda seat: seat.priority or 0, reverse=True)
    return next((seat.member for seat in ranked if seat.member is not None), joined.first)


def _has_weights(member: Member) -> bool:
    """Say whether a failure changes the priority. `config check` then refuses nopreempt."""
    found, trackers = member.instance.section.found, member.node.trackers
    for kind in ("track_script", "track_process", "track_interface"):
        for one in found[kind].value if kind in found else ():
            known = trackers.get(kind, {}).get(one.name)
            weight = known.table.weight if one.weight is None and known else one.weight
            if weight:
                return True
    return False


def _say_of_weights(joined: Joined) -> None:
    why = (
        "false: with it the weights of what is tracked have no effect, a master whose priority "
        "falls stays master (measured with 2.2.7)"
    )
    for member in joined.members:
        for key in ("state", *_KEYS):
            found = member.instance.section.found.get(key)
            if found is not None and found.value != "BACKUP":
                member.node.ledger.change(found.statement, why)


def _effective(member: Member) -> str:
    section = member.instance.section
    if section.get("state") == "MASTER":
        return ""
    return next((key for key in _KEYS if key in section.found), "")


def _say_of(member: Member, kept: str, best: Member) -> None:
    found, ledger = member.instance.section.found, member.node.ledger
    state = found.get("state")
    if state is not None and state.value == "MASTER":
        ledger.change(state.statement, "the priorities decide who is master")
    for key in _KEYS:
        if key in found and key != kept:
            why = f"without effect: node {best.node.name} is the best one, and takes over"
            ledger.change(found[key].statement, why)
        elif key in found and found[key].value != best.instance.section.get(key):
            why = f"node {best.node.name} is the best one, and waits {best.instance.section.get(key):g} s"
            ledger.change(found[key].statement, why)
    if kept and kept not in found:
        place = member.instance.block.place
        what = f"vrrp_instance {member.instance.name} without {kept}"
        ledger.say(place, "changed", what, f"all nodes have it, as node {best.node.name} has")

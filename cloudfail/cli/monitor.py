"""Is what the cloud shows right for the role? In Nagios' words and exit codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cloudfail.line import one_line
from cloudfail.model import Holding, Owner

_WORDS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
OK, WARNING, CRITICAL, UNKNOWN = range(4)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`code` is the plugin's exit code, `line` its one line with performance data."""

    code: int
    line: str

    @property
    def word(self) -> str:
        return _WORDS[self.code]


def judge(instance: str, role: str, holdings: Sequence[Holding]) -> Verdict:
    """Judge the holdings of an instance by the recorded role (empty: none is recorded)."""
    code, what = _reason(role, holdings)
    counts = {owner: sum(one.owner is owner for one in holdings) for owner in Owner}
    data = " ".join(f"{owner.value}={count}" for owner, count in counts.items())
    return Verdict(code, f"{_line(code, instance, what)} | {data}")


def warning(instance: str, what: str, verdict: Verdict) -> Verdict:
    """Return the verdict as a warning of something else, with the same performance data."""
    data = verdict.line.rpartition(" | ")[2]
    return Verdict(WARNING, f"{_line(WARNING, instance, what)} | {data}")


def _line(code: int, instance: str, what: str) -> str:
    return in_line(f"CLOUDFAIL {_WORDS[code]} - {instance}: {what}")


def in_line(text: str) -> str:
    """Return the text as one line; what follows a bar is performance data."""
    return one_line(text).replace("|", "/")


def _reason(role: str, holdings: Sequence[Holding]) -> tuple[int, str]:
    owners = {holding.owner for holding in holdings}
    if not owners:
        return OK, f"it claims nothing in the cloud, its role is {role or 'unknown'}"
    for bad in (Owner.STRANGER, Owner.NOBODY):
        if bad in owners:
            return CRITICAL, f"{bad.value} holds {_claims(holdings, bad)}"
    if role == "MASTER" and Owner.PEER in owners:
        return CRITICAL, f"MASTER, but {_missed(holdings)}"
    if Owner.UNKNOWN in owners:
        told = _told(holdings, Owner.UNKNOWN)
        return UNKNOWN, f"the cloud did not say who holds {_claims(holdings, Owner.UNKNOWN)}{told}"
    if owners == {Owner.MINE, Owner.PEER}:
        return WARNING, f"split: only {_claims(holdings, Owner.MINE)} here"
    return _mine(role, len(holdings)) if owners == {Owner.MINE} else _elsewhere(holdings)


def _missed(holdings: Sequence[Holding]) -> str:
    """Say what a master lacks: first what is with a peer indeed, else what does not count yet."""
    theirs = [one for one in holdings if not one.reason]
    if any(one.owner is Owner.PEER for one in theirs):
        return f"a peer holds {_claims(theirs, Owner.PEER)}"
    return f"{_claims(holdings, Owner.PEER)}{_told(holdings, Owner.PEER)}"


def _told(holdings: Sequence[Holding], owner: Owner) -> str:
    """Return the reason that the cloud gave for one of these, with what goes before it."""
    told = (one.reason for one in holdings if one.owner is owner and one.reason)
    return next((f": {reason}" for reason in told), "")


def _elsewhere(holdings: Sequence[Holding]) -> tuple[int, str]:
    obstacles = [one for one in holdings if one.obstacle]
    if obstacles:
        return WARNING, f"this node could not take {obstacles[0].claim}: {obstacles[0].obstacle}"
    undone = [one for one in holdings if one.reason]
    if undone:
        return WARNING, f"{undone[0].claim}: {undone[0].reason}"
    return OK, f"a peer holds all {len(holdings)} claims"


def _mine(role: str, count: int) -> tuple[int, str]:
    if role in {"", "MASTER"}:
        return OK, f"this node holds all {count} claims"
    return WARNING, f"this node holds all {count} claims, but its role is {role}"


def _claims(holdings: Sequence[Holding], owner: Owner) -> str:
    found = [str(holding.claim) for holding in holdings if holding.owner is owner]
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return found[0] + more

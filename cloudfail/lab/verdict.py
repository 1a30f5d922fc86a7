"""The figures of a rehearsal, computed from its record alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import msgspec

from cloudfail.lab.client import Packet
from cloudfail.lab.cloudlink import NodeCall
from cloudfail.lab.timeline import Event, Kind, role_after

FAULT = "fault"  # `detail` of an event from which the figures count
_TOLD = frozenset({"MASTER", "RX_LOWER_PRI"})


class Record(msgspec.Struct, frozen=True):
    """All of one rehearsal. `fault` and `end` are CLOCK_MONOTONIC, as in events and calls."""

    events: tuple[Event, ...]
    calls: tuple[NodeCall, ...]
    packets: tuple[Packet, ...]
    target: str
    fault: float
    end: float


class Figures(msgspec.Struct, frozen=True):
    """Milliseconds, from the first fault to the end of the record.

    detection_ms    from the last fault until keepalived told the node that took the address last
                    (None: nobody was told, or nobody took it)
    cloudfail_ms    from there until the cloud showed the address on it, less `api_ms`
    api_ms          of that, while at least one API request was under way
    unowned_ms      the address was with nobody
    wrong_owner_ms  it was with a node that was not, or no longer, a living VRRP master
    dark_ms         the longest time in which the client got no answer
    api_calls       requests that all nodes sent; `api_writes`: the mutating ones among them
    """

    detection_ms: float | None
    cloudfail_ms: float | None
    api_ms: float | None
    unowned_ms: float
    wrong_owner_ms: float
    dark_ms: float
    api_calls: int
    api_writes: int


def figures(record: Record) -> Figures:
    take = _take(record)
    calls = [call for call in record.calls if call.t >= record.fault]
    return Figures(
        detection_ms=_ms(take.told - take.fault) if take else None,
        cloudfail_ms=_ms(take.shown - take.told - take.api) if take else None,
        api_ms=_ms(take.api) if take else None,
        unowned_ms=_ms(sum(end - start for start, end, who, _ in _slices(record) if not who)),
        wrong_owner_ms=_ms(
            sum(end - start for start, end, who, fit in _slices(record) if who and who not in fit)
        ),
        dark_ms=_ms(longest_loss(record.packets, record.fault)),
        api_calls=len(calls),
        api_writes=sum(call.mutating for call in calls),
    )


def longest_loss(packets: Sequence[Packet], since: float) -> float:
    """Return the longest time, in seconds, in which no packet sent after `since` was answered."""
    longest, start = 0.0, None
    for packet in packets:
        if packet.sent < since:
            continue
        if packet.answered:
            start = None
            continue
        start = packet.sent if start is None else start
        longest = max(longest, packet.sent - start + 0.01)
    return longest


class _Take(msgspec.Struct, frozen=True):
    """The last time that the target came to a node: told by keepalived, shown by the cloud."""

    fault: float
    told: float
    shown: float
    api: float


def _take(record: Record) -> _Take | None:
    moves = [e for e in record.events if e.kind is Kind.HOLDER and e.detail == record.target]
    moves = [event for event in moves if event.t >= record.fault]
    if not moves or not moves[-1].node:
        return None
    last = moves[-1]
    since = moves[-2].t if len(moves) > 1 else record.fault
    told = [
        event.t
        for event in record.events
        if event.node == last.node
        and event.kind is Kind.VRRP
        and event.detail in _TOLD
        and since <= event.t <= last.t
    ]
    if not told:
        return None
    harm = [e.t for e in record.events if e.detail == FAULT and e.t <= told[0]]
    spans = (
        (max(call.t, told[0]), min(call.t + call.seconds, last.t))
        for call in record.calls
        if call.node == last.node
    )
    api = _union(span for span in spans if span[0] < span[1])
    return _Take(max(harm, default=record.fault), told[0], last.t, api)


def _union(spans: Iterable[tuple[float, float]]) -> float:
    total, reached = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total


def _slices(record: Record) -> Iterator[tuple[float, float, str, frozenset[str]]]:
    """Yield (start, end, holder, living masters) from the fault to the end."""
    moments = {record.fault, record.end}
    moments |= {e.t for e in record.events if record.fault < e.t < record.end}
    state = _State(record.target)
    pending = sorted(record.events, key=lambda event: event.t)
    for start, end in pairwise(sorted(moments)):
        while pending and pending[0].t <= start:
            state.take(pending.pop(0))
        yield start, end, state.holder, state.masters


class _State:
    """Who holds the target and who is a living master, after the events taken so far."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._roles: dict[str, str] = {}
        self._frozen: set[str] = set()
        self.holder = ""

    def take(self, event: Event) -> None:
        if event.kind is Kind.HOLDER and event.detail == self._target:
            self.holder = event.node
        self._roles[event.node] = role_after(self._roles.get(event.node, ""), event)
        if event.kind is Kind.LAB and event.detail == "frozen":
            self._frozen.add(event.node)
        if event.kind is Kind.LAB and event.detail in {"thawed", "booted"}:
            self._frozen.discard(event.node)

    @property
    def masters(self) -> frozenset[str]:
        return frozenset(
            node
            for node, role in self._roles.items()
            if role == "MASTER" and node not in self._frozen
        )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)

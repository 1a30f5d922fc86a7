"""The figures of a rehearsal, computed from its record alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import msgspec

from cloudfail.lab.client import Packet
from cloudfail.lab.cloudlink import NodeCall
from cloudfail.lab.timeline import Event, Kind, role_after

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
    """Milliseconds, from the fault to the end of the record.

    detection_ms    until keepalived told the node that took the address (None: nobody took it)
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
    detection, take, api = _take(record)
    calls = [call for call in record.calls if call.t >= record.fault]
    return Figures(
        detection_ms=_ms(detection - record.fault) if detection else None,
        cloudfail_ms=_ms(take - detection - api) if detection else None,
        api_ms=_ms(api) if detection else None,
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


def _take(record: Record) -> tuple[float, float, float]:
    """When the last taker was told, when the cloud showed it there, seconds of API in between."""
    takes = [
        event
        for event in record.events
        if event.kind is Kind.HOLDER
        and event.detail == record.target
        and event.node
        and event.t >= record.fault
    ]
    if not takes:
        return 0.0, 0.0, 0.0
    last = takes[-1]
    told = [
        event.t
        for event in record.events
        if event.node == last.node
        and event.kind is Kind.VRRP
        and event.detail in _TOLD
        and record.fault <= event.t <= last.t
    ]
    if not told:
        return 0.0, 0.0, 0.0
    under_way = (
        (max(call.t, told[0]), min(call.t + call.seconds, last.t))
        for call in record.calls
        if call.node == last.node
    )
    return told[0], last.t, _union(span for span in under_way if span[0] < span[1])


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

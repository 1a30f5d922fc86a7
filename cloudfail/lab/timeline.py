"""What happened, when, and to whom: everything the lab sees goes through here."""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable

import msgspec

from cloudfail.clock import Clock


class Kind(enum.StrEnum):
    """What an event tells; `detail` is for programs, `text` for people.

    LAB: what the lab did (`detail`: dead, frozen, thawed, booted, or nothing).
    VRRP: keepalived's own word (`detail`: MASTER, BACKUP, FAULT, STOP, FAREWELL, RX_LOWER_PRI).
    HOLDER: the cloud moved something (`detail`: the target; `node`: who has it, "" for nobody).
    CALL: an API request that a node made. CLIENT: packets lost, packets back. LOG: syslog.
    """

    LAB = "lab"
    VRRP = "vrrp"
    HOLDER = "holder"
    CALL = "call"
    CLIENT = "client"
    LOG = "log"


class Event(msgspec.Struct, frozen=True):
    """`t` is CLOCK_MONOTONIC in seconds."""

    t: float
    node: str
    kind: Kind
    text: str
    detail: str = ""


Listener = Callable[[Event], None]


class Timeline:
    """An append-only record that can be waited on. Thread-safe.

    Listeners are called in the order of arrival, which is not always that of `t`: the cloud
    reports a change some milliseconds after it happened.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._events: list[Event] = []
        self._news = threading.Condition(threading.RLock())
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> None:
        with self._news:
            self._listeners.append(listener)

    def add(self, node: str, kind: Kind, text: str, *, detail: str = "", t: float = 0.0) -> Event:
        event = Event(t or self.clock.now(), node, kind, text, detail)
        with self._news:
            self._events.append(event)
            for listener in self._listeners:
                listener(event)
            self._news.notify_all()
        return event

    def events(self) -> tuple[Event, ...]:
        """Return what is known so far, in the order of time."""
        with self._news:
            return tuple(sorted(self._events, key=lambda event: event.t))

    def wait(self, question: Callable[[], bool], seconds: float) -> bool:
        """Wait until `question`, asked again at each event, says yes; False when it does not."""
        until = self.clock.now() + seconds
        with self._news:
            while not question():
                left = until - self.clock.now()
                if left <= 0:
                    return False
                self._news.wait(min(left, 0.2))
            return True

    def holder(self, target: str) -> str:
        """Return the node that has the target now; "" for nobody."""
        held = [e for e in self.events() if e.kind is Kind.HOLDER and e.detail == target]
        return held[-1].node if held else ""

    def role(self, node: str) -> str:
        """Return keepalived's last role of the node; "" before the first, or when it is dead."""
        role = ""
        for event in self.events():
            if event.node == node:
                role = role_after(role, event)
        return role


def role_after(role: str, event: Event) -> str:
    """Return the role that a node has after one of its events."""
    if event.kind is Kind.VRRP and event.detail in {"MASTER", "BACKUP", "FAULT", "STOP"}:
        return event.detail
    if event.kind is Kind.VRRP and event.detail == "FAREWELL" and role == "MASTER":
        return "STOP"
    if event.kind is Kind.LAB and event.detail in {"dead", "booted"}:
        return ""
    return role

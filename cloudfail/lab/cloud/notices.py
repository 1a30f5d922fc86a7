"""What a cloud tells a node in advance: maintenance, eviction. Announced by whoever rehearses."""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from collections.abc import Sequence

import msgspec

from cloudfail.clock import wall_clock


class Notice(msgspec.Struct, frozen=True):
    """`kind` is the cloud's own word. `not_before` is in seconds since the epoch.

    `announced`, `seen` (its metadata service told the node of it) and `acknowledged` are
    CLOCK_MONOTONIC in seconds, the same for all processes; 0: not yet. Only Azure's are
    acknowledged. `number` grows with each change of a cloud's notices.
    """

    id: str
    node: str
    kind: str
    not_before: float
    announced: float
    seen: float = 0.0
    acknowledged: float = 0.0
    number: int = 0


class Notices:
    """The notices that hold, in the order of their announcement. Thread-safe."""

    def __init__(self) -> None:
        self._held: list[Notice] = []
        self._numbers = itertools.count(1)
        self._version = 0
        self._news = threading.Condition()

    def announce(self, node: str, kind: str, seconds: float) -> Notice:
        """Announce for `seconds` from now; a second one of the kind replaces the first."""
        name = str(uuid.uuid4()).upper()
        with self._news:
            number = self._change()
            made = Notice(name, node, kind, wall_clock() + seconds, time.monotonic(), number=number)
            self._held = [n for n in self._held if (n.node, n.kind) != (node, kind)] + [made]
        return made

    def withdraw(self, node: str, kind: str = "") -> None:
        """Let what was announced to the node be over; `kind` "" is all of it."""
        with self._news:
            self._held = [n for n in self._held if n.node != node or (kind and n.kind != kind)]
            self._change()

    def clear(self) -> None:
        with self._news:
            self._held = []
            self._change()

    def every(self) -> Sequence[Notice]:
        with self._news:
            return tuple(self._held)

    def of_node(self, node: str, kind: str = "") -> Sequence[Notice]:
        return [n for n in self.every() if n.node == node and kind in {"", n.kind}]

    def see(self, shown: Sequence[Notice]) -> None:
        """Note that a node was told of these now; the first time counts."""
        self._mark(shown, "seen")

    def acknowledge(self, shown: Sequence[Notice]) -> None:
        """Note that a node said that these may begin; the first time counts."""
        self._mark(shown, "acknowledged")

    @property
    def version(self) -> int:
        """A number that grows with whatever is announced, withdrawn or acknowledged."""
        return self._version

    def wait(self, version: int, seconds: float) -> None:
        """Return when the version is another than this, at the latest after so long."""
        with self._news:
            self._news.wait_for(lambda: self._version != version, timeout=seconds)

    def _mark(self, shown: Sequence[Notice], field: str) -> None:
        ids = {notice.id for notice in shown}
        with self._news:
            fresh = [n for n in self._held if n.id in ids and not getattr(n, field)]
            if not fresh:
                return
            marks = {field: time.monotonic()}
            if field != "seen":
                marks["number"] = self._change()
            self._held = [
                msgspec.structs.replace(n, **marks) if n in fresh else n for n in self._held
            ]

    def _change(self) -> int:
        self._version = next(self._numbers)
        self._news.notify_all()
        return self._version

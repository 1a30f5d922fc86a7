"""Who holds what: compared before and after each write, so that no way of moving is missed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from cloudfail.lab.cloud.records import Change

Target = tuple[str, str]
Holders = Mapping[Target, str]


class Ledger:
    """The changes, in order. `note` is called by one writer at a time; reading is thread-safe."""

    def __init__(self) -> None:
        self._changes: list[Change] = []
        self._holders: dict[Target, str] = {}
        self._nodes: Mapping[str, str] = {}
        self._since: dict[Target, float] = {}
        self._news = threading.Condition()
        self._callbacks: list[Callable[[Change], None]] = []

    def start(self, holders: Holders, nodes: Mapping[str, str]) -> None:
        """Forget all changes; `nodes` maps interface ids to names.

        A holder may be several ids with a comma between them: traffic is shared.
        """
        with self._news:
            self._changes = []
            self._holders = dict(holders)
            self._nodes = nodes
            self._since = dict.fromkeys(holders, time.monotonic())

    def on_change(self, callback: Callable[[Change], None]) -> None:
        self._callbacks.append(callback)

    def forget(self, callback: Callable[[Change], None]) -> None:
        self._callbacks.remove(callback)

    def note(self, holders: Holders) -> None:
        """Record what differs from the last time."""
        t = time.monotonic()
        with self._news:
            moved = [
                (target, holders.get(target, ""))
                for target in {**self._holders, **holders}
                if self._holders.get(target, "") != holders.get(target, "")
            ]
            self._holders = dict(holders)
            new = [self._record(t, target, holder) for target, holder in moved]
            if new:
                self._news.notify_all()
        for change in new:
            for callback in self._callbacks:
                callback(change)

    def changes(self, since: int = 0, wait: float = 0.0) -> list[Change]:
        """Changes numbered above `since`, waiting up to `wait` seconds for one."""
        with self._news:
            self._news.wait_for(lambda: len(self._changes) > since, timeout=wait)
            return self._changes[max(since, 0) :]

    def holders(self) -> list[Change]:
        with self._news:
            return [
                Change(self._since[target], *target, holder, self._name(holder))
                for target, holder in self._holders.items()
            ]

    def _record(self, t: float, target: Target, holder: str) -> Change:
        number = len(self._changes) + 1
        change = Change(t, *target, holder, self._name(holder), number)
        self._changes.append(change)
        self._since[target] = t
        return change

    def _name(self, holder: str) -> str:
        names = (self._nodes.get(one, "") for one in holder.split(","))
        return ",".join(name for name in names if name)

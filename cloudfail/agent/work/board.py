"""What the threads of one instance share, under one lock."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from typing import Any

from cloudfail.agent.view import Ran, Readiness
from cloudfail.agent.work.drift import Drift, Quarrel
from cloudfail.agent.work.pace import Intervals, Pace
from cloudfail.agent.work.requests import Request
from cloudfail.agent.work.sight import Sight
from cloudfail.model import Plan
from cloudfail.outcome import Ended
from cloudfail.run import Run


class Board:
    """Read and written by those who hold `changed`; views read single fields without it.

    The looker waits at `looking`, which has the same lock: what only the actor has to know does not
    wake it. Everybody else waits at `changed`.

    `promoted` is the generation that a run has finished for; `last_ended` the newest run, and when.
    `repair` is the sight that showed a drift for certain, or what is to be tidied up; `tidy_at` is
    when that may be done next. `runs` counts the runs: a look that one came in between of says nothing. `asking` wait for a look that begins after they asked.
    `free_since` is when this began, or a pause ended. `looking_since` and `running_since` are when what is under way began (monotonic).
    `is_certain` says whether the role was MASTER without doubt when it was last heard of.
    `alarms` are sentences by what they are about; an empty one clears it.
    """

    def __init__(self, intervals: Intervals, now: float) -> None:
        lock = threading.RLock()
        self.changed, self.looking = threading.Condition(lock), threading.Condition(lock)
        self.pace = Pace(intervals, now)
        self.drift = Drift()
        self.quarrel = Quarrel(intervals.reconcile)
        self.requests: deque[Request] = deque()
        self.asking: list[Future[Plan]] = []
        self.sight: Sight | None = None
        self.repair: Sight | None = None
        self.run: Run | None = None
        self.runs = 0
        self.tidy_at = now
        self.generation = 0
        self.is_certain = False
        self.promoted = 0
        self.paused = ""
        self.stopping = ""
        self.readiness: tuple[float, Readiness] | None = None
        self.last_ended: tuple[float, Ended] | None = None
        self.last_run: Ran | None = None
        self.last_failover: Ran | None = None
        self.free_since = now
        self.looking_since: float | None = None
        self.running_since: float | None = None
        self._alarms: dict[str, str] = {}

    def tell(self) -> None:
        """Wake everybody; whoever calls holds `changed`."""
        self.changed.notify_all()
        self.looking.notify_all()

    def excuse(self, seconds: float) -> None:
        """Nothing could come back for so long: what is under way has as much more time."""
        if self.looking_since is not None:
            self.looking_since += seconds
        if self.running_since is not None:
            self.running_since += seconds

    def alarm(self, about: str, sentence: str) -> bool:
        """Raise or clear an alarm; True when that is news."""
        if self._alarms.get(about, "") == sentence:
            return False
        alarms = {**self._alarms, about: sentence}
        self._alarms = {name: text for name, text in alarms.items() if text}
        return True

    def alarm_about(self, about: str) -> str:
        return self._alarms.get(about, "")

    @property
    def alarms(self) -> tuple[str, ...]:
        return tuple(self._alarms.values())

    def stop_run(self, reason: str) -> None:
        """End what runs at its next safe point."""
        if self.run is not None:
            self.run.stop(reason)

    def cancel_requests(self) -> list[Future[Any]]:
        """Take every waiting request away; whoever takes them answers them."""
        waiting: list[Future[Any]] = [request.future for request in self.requests]
        waiting += self.take_asking()
        self.requests.clear()
        return waiting

    def take_asking(self) -> list[Future[Plan]]:
        """Take away who waits for a look; whoever takes them answers them."""
        asking, self.asking = self.asking, []
        return asking

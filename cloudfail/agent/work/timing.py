"""Where the time of a run went, read off what it writes into its journal."""

from __future__ import annotations

from typing import Any

from cloudfail.agent.view import Phases
from cloudfail.clock import Clock
from cloudfail.journal import Journal


class TimedJournal:
    """Passes lines on, and notes when a run had its plan, and when its last call was answered.

    Written to from several threads: each mark is one assignment.
    """

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal, self._clock = journal, clock
        self._began = clock.now()
        self._planned = 0.0
        self._done = 0.0

    def write(self, event: str, **fields: Any) -> None:
        if event == "planned" and not self._planned:
            self._planned = self._clock.now()
        elif event in {"done", "failed"} and "call" in fields:
            self._done = self._clock.now()
        self._journal.write(event, **fields)

    def settle(self, seconds: float = 0.2) -> bool:
        return self._journal.settle(seconds)

    def close(self) -> None:
        self._journal.close()

    def phases(self, queue: float) -> Phases:
        """Return the phases so far; `queue` is how long the run had waited for its start."""
        now = self._clock.now()
        planned = self._planned or now
        done = self._done or planned
        return Phases(
            queue=max(0.0, queue),
            plan=planned - self._began,
            api=done - planned,
            verify=now - done,
        )

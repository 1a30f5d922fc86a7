"""Time, as a value that tests can own. The only module that sleeps."""

from __future__ import annotations

import time
from typing import Protocol

import msgspec


class Clock(Protocol):
    """Monotonic seconds."""

    def now(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Deadline(msgspec.Struct, frozen=True):
    """A point in monotonic time that a run must not pass."""

    clock: Clock
    at: float

    @classmethod
    def after(cls, clock: Clock, seconds: float) -> Deadline:
        return cls(clock, clock.now() + seconds)

    def left(self) -> float:
        return max(0.0, self.at - self.clock.now())


def wall_clock() -> float:
    """Seconds since the epoch, for records that people read.

    Never for decisions, but for the age of what a cloud has dated.
    """
    return time.time()

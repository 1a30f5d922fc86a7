"""A run that needs no file, no role and no waiting."""

from __future__ import annotations

from collections.abc import Callable

from cloudfail.clock import Clock, Deadline
from cloudfail.retry import Backoff
from cloudfail.run import Run
from cloudfail.testing.clock import FakeClock
from cloudfail.testing.journal import ListJournal


class _Role:
    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check

    def __call__(self, *, completes: bool = False) -> None:
        del completes
        self._check()


def _still_master() -> None:
    """Nobody took over."""


def ready_run(
    *,
    journal: ListJournal | None = None,
    clock: Clock | None = None,
    seconds: float = 60.0,
    role: Callable[[], None] = _still_master,
    width: int = 4,
) -> Run:
    """Return a run on a fake clock, without jitter, whose role check is `role`."""
    clock = clock or FakeClock()
    return Run(
        instance="test",
        deadline=Deadline.after(clock, seconds),
        journal=journal or ListJournal(),
        role=_Role(role),
        clock=clock,
        backoff=Backoff(jitter=lambda: 0.0),
        width=width,
    )

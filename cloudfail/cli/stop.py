"""SIGTERM and SIGINT end a run at its next safe point, never in the middle of a call."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Self

from cloudfail.cli import messages
from cloudfail.errors import SupersededError

if TYPE_CHECKING:
    from cloudfail.run import Run

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopper:
    """From `with` to its end, both signals stop the run that is watched.

    Before there is one, nothing was begun: SupersededError is raised at once. keepalived sends
    SIGTERM to its scripts when it stops (PR_SET_PDEATHSIG).
    """

    def __init__(self) -> None:
        self._run: Run | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextlib.contextmanager
    def watching(self, run: Run) -> Iterator[Run]:
        """Let the signals stop this run, instead of raising wherever they come."""
        self._run = run
        try:
            yield run
        finally:
            self._run = None

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del frame
        name = signal.Signals(number).name
        if self._run is None:
            raise SupersededError(f"stopped by {name}; nothing was under way")
        self._run.stop(name)
        messages.say_in_handler(f"{name}: stopping before the next call")

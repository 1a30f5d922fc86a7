"""SIGTERM, SIGINT and SIGHUP end a run at its next safe point, never in the middle of a call."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Self

from cloudfail.cli import messages

if TYPE_CHECKING:
    from cloudfail.run import Run

# SIGHUP: an ssh session that drops must not cut a remove off from its add.
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class EndedBySignal(BaseException):
    """A signal came before anything was begun. No `except Exception` on the way may take it."""


class Stopper:
    """From `with` to its end, the signals stop the run that is watched.

    Before `begin`, nothing was done: EndedBySignal is raised at once. After it they only set
    `stopped` (and stop the watched run), so that what was done is told in any case. keepalived
    sends SIGTERM to its scripts when it stops (PR_SET_PDEATHSIG).
    """

    def __init__(self) -> None:
        self.stopped = ""
        self._begun = False
        self._run: Run | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
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

    def begin(self) -> None:
        """From now on there is something to tell: signals raise nothing any more."""
        self._begun = True

    @contextlib.contextmanager
    def watching(self, run: Run) -> Iterator[Run]:
        """Let the signals stop this run; one that came since `begin` stops it now."""
        self._run = run
        if self.stopped:
            run.stop(self.stopped)
        try:
            yield run
        finally:
            self._run = None

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del frame
        name = signal.Signals(number).name
        if not self._begun:
            raise EndedBySignal(f"stopped by {name}; nothing was under way")
        self.stopped = name
        if self._run is not None:
            self._run.stop(name)
            messages.say_in_handler(f"{name}: stopping before the next call")

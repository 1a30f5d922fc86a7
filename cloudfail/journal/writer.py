"""The journal of a run. No caller ever waits for a disk, or sees its errors."""

from __future__ import annotations

import contextlib
from collections import deque
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from cloudfail.clock import SystemClock, wall_clock
from cloudfail.journal.entry import encode
from cloudfail.journal.file import AppendFile
from cloudfail.journal.system_log import INFO, SYSTEM_LOG, WARNING
from cloudfail.journal.thread import Barrier, Line, WriterThread

_MOST_OPEN = 10_000
_CLOSE = 0.4
_CLOSE_SYSLOG = 0.05
_SYSLOG_SHARE = 0.1  # of the time that a settle may take


class Journal(Protocol):
    """Where a run writes down what it does."""

    def write(self, event: str, **fields: Any) -> None:
        """Add a line. Never blocks and never raises. What it is given must not change any more."""
        ...

    def settle(self, seconds: float = 0.2) -> bool:
        """Wait, at most this long, until all lines so far are on the disk.

        False when they are not: then they have gone to syslog, and the run goes on.
        """
        ...

    def close(self) -> None:
        """Write what is left, within half a second; what cannot be written goes to syslog."""
        ...


class NullJournal:
    """A journal that keeps nothing, for dry runs and tools."""

    def write(self, event: str, **fields: Any) -> None:
        pass

    def settle(self, seconds: float = 0.2) -> bool:
        return True

    def close(self) -> None:
        pass


class FileJournal:
    """JSON lines in a file of mode 0640, rotated at `max_bytes`, `keep` old files beside it.

    Several processes may share the file. `problem` says in one sentence what the disk did not
    do, and is empty while all is well.
    """

    def __init__(  # noqa: PLR0913  the fields that every line carries, by name
        self,
        path: Path,
        *,
        run_id: str,
        instance: str,
        generation: int,
        node: str = "",
        max_bytes: int = 1 << 20,
        keep: int = 5,
    ) -> None:
        self._path = path
        self._head = {
            "run_id": run_id,
            "instance": instance,
            "node": node,
            "generation": generation,
        }
        file = AppendFile(path, max_bytes=max_bytes, keep=keep, clock=SystemClock())
        self._open: deque[Line] = deque()
        self._thread = WriterThread(file, self._open)
        self._late: Barrier | None = None
        self._closed = False
        self._syslog_share = _SYSLOG_SHARE
        self.problem = ""

    def begin(self, run_id: str, generation: int) -> None:
        """Say whose lines these are, where that was not known when the journal was made."""
        self._head = {**self._head, "run_id": run_id, "generation": generation}

    def write(self, event: str, **fields: Any) -> None:
        line = Line(partial(encode, self._head, event, fields, wall_clock()))
        if self._closed or len(self._open) >= _MOST_OPEN:
            self._post(line)
            return
        # No lock is taken here: a signal handler may interrupt a write with another one.
        self._open.append(line)
        self._thread.put(line)

    def settle(self, seconds: float = 0.2) -> bool:
        """Wait until the disk has all lines; not again for a disk that is late already."""
        barrier = Barrier(sync=True)
        self._thread.put(barrier)
        is_hanging = self._late is not None and not self._late.done.is_set()
        syslog = seconds * self._syslog_share
        if not barrier.done.wait(0.0 if is_hanging else seconds - syslog):
            self._late = self._late if is_hanging else barrier
            self._give_up(f"not on the disk within {seconds:g} s", self._unsettled(), syslog)
            return False
        if barrier.problem:
            self._give_up(barrier.problem, self._unsettled(), syslog)
            return False
        return True

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        barrier = Barrier(sync=False, last=True)
        self._thread.put(barrier)
        is_hanging = self._late is not None and not self._late.done.is_set()
        if not barrier.done.wait(0.0 if is_hanging else _CLOSE):
            self._give_up("not written when the run ended", self._unwritten(), _CLOSE_SYSLOG)
        elif barrier.problem:
            self._give_up(barrier.problem, self._unwritten(), _CLOSE_SYSLOG)

    def _give_up(self, problem: str, lines: list[Line], seconds: float) -> None:
        """Hand lines that the disk does not have to syslog, each once, with one warning."""
        if not self.problem:
            self.problem = f"journal {self._path}: {problem}; its lines go to syslog"
            SYSTEM_LOG.post(WARNING, self.problem)
        for line in lines:
            self._post(line)
        if not SYSTEM_LOG.flush(seconds):
            self._syslog_share = 0.0  # it hangs as well: no other settle waits for it

    def _unwritten(self) -> list[Line]:
        return [line for line in self._unsettled() if not line.written]

    def _unsettled(self) -> list[Line]:
        while True:
            with contextlib.suppress(RuntimeError):  # the writer took one out meanwhile: again
                return [line for line in self._open if not (line.settled or line.posted)]

    def _post(self, line: Line) -> None:
        line.posted = True
        SYSTEM_LOG.post(INFO, line.text.decode("utf-8", "replace"))

"""The thread that waits for the disk."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections import deque
from collections.abc import Callable

from cloudfail.journal.file import AppendFile

# Seconds that a line waits for others, if nobody waits for it: a run writes some right before its
# first call, which would share the interpreter with this thread.
_GATHER = 0.05
_MOST_UNSYNCED = 1000
_MOST_BACKLOG = 10_000


class Line:
    """A line on its way: `written` to the file, `settled` on the disk, `posted` to syslog.

    `encode` is called once, by the thread that needs the text first; two may, and get the same.
    """

    __slots__ = ("_encode", "_text", "posted", "settled", "written")

    def __init__(self, encode: Callable[[], bytes]) -> None:
        self._encode: Callable[[], bytes] | None = encode
        self._text = b""
        self.written = False
        self.settled = False
        self.posted = False

    @property
    def text(self) -> bytes:
        encode = self._encode
        if encode is not None:
            self._text, self._encode = encode(), None
        return self._text


class Barrier:
    """Marks a place among the lines: `done` when all before it are written (with `sync`: on disk).

    `problem` says why they are not. The `last` one ends the thread.
    """

    __slots__ = ("done", "last", "problem", "sync")

    def __init__(self, *, sync: bool, last: bool = False) -> None:
        self.sync = sync
        self.last = last
        self.problem = ""
        self.done = threading.Event()


class WriterThread:
    """Appends lines in order. A line that fails is tried again with the next one.

    Takes lines that are settled or posted off the left end of `open_lines`; nobody else takes any.
    """

    def __init__(self, file: AppendFile, open_lines: deque[Line]) -> None:
        self._file = file
        self._open = open_lines
        self._jobs: queue.SimpleQueue[Line | Barrier] = queue.SimpleQueue()
        self._backlog: deque[Line] = deque()
        self._unsynced: list[Line] = []
        self._is_awaited = threading.Event()
        thread = threading.Thread(target=self._serve, name="cloudfail-journal", daemon=True)
        with contextlib.suppress(RuntimeError):  # no more threads to be had: settle will say so
            thread.start()

    def put(self, job: Line | Barrier) -> None:
        """Hand over a line or a barrier; a line also in a signal handler. Never blocks or raises."""
        self._jobs.put(job)
        if isinstance(job, Barrier):
            self._is_awaited.set()

    def _serve(self) -> None:
        while True:
            barriers = self._take()
            problem = self._attempt(self._append)
            wants_sync = any(barrier.sync for barrier in barriers)
            if not problem and (wants_sync or len(self._unsynced) >= _MOST_UNSYNCED):
                problem = self._attempt(self._sync)
            self._forget()
            for barrier in barriers:
                barrier.problem = problem
                barrier.done.set()
            if any(barrier.last for barrier in barriers):
                self._attempt(self._file.close)
                return

    def _take(self) -> list[Barrier]:
        """Wait for jobs, and take all that are there: one sync serves every waiting thread."""
        barriers = []
        job: Line | Barrier | None = self._jobs.get()
        self._is_awaited.wait(_GATHER)
        self._is_awaited.clear()
        while job is not None:
            if isinstance(job, Barrier):
                barriers.append(job)
            else:
                self._backlog.append(job)
            job = self._next()
        return barriers

    def _next(self) -> Line | Barrier | None:
        try:
            return self._jobs.get_nowait()
        except queue.Empty:
            return None

    def _attempt(self, action: Callable[[], None]) -> str:
        """Do it, or say why it failed: nothing may end this thread while a run goes on."""
        try:
            action()
        except OSError as exc:
            return exc.strerror or str(exc)
        except Exception as exc:  # noqa: BLE001  a mistake of ours is no reason to stop either
            return f"{type(exc).__name__}: {exc}"
        return ""

    def _append(self) -> None:
        while self._backlog:
            line = self._backlog[0]
            self._file.append(line.text)
            line.written = True
            self._unsynced.append(self._backlog.popleft())

    def _sync(self) -> None:
        lines, self._unsynced = self._unsynced, []
        try:
            self._file.sync()
        except BaseException:
            for line in lines:  # the kernel has dropped the pages
                line.written = False
            raise
        for line in lines:
            line.settled = True

    def _forget(self) -> None:
        """Let go of what needs no more care, so that a full disk does not fill the memory."""
        while self._open and (self._open[0].settled or self._open[0].posted):
            self._open.popleft()
        while len(self._backlog) > _MOST_BACKLOG and self._backlog[0].posted:
            self._backlog.popleft()

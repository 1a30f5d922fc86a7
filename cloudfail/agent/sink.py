"""Where the log's lines go: standard error, or syslog. Neither can hold the agent up."""

from __future__ import annotations

import os
import queue
import threading
from typing import Final

from cloudfail.agent import log_lines
from cloudfail.agent.log_lines import Level, render
from cloudfail.journal import system_log
from cloudfail.journal.system_log import SYSTEM_LOG

_MOST_WAITING = 2000
_STDERR: Final = 2


class Syslog:
    """syslog(3), through the one thread of this process that uses it."""

    has_clock, longest = True, system_log.LONGEST

    def put(self, level: Level, text: str) -> None:
        SYSTEM_LOG.post(level, text)

    def flush(self, seconds: float) -> bool:
        return SYSTEM_LOG.flush(seconds)


class StandardError:
    """Standard error, written by a thread of its own: a journal that is full blocks only that.

    Under systemd each line begins with its priority, <6> (sd-daemon(3)), and journald notes the
    time. Lines that found no room are counted, and the count is written when there is room again,
    in `format_` like all others.
    """

    longest = log_lines.LONGEST

    def __init__(
        self, *, under_journal: bool, format_: str = "logfmt", descriptor: int = _STDERR
    ) -> None:
        self.has_clock = under_journal
        self._format = format_
        self._descriptor = descriptor
        self._lines: queue.SimpleQueue[str | threading.Event] = queue.SimpleQueue()
        self._dropped = 0
        self._thread = threading.Thread(target=self._serve, name="cloudfail-log", daemon=True)
        self._thread.start()

    def put(self, level: Level, text: str) -> None:
        if self._lines.qsize() >= _MOST_WAITING:
            self._dropped += 1
            return
        if self._dropped:
            missing, self._dropped = self._dropped, 0
            fields = {"event": "dropped", "lines": missing}
            told = render(self._format, Level.WARNING, fields, has_clock=self.has_clock)
            self._lines.put(self._line(Level.WARNING, told))
        self._lines.put(self._line(level, text))

    def flush(self, seconds: float) -> bool:
        done = threading.Event()
        self._lines.put(done)
        return done.wait(seconds)

    def _line(self, level: Level, text: str) -> str:
        return f"<{level.value}>{text}\n" if self.has_clock else f"{text}\n"

    def _serve(self) -> None:
        while True:
            line = self._lines.get()
            if isinstance(line, threading.Event):
                line.set()
            else:
                self._write(line.encode("utf-8", "backslashreplace"))

    def _write(self, data: bytes) -> None:
        """A standard error that is closed or full loses the line; the agent goes on."""
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            self._dropped += 1

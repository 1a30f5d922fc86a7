"""syslog that cannot hold anybody up: a hung log socket blocks one thread of its own."""

from __future__ import annotations

import queue
import syslog
import threading
from typing import Final

WARNING: Final = syslog.LOG_WARNING
INFO: Final = syslog.LOG_INFO
_MOST_WAITING = 2000
LONGEST = 4000  # rsyslog cuts at 8 KiB, older daemons sooner


class SystemLog:
    """The one user of syslog(3) in a process: its C library lock must not reach other threads."""

    def __init__(self) -> None:
        # Both are re-entrant: a signal handler may come in the middle of a post.
        self._texts: queue.SimpleQueue[tuple[int, str] | threading.Event] = queue.SimpleQueue()
        self._starting = threading.RLock()
        self._thread: threading.Thread | None = None

    def post(self, priority: int, text: str) -> None:
        """Queue a message; one too long goes in parts. Never blocks or raises: may drop."""
        for part in _parts(text):
            self._put((priority, part))

    def flush(self, seconds: float) -> bool:
        """Wait until everything posted so far was handed over, at most this long."""
        done = threading.Event()
        return self._put(done) and done.wait(seconds)

    def _put(self, item: tuple[int, str] | threading.Event) -> bool:
        if self._texts.qsize() >= _MOST_WAITING:
            return False
        self._texts.put(item)
        try:
            self._start()
        except RuntimeError:  # no more threads to be had
            return False
        return True

    def _start(self) -> None:
        if self._thread is not None:
            return
        with self._starting:
            if self._thread is None:
                thread = threading.Thread(target=self._serve, name="cloudfail-syslog", daemon=True)
                thread.start()
                self._thread = thread

    def _serve(self) -> None:
        syslog.openlog("cloudfail", syslog.LOG_PID, syslog.LOG_DAEMON)
        while True:
            item = self._texts.get()
            if isinstance(item, threading.Event):
                item.set()
                continue
            syslog.syslog(*item)


SYSTEM_LOG: Final = SystemLog()


def _parts(text: str) -> list[str]:
    clean = text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0").rstrip("\n")
    cuts = range(0, max(1, len(clean)), LONGEST)
    parts = [clean[at : at + LONGEST] for at in cuts]
    if len(parts) == 1:
        return parts
    return [f"({n}/{len(parts)}) {part}" for n, part in enumerate(parts, 1)]

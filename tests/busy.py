"""Whether this machine let a process run when it wanted to, as real time needs it."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

_STEP = 0.02
# What a thread that only sleeps was late by, at the most: real nodes had to wait as well.
STOOD_STILL = 0.2
TRIES = 3


class Watch:
    """Measures for how long, at the most, this process did not run when it wanted to."""

    def __init__(self) -> None:
        self.worst = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="busy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        before = time.monotonic()
        while not self._over.wait(_STEP):
            now = time.monotonic()
            self.worst = max(self.worst, now - before - _STEP)
            before = now

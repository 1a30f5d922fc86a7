"""A log that a thousand clients cannot fill."""

from __future__ import annotations

from collections.abc import Callable

_LINES = 5
_SECONDS = 10.0


class Sparing:
    """Passes a few lines of each ten seconds on, and says how many were left out."""

    def __init__(self, log: Callable[[str], None], now: Callable[[], float]) -> None:
        self._log, self._now = log, now
        self._began = now()
        self._passed = self._kept = 0

    def __call__(self, text: str) -> None:
        if self._now() - self._began >= _SECONDS:
            self.flush()
            self._began, self._passed = self._now(), 0
        if self._passed < _LINES:
            self._passed += 1
            self._log(text)
        else:
            self._kept += 1

    def flush(self) -> None:
        """Say what was left out so far."""
        if self._kept:
            self._log(f"the socket: {self._kept} more lines of this kind were left out")
        self._kept = 0

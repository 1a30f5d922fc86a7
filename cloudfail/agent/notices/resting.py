"""After a handover that failed, the next announcement has to wait: each try costs seconds of FAULT."""

from __future__ import annotations

from typing import Final

from cloudfail.clock import Clock

# Seconds. A cloud may announce the same under a new name at each poll, and no peer be there.
FIRST: Final = 60.0
LONGEST: Final = 3600.0


class Resting:
    """Doubles with each failure in a row."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._of: dict[str, tuple[float, float]] = {}  # how long, and until when

    def begin(self, instance: str) -> None:
        last, _ = self._of.get(instance, (FIRST / 2, 0.0))
        seconds = min(2 * last, LONGEST)
        self._of[instance] = (seconds, self._clock.now() + seconds)

    def end(self, instance: str) -> None:
        self._of.pop(instance, None)

    def text(self, instance: str) -> str:
        """Say why it is not handed over now; empty: it may be."""
        seconds, until = self._of.get(instance, (0.0, 0.0))
        if self._clock.now() >= until:
            return ""
        return f"resting for {seconds:.0f} s after a handover that failed"

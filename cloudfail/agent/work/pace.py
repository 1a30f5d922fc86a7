"""When to look next. Pure; times are monotonic seconds."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec

_JITTER = 0.1  # of an interval, either way: two nodes must not look in step
_SLOWEST = 60.0  # seconds between two looks that fail, as BACKUP
_FIRST_RETRY = 1.0
# Seconds between looks that only somebody's curiosity, or a role that flaps, asks for.
_APART = 0.25
# Advert intervals after one of many lower adverts: the next of them moves its look on.
_SETTLED = 1.5
_NEVER = float("inf")


class Intervals(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds between two looks: as BACKUP, as MASTER; and between two adverts."""

    standby: float
    reconcile: float
    advert: float


class Pace:
    """Events, a timer and failures only ever move the next look; not safe between threads."""

    def __init__(
        self, intervals: Intervals, now: float, jitter: Callable[[], float] = random.random
    ) -> None:
        self._intervals, self._jitter = intervals, jitter
        self._failures = 0
        self._slowed = 1.0
        self._gap = intervals.advert
        self._asked = self._looked = -_NEVER
        # When a look has to begin, or later: after the first of several lower adverts, and the last.
        self._after_first = self._after_last = _NEVER
        self._due = now

    @property
    def due(self) -> float:
        """When the next look is to begin."""
        return min(self._due, self._after_first, self._after_last)

    def by(self, at: float) -> None:
        """Look then at the latest."""
        self._due = min(self._due, at)

    def soon(self, now: float) -> None:
        """Somebody waits for what a look may show, and may ask for it every few milliseconds."""
        self.by(max(now, self._looked + _APART))

    def stood_still(self, seconds: float) -> None:
        """Time has passed that this clock may not know."""
        self._due -= seconds

    def again(self, now: float) -> None:
        """A lower advert came: look now, and once more when that peer has certainly stepped down.

        What comes within an advert interval of the last such look waits for the end of it; while
        they come on and on and nothing is wrong, the gap grows to the interval of the looks. The
        last look begins an advert interval after the last advert, or later.
        """
        first = max(now, self._asked + self._gap)
        self.by(first)
        if first <= now and self._after_last == _NEVER:
            self._asked = now
            self._after_first = now + self._intervals.advert
        else:
            self._after_last = max(now + _SETTLED * self._intervals.advert, first)

    def begun(self, now: float) -> None:
        """A look begins."""
        self._looked = now
        if self._after_last < _NEVER and now >= self._asked + self._gap:
            self._asked = now

    def missed(self) -> None:
        """A look said nothing, since a run or a new role came in between: look again."""
        self._not_before(self._looked + _APART)

    def looked(self, now: float, *, is_master: bool, is_fine: bool) -> None:
        """A look succeeded; `is_fine`: there was nothing to do."""
        self._failures = 0
        self._slowed = max(1.0, self._slowed / 2)
        self._gap = min(self._gap * 2, self._intervals.reconcile) if is_fine else self._advert()
        interval = self._intervals.reconcile if is_master else self._intervals.standby
        self._due = now + self._around(interval * self._slowed)
        if self._looked >= self._after_first:
            self._after_first = _NEVER
        if self._looked >= self._after_last:
            self._after_last = _NEVER

    def confirm(self, now: float) -> None:
        """A look showed a drift: the second one comes an advert interval later."""
        self.by(now + self._intervals.advert)

    def failed(self, now: float, *, is_master: bool, throttled: bool) -> None:
        """A look failed, or said nothing: back off, and keep the pace down while the cloud throttles.

        A master waits at most two of its intervals, as far as the cloud does not throttle. Lower
        adverts, which may come every second, do not bring the next look forward.
        """
        self._failures += 1
        if throttled:
            self._slowed = min(self._slowed * 2, 12.0)
        most = 2 * self._intervals.reconcile if is_master else _SLOWEST
        pause = min(_FIRST_RETRY * 2.0 ** min(self._failures - 1, 16), most) * self._slowed
        self._due = now + self._around(pause)
        self._asked, self._gap = now, self._due - now
        self._not_before(self._due)

    def role_changed(self, now: float, *, is_master: bool) -> None:
        """Forget what slowed the looks of the role before. A master's run looks by itself."""
        self._failures, self._slowed, self._gap = 0, 1.0, self._advert()
        self._asked, self._after_first, self._after_last = -_NEVER, _NEVER, _NEVER
        self._due = (
            now + self._intervals.reconcile if is_master else max(now, self._looked + _APART)
        )

    def _not_before(self, at: float) -> None:
        self._due = max(self._due, at)
        self._after_first = max(self._after_first, at)
        self._after_last = max(self._after_last, at)

    def _advert(self) -> float:
        return self._intervals.advert

    def _around(self, seconds: float) -> float:
        return seconds * (1.0 - _JITTER + 2 * _JITTER * self._jitter())

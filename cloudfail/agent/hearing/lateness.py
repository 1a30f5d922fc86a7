"""Whether this process itself was frozen: then what it knows is old, however fresh it looks.

SIGSTOP, a busy machine and a stalled disk show in CLOCK_MONOTONIC, which goes on meanwhile; a
suspended machine in CLOCK_BOOTTIME, which alone counts that time (clock_gettime(2)).
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from cloudfail.role.event import boottime

_SHORTEST = 0.25


def limit(advert_int: float) -> float:
    """Return for how many seconds the loop of an instance may be late and is believed still.

    One interval; of short ones two, as long as that is below 0.25 s: a busy machine is not a
    frozen one.
    """
    return max(advert_int, min(_SHORTEST, 2 * advert_int))


class _Beat(msgspec.Struct, frozen=True):
    at: float
    late: float
    ahead: float  # of CLOCK_BOOTTIME before CLOCK_MONOTONIC


class Heart:
    """Beaten by the loop, first thing whenever it wakes; asked by any thread.

    The loop has to wake at least every `period` seconds. `now` is CLOCK_MONOTONIC.
    """

    def __init__(self, now: float, period: float, boottime: Callable[[], float] = boottime) -> None:
        self.period = period
        self._boottime = boottime
        self._last = _Beat(now, 0.0, boottime() - now)

    def beat(self, now: float) -> float:
        """Return how many seconds later than planned the loop woke, suspended time included.

        Until the next beat `is_late` says so too: the loop has that long to tell everybody.
        """
        last = self._last
        ahead = self._boottime() - now
        late = _late(last, now, self.period) + max(0.0, ahead - last.ahead)
        self._last = _Beat(now, late, ahead)
        return late

    def is_late(self, now: float, limit: float) -> bool:
        """Say whether the loop is, or just was, late by more than `limit` seconds.

        A worker that wakes before the loop does must not act on what the loop knew.
        """
        last = self._last
        suspended = max(0.0, self._boottime() - now - last.ahead)
        return max(last.late, _late(last, now, self.period) + suspended) > limit


def _late(last: _Beat, now: float, period: float) -> float:
    return max(0.0, now - last.at - period)

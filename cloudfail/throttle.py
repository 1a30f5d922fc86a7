"""Token buckets, one an API action: the cloud's limits, kept on this side of the wire."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping

import msgspec

from cloudfail.clock import Clock
from cloudfail.errors import ThrottledError

FLOOR = 0.1
RECOVERY = 0.1
GRACE = 1.0
ROUNDING = 1e-9


class Limit(msgspec.Struct, frozen=True):
    """`capacity` calls at once, then `refill` calls a second."""

    capacity: float
    refill: float


class Buckets:
    """Says whether a call may leave now, and if not, when. Never sleeps; safe between threads.

    Over any t seconds at most `capacity + refill * t` calls of an action pass. Threads that were
    told to wait are served in the order in which they first asked, before any newcomer; one that
    comes back more than a second (and a quarter of its wait) late loses its place.
    """

    def __init__(
        self,
        limits: Mapping[str, Limit],
        default_read: Limit,
        default_write: Limit,
        clock: Clock,
    ) -> None:
        self._limits = dict(limits)
        self._default = {False: default_read, True: default_write}
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def take(self, action: str, *, mutating: bool) -> None:
        """Take one token, or raise ThrottledError with `retry_after` in seconds."""
        with self._lock:
            bucket = self._bucket(action, mutating=mutating)
            wait = bucket.take(threading.get_ident(), self._clock.now())
        if wait > 0:
            raise ThrottledError(
                f"{action}: held back for {wait:.2f} s to stay within the cloud's call limits",
                code="LocalThrottle",
                retry_after=wait,
            )

    def throttled(self, action: str) -> None:
        """Note that the cloud itself refused a call: halve the refill, and empty the bucket.

        The refill never falls under 0.1/s, and recovers by a tenth of the full one each second.
        """
        with self._lock:
            self._bucket(action, mutating=True).shrink(self._clock.now())

    def _bucket(self, action: str, *, mutating: bool) -> _Bucket:
        if action not in self._buckets:
            limit = self._limits.get(action, self._default[mutating])
            self._buckets[action] = _Bucket(limit, self._clock.now())
        return self._buckets[action]


class _Bucket:
    def __init__(self, limit: Limit, now: float) -> None:
        self._limit = limit
        self._tokens = limit.capacity
        self._rate = limit.refill
        self._at = now
        self._waiting: dict[int, float] = {}  # thread -> its place is kept until; oldest first

    def take(self, caller: int, now: float) -> float:
        """Give a token (0.0), or the seconds until there is one for this caller."""
        self._refill(now)
        self._forget_the_late(now)
        place = self._place(caller)
        missing = place + 1 - self._tokens
        if missing <= ROUNDING:
            self._waiting.pop(caller, None)
            self._tokens = max(0.0, self._tokens - 1)
            return 0.0
        wait = self._until(missing)
        self._waiting[caller] = now + wait + max(GRACE, wait / 4)
        return wait

    def shrink(self, now: float) -> None:
        self._refill(now)
        self._rate = max(min(FLOOR, self._limit.refill), self._rate / 2)
        self._tokens = 0.0

    def _place(self, caller: int) -> int:
        if caller not in self._waiting:
            return len(self._waiting)
        return list(self._waiting).index(caller)

    def _forget_the_late(self, now: float) -> None:
        late = [caller for caller, until in self._waiting.items() if now > until]
        for caller in late:
            del self._waiting[caller]

    @property
    def _slope(self) -> float:
        return self._limit.refill * RECOVERY

    def _refill(self, now: float) -> None:
        seconds, self._at = max(0.0, now - self._at), max(self._at, now)
        growing = min(seconds, self._recovered_in())
        gained = self._rate * growing + self._slope * growing**2 / 2
        gained += self._limit.refill * (seconds - growing)
        self._tokens = min(self._limit.capacity, self._tokens + gained)
        self._rate = min(self._limit.refill, self._rate + self._slope * growing)

    def _recovered_in(self) -> float:
        return max(0.0, self._limit.refill - self._rate) / self._slope

    def _until(self, missing: float) -> float:
        """Solve `missing = rate * t + slope * t^2 / 2` for t, and linearly past recovery."""
        growing = self._recovered_in()
        gained = self._rate * growing + self._slope * growing**2 / 2
        if missing > gained:
            return growing + (missing - gained) / self._limit.refill
        root = math.sqrt(self._rate**2 + 2 * self._slope * missing)
        return (root - self._rate) / self._slope

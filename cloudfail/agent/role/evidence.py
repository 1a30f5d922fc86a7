"""What the wire says: own adverts as they leave, and the peers' as they come in.

Adverts are taken in the order in which they are told, which is the socket's; their times are used
for ages only. So a wall clock that is set, by which the kernel stamps, disorders nothing. A time is
either before `until` or not, nowhere an age against a length: what `ends` says is when it changes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from cloudfail.keepalived.wire import Advert
from cloudfail.model import Address

SILENT = 3  # intervals without an advert: RFC 9568, 6.1, Active_Down_Interval without its skew
_RUN = 0.9  # of an interval: timers are not exact
_STEADY = 1.25  # intervals between two adverts of a keepalived that did not stand still
_MOST_PEERS = 64
_PRIORITIES = 256


class Seen(msgspec.Struct, frozen=True):
    """The last advert of a sender. `interval` is in seconds, never 0."""

    source: Address
    t: float
    priority: int
    interval: float

    @property
    def until(self) -> float:
        """When the sender has been silent for three of its own intervals."""
        return self.t + SILENT * self.interval

    def outranks(self, priority: int, address: Address | None) -> bool:
        """True when a node of that priority and address has to yield to this sender.

        keepalived's vrrp_state_master_rx(): the higher priority, then the higher address. What is
        not known (0, None) is taken for lower.
        """
        if self.priority != priority:
            return self.priority > priority
        if address is None or address.version != self.source.version:
            return True
        return int(self.source) > int(address)


def seen(advert: Advert, last: Seen | None, usual: float) -> Seen:
    """Keep what matters of an advert. Read later than `last`, it did not come before it."""
    t = advert.t if last is None else max(advert.t, last.t)
    return Seen(advert.source, t, advert.priority, advert.interval or usual)


def master_down(interval: float, priority: int) -> float:
    """Return for how long a backup listens before it takes over (RFC 9568; 0: not known)."""
    return SILENT * interval + (_PRIORITIES - priority) / _PRIORITIES * interval


class KeptBack:
    """Adverts of this node that are sent, and wait for the address of a peer that nobody knows.

    They prove what adverts on the wire would: keepalived is alive, and sends.
    """

    def __init__(self) -> None:
        self.last: float | None = None
        self._first = 0.0

    def note(self, now: float, interval: float) -> None:
        if not self.are_sent(now, interval):
            self._first = now
        self.last = now

    def forget(self) -> None:
        self.last = None

    def until(self, interval: float) -> float:
        """When nothing has been sent for three intervals."""
        return -math.inf if self.last is None else self.last + SILENT * interval

    def are_sent(self, now: float, interval: float) -> bool:
        return now < self.until(interval)

    def are_a_run(self, now: float, interval: float) -> bool:
        """True when they are sent, and have been for an interval."""
        if self.last is None or not self.are_sent(now, interval):
            return False
        return self.last - self._first >= _RUN * interval


class OwnAdverts:
    """Adverts of this node. Evidence that keepalived is alive, and masters."""

    def __init__(self) -> None:
        self.last: Seen | None = None
        self.address: Address | None = None
        self.has_said_farewell = False
        self._first = self._steady = 0.0
        self._void = -math.inf  # what left until then proves nothing

    def note(self, advert: Advert, usual: float) -> None:
        self.address = advert.source
        if advert.t < self._void:
            return
        if advert.is_farewell:
            self.forget(self._void)
            self.has_said_farewell = True
            return
        before, self.last = self.last, seen(advert, self.last, usual)
        self.has_said_farewell = False
        if before is None or self.last.t >= before.until:
            self._first = self.last.t
        if before is None or self.last.t - before.t > _STEADY * before.interval:
            self._steady = self.last.t

    def forget(self, now: float) -> None:
        """What left until now proves nothing any more, read later or not: a line of another role."""
        self.last, self.has_said_farewell, self._void = None, False, now

    def are_leaving(self, now: float) -> bool:
        return self.last is not None and now < self.last.until

    def are_a_run(self, now: float) -> bool:
        """True when they leave, and have for an interval: one alone may be a last word."""
        if self.last is None or now >= self.last.until:
            return False
        return self.last.t - self._first >= _RUN * self.last.interval

    def went_on(self, begin: float, end: float) -> bool:
        """True when one left each interval, from before `begin` up to `end`."""
        if self.last is None or self._steady > begin:
            return False
        return self.last.t > max(begin, end - _STEADY * self.last.interval)


class PeerAdverts:
    """The last advert of each peer. A farewell removes its sender at once."""

    def __init__(self) -> None:
        self.last_t: float | None = None
        self._of: dict[Address, Seen] = {}

    def note(self, advert: Advert, usual: float) -> None:
        if advert.is_farewell:
            self._of.pop(advert.source, None)
            return
        newest = seen(advert, self._of.get(advert.source), usual)
        self._of[advert.source] = newest
        self.last_t = max(newest.t, self.last_t or newest.t)
        if len(self._of) > _MOST_PEERS:  # without `peers` in the configuration, anybody is one
            least = min(self._of.values(), key=lambda peer: (peer.priority, peer.t))
            del self._of[least.source]

    def heard(self, now: float) -> Iterator[Seen]:
        """Those not silent for three of their intervals."""
        return (peer for peer in self._of.values() if now < peer.until)

    def better(self, now: float, priority: int, address: Address | None) -> Seen | None:
        """The best of those that outrank a node of this priority and address."""
        better = [peer for peer in self.heard(now) if peer.outranks(priority, address)]
        return max(better, key=lambda peer: peer.priority, default=None)

    def slowest(self) -> float:
        """The longest interval of any, silent ones too; 0.0: none was ever heard."""
        return max((peer.interval for peer in self._of.values()), default=0.0)

    def ends(self) -> Iterator[float]:
        return (peer.until for peer in self._of.values())

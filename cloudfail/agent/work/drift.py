"""Role and holding disagree: since when, whether it is certain, and who takes it back again.

Pure; times are monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Sequence

from cloudfail.model import Claim, Holding, Owner

_ELSEWHERE = frozenset({Owner.PEER, Owner.NOBODY})
_SLOWEST = 300.0  # seconds between two repairs that somebody undoes each time
_FORGOTTEN = 600.0  # seconds that a repair must hold until earlier quarrels count no more
_QUARREL = 2  # losses right after our own repair until a person has to know
_FIRST_RETRY = 1.0


class Drift:
    """Which claims are elsewhere while this node is master."""

    def __init__(self) -> None:
        self._since: dict[Claim, float] = {}

    def see(self, holdings: Sequence[Holding], now: float) -> None:
        """Take in what a look showed. An unknown holding says nothing, neither way."""
        for holding in holdings:
            if holding.owner in _ELSEWHERE and not holding.obstacle:
                self._since.setdefault(holding.claim, now)
            elif holding.owner is not Owner.UNKNOWN:
                self._since.pop(holding.claim, None)

    def is_certain(self, now: float, apart: float) -> bool:
        """True when a claim was elsewhere in two looks, `apart` seconds from one another."""
        return any(now - since >= apart for since in self._since.values())

    def __bool__(self) -> bool:
        return bool(self._since)

    def __contains__(self, claim: Claim) -> bool:
        return claim in self._since

    def seconds(self, claim: Claim, now: float) -> float:
        since = self._since.get(claim)
        return 0.0 if since is None else max(0.0, now - since)

    def forget(self) -> None:
        self._since.clear()


class Quarrel:
    """Counts how often what this node repaired was taken back, and says when it may repair again.

    Two nodes may both be master by their own evidence: in a partition that VRRP cannot see
    across, each repairs what the other one does. Whoever outranks the holder goes on at the pace of
    its looks; the other one waits twice as long each time, up to five minutes. A repair that failed
    was taken back by nobody: it is tried again after at most two intervals, by either of them.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._repaired: float | None = None
        self._is_counted = False
        self._failed = 0.0
        self._failures = 0
        self.losses = 0

    def lost(self) -> None:
        """Note that a repair is due again; counts once for each repair that did not last."""
        if self._repaired is not None and not self._is_counted:
            self._is_counted = True
            self.losses += 1

    def may_repair_at(self, *, outranks: bool) -> float:
        """Return the earliest time for the next repair."""
        again = self._failed + self._pause() if self._failures else 0.0
        if self._repaired is None or outranks or self.losses == 0:
            return again
        pause: float = self._interval * 2.0 ** min(self.losses, 16)
        return max(again, self._repaired + min(pause, _SLOWEST))

    def _pause(self) -> float:
        pause: float = _FIRST_RETRY * 2.0 ** min(self._failures - 1, 16)
        return min(pause, 2 * self._interval)

    def repaired(self, now: float) -> None:
        self._repaired, self._is_counted = now, False
        self._failures = 0

    def failed(self, now: float) -> None:
        """Note that a repair was tried in vain."""
        self._failed, self._failures = now, self._failures + 1

    def held(self, now: float) -> None:
        """Note that everything is held: after a while earlier quarrels count no more."""
        self._failures = 0
        if self._repaired is not None and now - self._repaired >= _FORGOTTEN:
            self.forget()

    def forget(self) -> None:
        """A new role begins without old quarrels."""
        self._repaired, self.losses, self._failures = None, 0, 0

    @property
    def is_to_be_told(self) -> bool:
        return self.losses >= _QUARREL

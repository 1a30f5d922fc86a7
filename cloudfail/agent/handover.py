"""A planned change of master: FAULT here, until a peer masters and holds; else the role comes back."""

from __future__ import annotations

import enum
from typing import Protocol

from cloudfail.agent.role.standing import Mastering, Standing
from cloudfail.errors import CloudfailError, ConfigError, DeadlineError, RefusedError, VerifyError
from cloudfail.role import Role

# A master-down interval is three adverts and a skew of less than one (RFC 5798, 6.1).
_INTERVALS = 4
# How often to look meanwhile, in seconds.
POLL = 0.05


class Brake(Protocol):
    """What sends keepalived to FAULT: see `handbrake.Handbrake`."""

    def engage(self) -> None: ...

    def release(self) -> None: ...


class Phase(enum.StrEnum):
    NEW = "new"
    LEAVING = "leaving"  # the brake is engaged; no peer was heard yet
    TAKEN = "taken"  # a peer masters, and is about to take the claims
    OVER = "over"


class Handover:
    """One handover: `begin`, then `look` every `POLL` seconds until it gives a sentence or raises.

    Whatever ends it, the brake is released first; but `keeps` leaves it engaged at a good end, for
    the caller to release. `patience` is how long, in seconds, the peer may take for the claims
    once it masters. Times are monotonic. Used by one thread at a time.
    """

    def __init__(
        self,
        instance: str,
        brake: Brake,
        advert_int: float,
        *,
        patience: float = 60.0,
        keeps: bool = False,
    ) -> None:
        self._instance, self._brake = instance, brake
        self._advert_int, self._patience, self._keeps = advert_int, patience, keeps
        self._began = self._taken = 0.0
        self._peer: Mastering | None = None
        self.phase = Phase.NEW

    def begin(self, now: float, standing: Standing) -> None:
        """Engage the brake.

        Raises RefusedError when this node is not MASTER for certain, ConfigError when the brake
        cannot be engaged: then nothing has changed.
        """
        if not standing.is_master:
            why = f": {standing.doubt}" if standing.doubt else ""
            raise RefusedError(
                f"{self._instance} is {standing.word} here{why}; "
                "only its master can hand it over: run this there"
            )
        self._began = now
        self.phase = Phase.LEAVING
        try:
            self._brake.engage()
        except CloudfailError:
            self._end()
            raise

    def look(self, now: float, standing: Standing, *, is_held: bool | None) -> str:
        """Go on. "" while it lasts; at its good end a sentence.

        `is_held` says whether one peer holds every claim: None is not known, and an instance
        without claims is held. Raises DeadlineError when no peer's advert came, VerifyError when
        the peer that masters did not take the claims, or went away again.
        """
        peer = self._newcomer(now, standing)
        if self.phase is Phase.LEAVING:
            if peer is None:
                return self._wait_for_a_peer(now, standing)
            self.phase, self._taken, self._peer = Phase.TAKEN, now, peer
        if self.phase is not Phase.TAKEN or self._peer is None:
            raise AssertionError(f"a handover that is {self.phase} goes no further")
        if peer is None:
            raise self._failed(VerifyError, f"{self._peer.address} masters no more")
        if is_held:
            return self._succeeded(now, peer)
        if now - self._taken > self._patience:
            raise self._failed(
                VerifyError,
                f"{peer.address} masters since {now - self._taken:.1f} s and does not hold every "
                "claim: see `cloudfail status` there",
            )
        return ""

    def abandon(self, why: str) -> CloudfailError:
        """End it early, for a reason of the caller's; return what to raise."""
        return self._failed(CloudfailError, why)

    def _newcomer(self, now: float, standing: Standing) -> Mastering | None:
        """Return a peer whose advert came since the brake was engaged, once we master no more."""
        if standing.role in (None, Role.MASTER):
            return None
        return next((peer for peer in standing.peers if peer.age < now - self._began), None)

    def _wait_for_a_peer(self, now: float, standing: Standing) -> str:
        limit = _INTERVALS * self._advert_int
        if now - self._began <= limit:
            return ""
        if standing.role is Role.MASTER:
            raise self._failed(
                ConfigError,
                f"keepalived did not go to FAULT within {limit:g} s: "
                "does its configuration track the handover file?",
            )
        raise self._failed(
            DeadlineError, f"no peer advertised within {limit:g} s, so this node takes it back"
        )

    def _succeeded(self, now: float, peer: Mastering) -> str:
        if self._keeps:
            self.phase = Phase.OVER
        trouble = self._end()
        if trouble:
            raise ConfigError(f"{self._instance} was handed over to {peer.address}, but {trouble}")
        seconds = now - self._began
        return f"{self._instance} was handed over to {peer.address} in {seconds:.1f} s"

    def _failed(self, kind: type[CloudfailError], why: str) -> CloudfailError:
        sentence = f"{self._instance} was not handed over: {why}"
        trouble = self._end()
        return ConfigError(f"{sentence}; and {trouble}") if trouble else kind(sentence)

    def _end(self) -> str:
        """Release the brake; say what went wrong with that."""
        if self.phase is Phase.OVER:
            return ""
        self.phase = Phase.OVER
        try:
            self._brake.release()
        except CloudfailError as error:
            return f"the brake could not be released, this node stays in FAULT: {error}"
        return ""

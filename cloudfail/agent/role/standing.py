"""The role of this node in one instance, and how sure it is."""

from __future__ import annotations

import msgspec

from cloudfail.model import Address
from cloudfail.role import Role


class Mastering(msgspec.Struct, frozen=True, kw_only=True):
    """A peer whose adverts come in. `better`: it outranks this node. `age` is in seconds."""

    address: Address
    priority: int
    better: bool
    age: float


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What is known at one moment.

    `role` is None until something was heard. `doubt` says why no mutating call may begin, though
    the role is MASTER; empty: none. `generation` grows with every change of role, never with doubt.
    `since` is when the role began (monotonic), `priority` the one this node advertises (0: not
    known). `wakes` counts how often this process, or its machine, stood still. `evidence_age` is how long ago the wire last confirmed the role: an own advert as
    MASTER, a peer's as BACKUP (with nopreempt a lower one's too); None: never. `peers` are those
    heard within three of their intervals.
    """

    role: Role | None = None
    doubt: str = ""
    generation: int = 0
    since: float = 0.0
    priority: int = 0
    wakes: int = 0
    evidence_age: float | None = None
    peers: tuple[Mastering, ...] = ()

    @property
    def is_master(self) -> bool:
        """True when mutating calls may begin."""
        return self.role is Role.MASTER and not self.doubt

    @property
    def better_peer(self) -> Mastering | None:
        return next((peer for peer in self.peers if peer.better), None)

    @property
    def lower_peer(self) -> Mastering | None:
        """A peer that masters too, and has to yield to this node."""
        return next((peer for peer in self.peers if not peer.better), None)

    @property
    def word(self) -> str:
        """The role in one word: MASTER, BACKUP, FAULT, STOP, doubtful or unknown."""
        if self.role is None:
            return "unknown"
        return "doubtful" if self.role is Role.MASTER and self.doubt else self.role.value

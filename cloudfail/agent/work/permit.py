"""Whether a run may go on: the role, asked anew before every mutating call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from cloudfail.agent.role.standing import Standing
from cloudfail.clock import Clock
from cloudfail.errors import SupersededError
from cloudfail.role import Role, RoleCheck


class Keeps(Protocol):
    """What knows the role."""

    def standing(self, now: float | None = None) -> Standing: ...


class Beats(Protocol):
    """What knows whether this process was frozen, and has not looked at the role since."""

    def is_late(self, now: float, limit: float) -> bool: ...


def permit(
    keeper: Keeps, is_late: Callable[[float], bool], clock: Clock, generation: int
) -> RoleCheck:
    """Make the role check of a run of this generation; it raises SupersededError.

    A run in which this process stood still ends: what it wrote before may have been undone since,
    and it would take that for a read that is not up to date yet. An add that completes our own
    remove is stopped only by a better peer that is there to finish it, and, until the next look, by
    a standstill: somebody may have finished it meanwhile.
    """
    wakes = keeper.standing().wakes

    def may_go_on(*, completes: bool = False) -> None:
        now = clock.now()
        standing = keeper.standing(now)
        if is_late(now):
            raise SupersededError("this process did not run for a while: the role is doubtful")
        if completes:
            if standing.better_peer is not None:
                raise SupersededError(f"{standing.better_peer.address} masters, and finishes it")
            return
        if standing.wakes != wakes:
            raise SupersededError("this process stood still meanwhile; the next run looks anew")
        if standing.generation != generation or standing.role is not Role.MASTER:
            raise SupersededError(f"the role is {standing.word} by now; nothing more was begun")
        if standing.doubt:
            raise SupersededError(f"the role is doubtful: {standing.doubt}; nothing more was begun")

    return may_go_on


def anybody(*, completes: bool = False) -> None:
    """Let everything pass: somebody asked for it by force."""
    del completes

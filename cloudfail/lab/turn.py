"""Waiting until one of two masters is the next to advertise."""

from __future__ import annotations

from collections.abc import Callable

from cloudfail.lab.adverts import Ear

_FRACTION = 0.15  # of an interval: closer adverts than that are moved apart first


def await_turn(
    ear: Ear, interval: float, first: str, other: str, hold_up: Callable[[], None]
) -> bool:
    """Return when the other has just advertised, and `first` is next, not too soon; False: never.

    Each has its own timer; where the timers fall together, `hold_up` delays the other's next.
    """
    for _ in range(10):
        if ear.next_of(other, 3 * interval) is None:
            return False
        mine, theirs = ear.last_of(first), ear.last_of(other)
        if mine is None or theirs is None:
            return False
        left = (mine.t + interval - theirs.t) % interval
        if left > _FRACTION * interval:
            return True
        hold_up()
    return False

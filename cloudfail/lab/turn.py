"""Waiting until one of two masters is the next to advertise."""

from __future__ import annotations

from collections.abc import Callable

from cloudfail.lab.adverts import Ear

# Of an interval, until the next advert of the one: not before the partition ends, on a busy
# machine, and not so late that the other's may be faster.
_SOONEST, _LATEST = 0.35, 0.75
_WANTED = 0.5


def await_turn(
    ear: Ear,
    interval: float,
    first: str,
    other: str,
    hold_until: Callable[[float], None],
    now: Callable[[], float],
) -> bool:
    """Return when the other has just advertised, and `first` is next, not too soon; False: never.

    Each has its own timer; where the timers fall together, `hold_until` delays the other's next.
    """
    for _ in range(10):
        if ear.next_of(other, 3 * interval) is None:
            return False
        mine, theirs = ear.last_of(first), ear.last_of(other)
        if mine is None or theirs is None:
            return False
        left = (mine.t - theirs.t) % interval
        if is_next(left, now() - theirs.t, interval):
            return True
        hold_until(theirs.t + seconds_to_hold(left, interval))
    return False


def is_next(left: float, since: float, interval: float) -> bool:
    """Say whether the first's advert is next for certain, and there is still time before it.

    `left` is what it was from the other's advert to it, `since` how long ago that advert was.
    """
    return left - since >= _SOONEST * interval and left <= _LATEST * interval


def seconds_to_hold(left: float, interval: float) -> float:
    """How long to stop the other after its advert, for the first's to be half an interval later.

    keepalived that was stopped sends at once what fell due meanwhile, and counts its interval from
    there: a stop that ends before the timer does delays nothing.
    """
    ends = left + (1 - _WANTED) * interval
    return ends if ends >= (1 + _SOONEST) * interval else ends + interval

"""The only place that asks again."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

import msgspec
import tenacity

from cloudfail.clock import Deadline
from cloudfail.errors import TransientError

T = TypeVar("T")

_AT_ONCE = 0.05


class Backoff(msgspec.Struct, frozen=True):
    """Pauses in seconds: `first * factor**n`, at most `most`, each shortened by up to a half.

    `jitter` gives a number in [0, 1): two nodes must not ask in step.
    """

    first: float = 0.2
    factor: float = 2.0
    most: float = 5.0
    jitter: Callable[[], float] = random.random

    def pause(self, attempt: int) -> float:
        """Return the pause after the given attempt (the first is 1)."""
        # The exponent is capped first: 2.0 ** 1024 overflows before min() can help.
        base = min(self.most, self.first * self.factor ** min(attempt - 1, 32))
        return base * (1.0 - self.jitter() / 2)


def _nothing(attempt: int, error: BaseException) -> None:
    """Tell nobody."""


def retrying(
    call: Callable[[], T],
    deadline: Deadline,
    backoff: Backoff,
    *,
    on: tuple[type[Exception], ...] = (TransientError,),
    before_pause: Callable[[int, BaseException], None] = _nothing,
    sleep: Callable[[float], None] | None = None,
) -> T:
    """Call until it returns; the last error is raised when the next pause would pass the deadline.

    `before_pause(attempt, error)` runs before each pause; it, and `sleep`, may raise to end it all.
    """

    def wait(state: tenacity.RetryCallState) -> float:
        return _pause(_error(state), state.attempt_number, backoff)

    def stop(state: tenacity.RetryCallState) -> bool:
        limit = getattr(_error(state), "limit", 0)
        if limit and state.attempt_number > limit:
            return True
        return state.upcoming_sleep >= deadline.left()

    retries = tenacity.Retrying(
        sleep=sleep or deadline.clock.sleep,
        retry=tenacity.retry_if_exception_type(on),
        wait=wait,
        stop=stop,
        before_sleep=lambda state: before_pause(state.attempt_number, _error(state)),
        reraise=True,
    )
    return retries(call)


def _error(state: tenacity.RetryCallState) -> BaseException:
    error = state.outcome.exception() if state.outcome is not None else None
    if error is None:
        raise RuntimeError("tenacity asked for a pause after a call that did not fail")
    return error


def _pause(error: BaseException, attempt: int, backoff: Backoff) -> float:
    if getattr(error, "fresh_connection", False) and attempt == 1:
        return 0.0
    asked: float | None = getattr(error, "retry_after", None)
    # Who is told "at once" again and again must not become a storm.
    if asked is None or (asked < _AT_ONCE and attempt > 1):
        return backoff.pause(attempt)
    # Everybody was told the same time: the jitter goes on top, never below what was asked.
    return asked * (1.0 + backoff.jitter() / 10)

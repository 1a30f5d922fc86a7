"""Pauses grow, are bounded, and end at the deadline."""

from __future__ import annotations

import pytest
from cloudfail.clock import Deadline
from cloudfail.errors import ConflictError, ThrottledError, TransientError
from cloudfail.retry import Backoff, retrying
from cloudfail.testing import FakeClock
from hypothesis import given
from hypothesis import strategies as st

EVEN = Backoff(jitter=lambda: 0.0)


class Flaky:
    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def test_a_transient_error_is_asked_again_after_growing_pauses() -> None:
    clock, call = FakeClock(), Flaky(*[TransientError("503")] * 4)
    assert retrying(call, Deadline.after(clock, 60), EVEN) == "done"
    assert clock.sleeps == pytest.approx([0.2, 0.4, 0.8, 1.6])


def test_no_other_error_is_asked_again() -> None:
    call = Flaky(ConflictError("412"))
    with pytest.raises(ConflictError):
        retrying(call, Deadline.after(FakeClock(), 60), EVEN)
    assert call.calls == 1


def test_the_last_error_comes_when_the_next_pause_would_pass_the_deadline() -> None:
    clock = FakeClock()
    call = Flaky(*[TransientError(f"try {n}") for n in range(100)])
    with pytest.raises(TransientError, match="try 3"):
        retrying(call, Deadline.after(clock, 2.0), EVEN)
    assert clock.now() <= 2.0


def test_retry_after_is_honoured_and_never_shortened() -> None:
    clock, call = FakeClock(), Flaky(ThrottledError("slow down", retry_after=7.0))
    retrying(call, Deadline.after(clock, 60), Backoff(jitter=lambda: 0.99))
    assert 7.0 <= clock.sleeps[0] <= 7.7


def test_a_retry_after_of_zero_is_no_storm() -> None:
    clock, call = FakeClock(), Flaky(*[ThrottledError("again", retry_after=0.0)] * 999)
    with pytest.raises(ThrottledError):
        retrying(call, Deadline.after(clock, 0.5), EVEN)
    assert call.calls <= 4


def test_a_reset_pooled_connection_is_tried_again_at_once_but_only_once() -> None:
    reset = TransientError("reset", fresh_connection=True)
    clock, call = FakeClock(), Flaky(reset, reset)
    retrying(call, Deadline.after(clock, 60), EVEN)
    assert clock.sleeps == pytest.approx([0.0, 0.4])


def test_a_limit_bounds_the_attempts() -> None:
    call = Flaky(*[TransientError("not found yet", limit=2)] * 9)
    with pytest.raises(TransientError):
        retrying(call, Deadline.after(FakeClock(), 60), EVEN)
    assert call.calls == 3


def test_whoever_watches_is_told_each_attempt_and_may_end_it() -> None:
    seen: list[int] = []

    def watch(attempt: int, error: BaseException) -> None:
        assert isinstance(error, TransientError)
        seen.append(attempt)
        if attempt == 2:
            raise KeyError

    with pytest.raises(KeyError):
        retrying(
            Flaky(*[TransientError("503")] * 9),
            Deadline.after(FakeClock(), 60),
            EVEN,
            before_pause=watch,
        )
    assert seen == [1, 2]


@given(attempt=st.integers(1, 5000), jitter=st.floats(0, 0.999))
def test_pauses_stay_between_half_and_all_of_their_bound(attempt: int, jitter: float) -> None:
    pause = Backoff(jitter=lambda: jitter).pause(attempt)
    bound = min(5.0, 0.2 * 2.0 ** min(attempt - 1, 32))
    assert bound / 2 <= pause <= bound

"""Local token buckets, against a clock that the tests own."""

from __future__ import annotations

import threading

import pytest
from cloudfail.errors import ThrottledError
from cloudfail.testing.clock import FakeClock
from cloudfail.throttle import Buckets, Limit
from hypothesis import given
from hypothesis import strategies as st

READ, WRITE = Limit(100, 20), Limit(50, 5)


def buckets(clock: FakeClock, **limits: Limit) -> Buckets:
    return Buckets(limits, READ, WRITE, clock)


def refused(these: Buckets, action: str = "Act") -> float:
    """Return how long a call is held back, 0.0 when it passes."""
    try:
        these.take(action, mutating=True)
    except ThrottledError as exc:
        return exc.retry_after or -1.0
    return 0.0


def burst(these: Buckets, action: str = "Act") -> int:
    """Take until refused; returns how many passed."""
    passed = 0
    while not refused(these, action):
        passed += 1
    return passed


def in_thread(these: Buckets, action: str = "Act") -> float:
    """Ask as another caller."""
    waits: list[float] = []
    thread = threading.Thread(target=lambda: waits.append(refused(these, action)))
    thread.start()
    thread.join(60)
    return waits[0]


def test_a_burst_is_the_capacity_and_not_one_more() -> None:
    assert burst(buckets(FakeClock(), Act=Limit(7, 1))) == 7


def test_reads_and_writes_without_a_limit_of_their_own_get_the_defaults() -> None:
    these = buckets(FakeClock())
    assert burst(these) == 50
    for _ in range(100):
        these.take("Describe", mutating=False)
    with pytest.raises(ThrottledError):
        these.take("Describe", mutating=False)


def test_actions_do_not_share_a_bucket() -> None:
    these = buckets(FakeClock())
    burst(these, "One")
    assert burst(these, "Two") == 50


def test_a_refusal_says_when_and_that_it_was_ours() -> None:
    these = buckets(FakeClock(), Act=Limit(1, 4))
    these.take("Act", mutating=True)
    with pytest.raises(ThrottledError, match="Act: held back") as caught:
        these.take("Act", mutating=True)
    assert caught.value.code == "LocalThrottle"
    assert caught.value.retry_after == pytest.approx(0.25)


def test_the_call_passes_after_exactly_the_time_it_was_told() -> None:
    clock = FakeClock()
    these = buckets(clock, Act=Limit(1, 4))
    these.take("Act", mutating=True)
    clock.advance(refused(these))
    assert refused(these) == 0.0


def test_callers_are_served_in_the_order_in_which_they_asked() -> None:
    clock = FakeClock()
    these = buckets(clock, Act=Limit(1, 4))
    these.take("Act", mutating=True)
    gate, waits = [threading.Event() for _ in range(3)], dict[int, list[float]]()
    answered = threading.Semaphore(0)

    def caller(n: int) -> None:
        waits[n] = [refused(these)]
        answered.release()
        gate[n].wait(60)
        waits[n].append(refused(these))
        answered.release()

    threads = [threading.Thread(target=caller, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
        assert answered.acquire(timeout=60)
    assert [round(waits[n][0], 3) for n in range(3)] == [0.25, 0.5, 0.75]

    clock.advance(0.25)
    assert in_thread(these) > 0.7  # a newcomer is told to queue up, though a token is there
    for n in (2, 1, 0):
        gate[n].set()
        assert answered.acquire(timeout=60)
    for thread in threads:
        thread.join(60)
    assert [waits[n][1] > 0 for n in range(3)] == [False, True, True]


def test_one_that_never_comes_back_does_not_keep_its_place() -> None:
    clock = FakeClock()
    these = buckets(clock, Act=Limit(1, 4))
    these.take("Act", mutating=True)
    assert in_thread(these) > 0
    clock.advance(2)
    assert refused(these) == 0.0


def test_throttling_by_the_cloud_empties_the_bucket_and_halves_its_refill() -> None:
    clock = FakeClock()
    these = buckets(clock, Act=Limit(50, 4))
    these.throttled("Act")
    wait = refused(these)
    # 2/s that grows by 0.4/s each second: solve 2t + 0.2t^2 = 1
    assert wait == pytest.approx(0.4772, abs=1e-3)
    clock.advance(wait)
    assert refused(these) == 0.0


def test_throttling_of_an_action_never_taken_here_counts_too() -> None:
    these = buckets(FakeClock())
    these.throttled("Act")
    assert refused(these) > 0


def test_the_refill_never_falls_under_a_tenth_a_second() -> None:
    these = buckets(FakeClock(), Act=Limit(50, 5))
    for _ in range(100):
        these.throttled("Act")
    assert refused(these) < 10


def test_a_refill_that_was_lower_from_the_start_stays_as_it_is() -> None:
    these = buckets(FakeClock(), Act=Limit(1, 0.01))
    these.throttled("Act")
    assert refused(these) == pytest.approx(100)


def test_after_ten_calm_seconds_the_refill_is_whole_again() -> None:
    clock = FakeClock()
    these = buckets(clock, Act=Limit(1000, 5))
    for _ in range(100):
        these.throttled("Act")
    clock.advance(10)
    burst(these)
    clock.advance(100)
    assert burst(these) == pytest.approx(500, abs=2)


def test_a_wait_that_outlasts_the_recovery_is_told_exactly() -> None:
    clock = FakeClock()
    these = buckets(clock, Act=Limit(100, 5))
    for _ in range(100):
        these.throttled("Act")
    waits: list[float] = []
    everybody = threading.Barrier(60)

    def caller() -> None:
        waits.append(refused(these))
        everybody.wait(60)  # the id of a thread that ended is given to the next one

    threads = [threading.Thread(target=caller) for _ in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    recovery = 9.8  # seconds, from 0.1/s to 5/s: 25 tokens; then 35 more at 5/s
    assert max(waits) == pytest.approx(recovery + (60 - 2.55 * recovery) / 5)


@given(
    capacity=st.integers(1, 20),
    refill=st.floats(0.05, 50),
    moves=st.lists(st.tuples(st.floats(0, 5), st.integers(1, 30), st.booleans()), max_size=30),
)
def test_no_window_ever_passes_more_than_the_cloud_allows(
    capacity: int, refill: float, moves: list[tuple[float, int, bool]]
) -> None:
    clock = FakeClock()
    these = buckets(clock, Act=Limit(capacity, refill))
    passed: list[float] = []
    for pause, tries, throttled in moves:
        clock.advance(pause)
        if throttled:
            these.throttled("Act")
        passed += [clock.now()] * sum(not refused(these) for _ in range(tries))
    for first, begin in enumerate(passed):
        for last in range(first, len(passed)):
            assert last - first + 1 <= capacity + refill * (passed[last] - begin) + 1e-6


@given(
    capacity=st.integers(1, 5),
    refill=st.floats(0.05, 50),
    shrinks=st.integers(0, 8),
    callers=st.integers(1, 20),
)
def test_who_waits_as_told_always_gets_through(
    capacity: int, refill: float, shrinks: int, callers: int
) -> None:
    clock = FakeClock()
    these = buckets(clock, Act=Limit(capacity, refill))
    for _ in range(shrinks):
        these.throttled("Act")
    for _ in range(callers):
        if wait := refused(these):
            clock.advance(wait)
            assert refused(these) == 0.0


def test_a_hundred_threads_take_no_token_twice() -> None:
    these = buckets(FakeClock(), Act=Limit(500, 1))
    passed: list[int] = []

    def caller() -> None:
        passed.append(sum(not refused(these) for _ in range(50)))

    threads = [threading.Thread(target=caller) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(passed) == 500

"""A process that was frozen knows it, before it acts on what it knew."""

from __future__ import annotations

import signal
import sys

import pytest
from cloudfail import process
from cloudfail.agent.hearing.lateness import Heart, limit
from cloudfail.clock import SystemClock
from hypothesis import given
from hypothesis import strategies as st

PERIOD = 0.1
_BEAT = """
import sys, time
from cloudfail.agent.hearing.lateness import Heart
from cloudfail.clock import SystemClock
clock = SystemClock()
heart = Heart(clock.now(), 0.05)
print("beats", flush=True)
while True:
    clock.sleep(0.02)
    print(heart.beat(clock.now()), heart.is_late(clock.now(), 1.0), flush=True)
"""


class Machine:
    """Its clocks: CLOCK_MONOTONIC, and CLOCK_BOOTTIME, which alone goes on while suspended."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.boot = 5000.0

    def run(self, seconds: float) -> None:
        self.now += seconds
        self.boot += seconds

    def suspend(self, seconds: float) -> None:
        self.boot += seconds

    def heart(self) -> Heart:
        return Heart(self.now, PERIOD, lambda: self.boot)


def test_a_loop_that_keeps_its_time_is_not_late() -> None:
    machine = Machine()
    heart = machine.heart()
    for seconds in (0.1, 0.01, 0.0, 0.09, 0.1):
        machine.run(seconds)
        assert heart.beat(machine.now) == pytest.approx(0)
        assert not heart.is_late(machine.now, 0.001)


def test_a_frozen_loop_says_for_how_long() -> None:
    machine = Machine()
    heart = machine.heart()
    machine.run(PERIOD + 30)
    assert heart.beat(machine.now) == pytest.approx(30)


def test_a_worker_that_wakes_first_sees_it_before_the_loop_does() -> None:
    machine = Machine()
    heart = machine.heart()
    machine.run(PERIOD + 1.1)
    assert heart.is_late(machine.now, 1)
    assert not heart.is_late(machine.now, 2)


def test_a_late_beat_counts_as_late_until_the_next_one() -> None:
    """So that the loop can tell everybody before a worker believes what was known."""
    machine = Machine()
    heart = machine.heart()
    machine.run(5)
    heart.beat(machine.now)
    assert heart.is_late(machine.now, 1)
    machine.run(PERIOD)
    heart.beat(machine.now)
    assert not heart.is_late(machine.now, 1)


def test_a_suspended_machine_was_frozen_too() -> None:
    machine = Machine()
    heart = machine.heart()
    machine.suspend(60)
    assert heart.is_late(machine.now, 1)
    assert heart.beat(machine.now) == pytest.approx(60)
    machine.run(PERIOD)
    assert heart.beat(machine.now) == pytest.approx(0)
    assert not heart.is_late(machine.now, 0.001)


@pytest.mark.parametrize(
    ("advert_int", "seconds"),
    [(5, 5), (1, 1), (0.3, 0.3), (0.2, 0.25), (0.125, 0.25), (0.1, 0.2), (0.01, 0.02)],
)
def test_the_limit_is_an_interval_and_two_of_the_short_ones(
    advert_int: float, seconds: float
) -> None:
    assert limit(advert_int) == pytest.approx(seconds)


@given(st.floats(0.01, 40.95))
def test_the_limit_leaves_the_master_its_time(advert_int: float) -> None:
    """A peer takes over after three intervals and the skew."""
    assert advert_int <= limit(advert_int) <= 2 * advert_int


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=1))
def test_no_freeze_is_missed_however_it_came(spans: list[tuple[float, float]]) -> None:
    machine = Machine()
    heart = machine.heart()
    for ran, suspended in spans:
        machine.run(ran)
        machine.suspend(suspended)
        frozen = ran - PERIOD + suspended
        if frozen > 0.5:
            assert heart.is_late(machine.now, 0.4)
        assert heart.beat(machine.now) >= frozen - 0.001


def test_a_process_that_was_really_stopped_knows_it() -> None:
    clock = SystemClock()
    frozen = process.Popen([sys.executable, "-c", _BEAT], stdout=process.PIPE, text=True)
    assert frozen.stdout is not None
    try:
        assert frozen.stdout.readline() == "beats\n"
        frozen.send_signal(signal.SIGSTOP)
        clock.sleep(2)
        frozen.send_signal(signal.SIGCONT)
        told = [frozen.stdout.readline().split() for _ in range(40)]
    finally:
        frozen.kill()
        frozen.communicate()
    beats = [(float(late), was_late == "True") for late, was_late in told]
    after = next(n for n, (late, _) in enumerate(beats) if late > 1.5)
    assert beats[after][1]
    assert any(not was_late for _, was_late in beats[after + 1 :])
    assert all(was_late for late, was_late in beats if late > 1.1)
    # The machine may be busy between a beat and the question.
    assert sum(was_late for late, was_late in beats if late < 0.9) <= 1

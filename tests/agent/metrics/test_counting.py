"""Counting is right from many threads, bounded, and needs no library."""

from __future__ import annotations

import sys
import threading

import pytest
from cloudfail import process
from cloudfail.agent.metrics import catalogue
from cloudfail.agent.metrics.counting import Counting, is_throttle
from cloudfail.agent.observers import Observers
from cloudfail.agent.role.standing import Standing
from cloudfail.role import Role

from agent.metrics.views import BACKUP, DOUBTFUL, MASTER, call, ran
from cloudfail_aws.errors import THROTTLING


def test_nothing_is_lost_when_many_threads_count() -> None:
    counting = Counting()

    def work() -> None:
        for _ in range(500):
            counting.called("edge", call(code="Throttling", status=503))
            counting.ran("edge", ran())

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = counting.counts()
    assert counts.of(catalogue.API_THROTTLES, "edge") == {(): 4000}
    assert counts.of(catalogue.PROMOTIONS, "edge") == {("ok", "event"): 4000}
    assert sum(counts.durations["total", "edge"].counts) == 4000


def test_words_that_a_cloud_makes_up_do_not_fill_the_memory() -> None:
    counting = Counting()
    for number in range(5000):
        counting.called("edge", call(f"Operation{number}", code=f"Code{number}"))
    calls = counting.counts().of(catalogue.API_CALLS, "edge")
    assert len(calls) == 201
    assert calls["other", "other"] == 4800
    assert sum(calls.values()) == 5000


def test_a_role_is_counted_once_a_generation_and_a_doubt_once_it_begins() -> None:
    counting = Counting()
    counting.changed("edge", Standing(), BACKUP)
    counting.changed("edge", BACKUP, MASTER)
    counting.changed("edge", MASTER, DOUBTFUL)
    counting.changed("edge", DOUBTFUL, Standing(role=Role.MASTER, generation=3, doubt="other"))
    counting.changed("edge", DOUBTFUL, MASTER)
    counts = counting.counts()
    assert counts.of(catalogue.ROLE_CHANGES, "edge") == {("BACKUP",): 1, ("MASTER",): 1}
    assert counts.of(catalogue.DOUBTS, "edge") == {(): 1}


def test_a_copy_of_the_counts_stays_as_it_was() -> None:
    counting = Counting()
    counting.ran("edge", ran())
    before = counting.counts()
    counting.ran("edge", ran())
    assert before.of(catalogue.PROMOTIONS, "edge") == {("ok", "event"): 1}
    assert sum(before.durations["api", "edge"].counts) == 1


def test_whoever_wants_to_know_of_changes_is_called() -> None:
    told: list[str] = []
    counting = Counting(lambda: told.append("changed"))
    counting.called("edge", call())
    assert told == [], "calls come all the time"
    counting.ran("edge", ran())
    counting.changed("edge", BACKUP, MASTER)
    counting.noted("pause", "edge")
    assert len(told) == 3


@pytest.mark.parametrize("code", sorted(THROTTLING))
def test_what_ec2_says_when_it_throttles_is_a_throttle(code: str) -> None:
    assert is_throttle(call(code=code, status=503))


@pytest.mark.parametrize("code", ["rateLimitExceeded", "userRateLimitExceeded", "TooManyRequests"])
def test_what_google_and_azure_say_is_a_throttle(code: str) -> None:
    assert is_throttle(call(code=code, status=403))
    assert is_throttle(call(code="", status=429))


@pytest.mark.parametrize(
    "code", ["", "InvalidAllocationID.NotFound", "UnauthorizedOperation", "AddressLimitExceeded"]
)
def test_everything_else_is_none(code: str) -> None:
    assert not is_throttle(call(code=code, status=400))


def test_counting_imports_neither_the_library_nor_the_command_line() -> None:
    code = (
        "import sys, cloudfail.agent.metrics.service, cloudfail.agent.metrics.readiness, "
        "cloudfail.agent.log, cloudfail.agent.observers\n"
        "print([one for one in sys.modules if one.startswith(('prometheus', 'cloudfail.cli'))])"
    )
    done = process.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


class Broken:
    def __getattr__(self, name: str) -> object:
        raise RuntimeError(f"no {name}")


def test_an_observer_with_a_mistake_harms_no_other() -> None:
    counting = Counting()
    observers = Observers(Broken(), counting)  # type: ignore[arg-type]
    observers.called("edge", call())
    observers.ran("edge", ran())
    observers.changed("edge", BACKUP, MASTER)
    observers.noted("start")
    assert observers.mistake == "Broken: RuntimeError: no noted"
    names = {name for name, _ in counting.counts().counters}
    assert {"cloudfail_notes_total", "cloudfail_promotions_total", "cloudfail_api_calls_total",
            "cloudfail_role_changes_total"} <= names  # fmt: skip

"""The thread that asks the cloud: what hangs or fails there is nobody else's trouble."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest
from cloudfail.agent.notices import watch
from cloudfail.agent.notices.watch import SILENT, Watch
from cloudfail.errors import UnreachableError
from cloudfail.notice import Notice

from agent.work.bench import eventually

FREEZE = Notice(id="1", kind="Freeze", waits=True)


class OwnClock:
    """Stands still unless the test moves it."""

    t = 1000.0

    def now(self) -> float:
        return self.t

    def sleep(self, seconds: float) -> None:
        raise NotImplementedError(seconds)


class Cloud:
    """Answers, hangs or fails as the test says."""

    def __init__(self) -> None:
        self.notices: tuple[Notice, ...] = ()
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.error: Exception | None = None
        self.refuses = 0
        self.acknowledged: list[str] = []

    def look(self) -> Sequence[Notice]:
        self.goes_on.wait(60)
        if self.error is not None:
            raise self.error
        return self.notices

    def acknowledge(self, notice: Notice) -> None:
        if notice.id == "never":
            raise UnreachableError("it answered HTTP 400")
        if self.refuses:
            self.refuses -= 1
            raise UnreachableError("try again")
        self.acknowledged.append(notice.id)


class Watched:
    def __init__(self) -> None:
        self.cloud, self.clock = Cloud(), OwnClock()
        self.told: list[Sequence[Notice]] = []
        self.done: list[str] = []
        self.watch = Watch(
            "azure", lambda: self.cloud, self.clock,
            told=self.told.append, acknowledged=self.done.append,
        )  # fmt: skip

    def looks_again(self) -> bool:
        count = len(self.told)
        return eventually(lambda: len(self.told) > count + 1)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setattr(watch, "PERIOD", 0.01)
    made = Watched()
    made.watch.start()
    yield made
    made.cloud.goes_on.set()
    made.watch.stop()
    made.watch._thread.join(60)
    assert not made.watch._thread.is_alive()


def test_all_that_stands_is_told_again_and_again(watched: Watched) -> None:
    assert eventually(lambda: bool(watched.told))
    watched.cloud.notices = (FREEZE,)
    assert eventually(lambda: tuple(watched.told[-1]) == (FREEZE,))
    watched.cloud.notices = ()
    assert eventually(lambda: tuple(watched.told[-1]) == ())


def test_the_first_answer_may_take_two_minutes_and_more_is_a_problem(watched: Watched) -> None:
    assert eventually(lambda: bool(watched.told))
    watched.cloud.goes_on.clear()
    watched.clock.t += 150
    assert watched.watch.problem == ""
    watched.clock.t += SILENT
    problem = watched.watch.problem
    assert "azure has not said for more than 180 s" in problem
    assert "no answer yet" in problem
    watched.clock.t += 1.0
    assert watched.watch.problem == problem  # a new sentence would be a line in the log
    watched.cloud.goes_on.set()
    assert eventually(lambda: watched.watch.problem == "")


@pytest.mark.parametrize(
    "error", [UnreachableError("it answered HTTP 500"), ZeroDivisionError("x")]
)
def test_what_goes_wrong_tells_nothing_and_is_tried_again(
    watched: Watched, error: Exception
) -> None:
    assert watched.looks_again()
    watched.cloud.error = error
    assert eventually(lambda: str(error) in watched.watch._trouble)
    count = len(watched.told)
    watched.clock.t += SILENT
    assert str(error) in watched.watch.problem
    assert len(watched.told) == count
    watched.cloud.error = None
    assert watched.looks_again()
    assert watched.watch.problem == ""


def test_what_is_refused_is_acknowledged_later_and_then_once(watched: Watched) -> None:
    watched.cloud.notices = (FREEZE,)
    watched.cloud.refuses = 2
    watched.watch.acknowledge("1")
    assert eventually(lambda: watched.done == ["1"])
    assert watched.looks_again()
    assert watched.cloud.acknowledged == ["1"]


def test_one_that_is_refused_keeps_no_other_waiting_and_is_a_problem(watched: Watched) -> None:
    watched.cloud.notices = (Notice(id="never", kind="Reboot", waits=True), FREEZE)
    watched.watch.acknowledge("never")
    watched.watch.acknowledge("1")
    assert eventually(lambda: watched.done == ["1"])
    assert eventually(lambda: "could not be told that Reboot may begin" in watched.watch.problem)
    assert "HTTP 400" in watched.watch.problem
    watched.watch.withdraw("never")
    assert eventually(lambda: watched.watch.problem == "")


def test_nothing_is_kept_of_what_is_over(watched: Watched) -> None:
    for number in range(20):
        watched.cloud.notices = (Notice(id=str(number), kind="Freeze", waits=True),)
        watched.watch.acknowledge(str(number))
        assert watched.looks_again()
    watched.cloud.notices = ()
    assert watched.looks_again()
    assert (watched.watch._wanted, watched.watch._done) == (set(), set())


def test_what_is_not_announced_is_not_acknowledged(watched: Watched) -> None:
    watched.watch.acknowledge("1")
    assert watched.looks_again()
    assert watched.cloud.acknowledged == []


def test_a_watch_that_has_ended_tells_nothing(watched: Watched) -> None:
    assert watched.looks_again()
    watched.cloud.goes_on.clear()
    watched.watch.stop()
    count = len(watched.told)
    watched.cloud.goes_on.set()
    watched.watch._thread.join(60)
    assert len(watched.told) <= count + 1
    watched.clock.t += 1000
    assert watched.watch.problem == ""

"""Whatever a provider, the machine or a storm of events does: the instance goes on."""

from __future__ import annotations

import math
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cloudfail.agent.work import worker
from cloudfail.errors import CloudfailError, DeniedError, RefusedError
from cloudfail.model import Lane, Plan, Step
from cloudfail.outcome import Order
from cloudfail.role import Role
from cloudfail.testing import Crash, Fault

from agent.work.bench import (
    ADDRESS,
    ADVERT,
    BETTER,
    LOWER,
    RECONCILE,
    Bench,
    bench,
    eventually,
    has_plan,
    never,
)


def is_settled(one: Bench) -> bool:
    return one.worker.is_promoted and one.worker.view().busy is False


@pytest.mark.parametrize("raised", [KeyError("Addresses"), SystemExit(3), Crash()])
@pytest.mark.parametrize("method", ["identify", "observe", "steps", "execute"])
def test_whatever_a_provider_raises_the_next_try_follows(
    tmp_path: Path, method: str, raised: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> object:
        raise raised

    with bench(tmp_path, start=False) as one:
        with monkeypatch.context() as patched:
            patched.setattr(type(one.cloud), method, broken)
            one.worker.start()
            one.become(Role.MASTER)
            assert eventually(lambda: bool(one.worker.view().alarms))
            assert never(one.holds, RECONCILE)
        assert eventually(one.holds)
        assert eventually(lambda: not one.worker.view().alarms)


@pytest.mark.parametrize("nonsense", [None, [], [None], [Lane(key="", steps=())], "mine", 7])
@pytest.mark.parametrize("method", ["identify", "observe", "steps"])
def test_nonsense_moves_nothing_and_ends_nothing(
    tmp_path: Path, method: str, nonsense: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bench(tmp_path, start=False) as one:
        with monkeypatch.context() as patched:
            patched.setattr(type(one.cloud), method, lambda *_: nonsense)
            one.worker.start()
            one.become(Role.MASTER)
            assert never(lambda: one.writes > 0, RECONCILE)
        one.become(Role.BACKUP)
        one.become(Role.MASTER)
        assert eventually(one.holds)


def test_who_asks_a_broken_provider_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> object:
        raise Crash

    with bench(tmp_path) as one:
        monkeypatch.setattr(type(one.cloud), "observe", broken)
        with pytest.raises(CloudfailError, match="came to no end"):
            one.worker.plan().result(30)


def test_who_asks_for_a_plan_holds_up_no_promotion(tmp_path: Path) -> None:
    with bench(tmp_path, standby=30.0) as one:
        assert eventually(lambda: has_plan(one))
        one.cloud.hold = threading.Event()
        asked = one.worker.plan()
        assert eventually(lambda: one.cloud.hung > 0)
        one.become(Role.MASTER)
        assert eventually(one.holds)
        one.cloud.hold.set()
        assert isinstance(asked.result(30), Plan)


def test_many_who_ask_at_once_cost_two_looks(tmp_path: Path) -> None:
    with bench(tmp_path, standby=30.0) as one:
        assert eventually(lambda: has_plan(one))
        one.cloud.hold, looks = threading.Event(), one.cloud.looks
        first = one.worker.plan()
        assert eventually(lambda: one.cloud.hung > 0)
        others = [one.worker.plan() for _ in range(100)]
        one.cloud.hold.set()
        for asked in (first, *others):
            assert asked.result(30).lanes
        assert one.cloud.looks - looks == 2  # one that ran, one for all that came meanwhile


def test_an_instance_without_claims_answers(tmp_path: Path) -> None:
    with bench(tmp_path, held={}) as one:
        for asked in (one.worker.plan(), one.worker.ask(Order(force=True), patience=0.0)):
            with pytest.raises(RefusedError, match="claims nothing"):
                asked.result(30)


def test_a_storm_of_events_ends_with_the_last_and_few_calls(tmp_path: Path) -> None:
    with bench(tmp_path) as one:
        assert eventually(lambda: has_plan(one))
        looks = one.cloud.looks
        began = time.monotonic()
        for _ in range(500):
            one.become(Role.MASTER)
            time.sleep(0.0005)
            one.become(Role.BACKUP)
            time.sleep(0.0005)
        one.become(Role.MASTER)
        assert eventually(one.holds)
        seconds = time.monotonic() - began
        assert one.cloud.looks - looks <= 10 + 20 * seconds
        assert one.writes <= 5


def test_thousands_of_roles_leave_no_thread_and_no_file_behind(tmp_path: Path) -> None:
    def left() -> tuple[int, int]:
        return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))

    with bench(tmp_path) as one:
        for _ in range(20):
            one.become(Role.MASTER)
            one.become(Role.BACKUP)
        assert eventually(lambda: has_plan(one))
        threads, files = left()
        for _ in range(2000):
            one.become(Role.MASTER)
            one.become(Role.BACKUP)
        one.become(Role.MASTER)
        assert eventually(lambda: is_settled(one))
        assert eventually(lambda: left()[0] <= threads + 1 and left()[1] <= files + 2)


def test_a_process_that_was_frozen_acts_as_soon_as_it_knows(tmp_path: Path) -> None:
    with bench(tmp_path, standby=30.0) as one:
        assert eventually(lambda: has_plan(one))
        one.role.late = True
        one.become(Role.MASTER)
        assert never(lambda: one.writes > 0, RECONCILE / 2)
        one.role.late = False  # and nothing says so
        assert eventually(one.holds)


def test_a_plan_from_before_the_machine_was_suspended_looks_first(tmp_path: Path) -> None:
    with bench(tmp_path, standby=30.0) as one:
        assert eventually(lambda: has_plan(one))
        looks = one.cloud.looks
        one.worker.stood_still(3600.0)
        assert eventually(lambda: one.cloud.looks > looks)
        sight = one.worker.sight
        assert sight is not None
        assert not sight.aged(3600.0).is_ready(time.monotonic(), 60.0)


def test_a_role_that_is_certain_again_is_looked_after_at_once(tmp_path: Path) -> None:
    with bench(tmp_path, reconcile=30.0) as one:
        one.become(Role.MASTER)
        assert eventually(lambda: is_settled(one))
        one.doubt("a better peer advertises")
        one.world.put(ADDRESS, "b")
        one.doubt("")
        assert eventually(lambda: one.holds() and is_settled(one))


def doublings(seconds: float) -> float:
    """Return how often a pause that begins with a second, and doubles, is over by then."""
    return math.log2(1 + seconds)


def test_a_repair_that_fails_is_tried_again_at_a_slower_pace(tmp_path: Path) -> None:
    with bench(tmp_path, reconcile=5.0) as one:
        one.become(Role.MASTER, peers=(LOWER,))
        assert eventually(lambda: is_settled(one))
        one.cloud.bad[ADDRESS] = DeniedError("ec2:AssociateAddress is not allowed")
        one.world.put(ADDRESS, "b")
        one.worker.again()
        assert eventually(lambda: len(one.notes.runs) == 2)
        writes, began = one.writes, time.monotonic()
        for _ in range(40):
            one.worker.again()
            time.sleep(ADVERT)
        assert one.writes - writes <= 1 + doublings(time.monotonic() - began)
        assert not any("taken away" in text for text in one.worker.view().alarms)


def test_a_repair_that_failed_was_no_quarrel_and_is_done_when_it_can_be(tmp_path: Path) -> None:
    with bench(tmp_path, priorities=(100, 150)) as one:
        one.become(Role.MASTER, priority=100)
        assert eventually(lambda: is_settled(one))
        one.cloud.bad[ADDRESS] = DeniedError("ec2:AssociateAddress is not allowed")
        one.world.put(ADDRESS, "b")
        assert eventually(lambda: len(one.notes.runs) >= 5)
        assert not any("taken away" in text for text in one.worker.view().alarms)
        one.cloud.bad.clear()
        assert eventually(one.holds)


def test_what_a_run_of_an_older_role_saw_is_not_what_the_newer_one_sees(tmp_path: Path) -> None:
    with bench(tmp_path, standby=30.0, writes=[Fault.ERROR_BEFORE] * 100) as one:
        assert eventually(lambda: has_plan(one))
        one.become(Role.MASTER)
        assert eventually(lambda: one.writes > 0)
        one.cloud.hold = threading.Event()  # no look of BACKUP comes back
        one.become(Role.BACKUP)
        assert eventually(lambda: bool(one.notes.runs) and not one.worker.view().busy)
        assert one.worker.sight is None


def test_a_cloud_that_says_nothing_is_asked_less_and_less(tmp_path: Path) -> None:
    with bench(tmp_path, reconcile=5.0) as one:
        one.become(Role.MASTER)
        assert eventually(lambda: is_settled(one))
        one.cloud._reads = iter([Fault.UNSAID] * 1000)
        looks, began = one.cloud.looks, time.monotonic()
        for _ in range(40):
            one.worker.again()
            time.sleep(ADVERT)
        assert one.cloud.looks - looks <= 3 + doublings(time.monotonic() - began)
        assert eventually(lambda: one.cloud.looks > looks)


def test_a_plan_that_a_run_began_with_is_not_used_a_second_time(tmp_path: Path) -> None:
    failing = [Fault.ERROR_BEFORE] * 100
    with bench(tmp_path, standby=30.0, reconcile=30.0, writes=failing) as one:
        assert eventually(lambda: has_plan(one))
        one.become(Role.MASTER)
        assert eventually(lambda: one.writes > 0)
        one.doubt("a better peer advertises")
        assert eventually(lambda: bool(one.notes.runs) and not one.worker.view().busy)
        assert one.notes.runs[0].prepared
        sight = one.worker.sight
        assert sight is not None
        assert not sight.plan.lanes


@pytest.mark.parametrize("finished_by_a_peer", [False, True])
def test_a_standstill_between_a_remove_and_its_add_looks_before_it_adds(
    tmp_path: Path, finished_by_a_peer: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bench(tmp_path, atomic=False, reconcile=30.0) as one:
        observe, receive, frozen = one.cloud.observe, one.cloud._receive, threading.Event()

        def received(step: Step) -> None:
            if step.releases and not frozen.is_set():
                frozen.set()
                one.role.late = True
            receive(step)

        def observed(claims: Any) -> Any:
            if one.role.late:  # the loop has woken as well
                one.role.late = False
                if finished_by_a_peer:
                    one.world.put(ADDRESS, "b")
                    one.role.now = msgspec.structs.replace(
                        one.role.now, doubt="b masters", peers=(BETTER,)
                    )
            return observe(claims)

        monkeypatch.setattr(one.cloud, "_receive", received)
        monkeypatch.setattr(one.cloud, "observe", observed)
        one.become(Role.MASTER)
        assert eventually(lambda: bool(one.notes.runs))
        taken = [step.call for step in one.cloud.received]
        assert taken == (["Release"] if finished_by_a_peer else ["Release", "Take"])


@pytest.mark.parametrize("role", [Role.BACKUP, Role.MASTER])
def test_a_request_that_does_not_come_back_is_noticed_until_it_does(
    tmp_path: Path, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_HANGING", 0.0)
    monkeypatch.setattr("agent.work.bench.DEADLINE", 1.0)
    with bench(tmp_path, start=False) as one:
        one.cloud.hold = hold = threading.Event()
        one.become(role)
        what = "look" if role is Role.BACKUP else "run"
        until = time.monotonic() + 1.0
        one.worker.start()
        assert eventually(lambda: f"a {what} has not come back" in one.worker.hanging)
        assert what == "look" or time.monotonic() > until
        one.cloud.hold = None
        hold.set()
        assert eventually(lambda: not one.worker.hanging)


def test_a_role_from_before_a_reload_or_a_pause_is_no_failover(tmp_path: Path) -> None:
    with bench(tmp_path, start=False) as one:
        one.become(Role.MASTER, since=time.monotonic() - 36_000.0)
        one.worker.start()
        assert eventually(lambda: is_settled(one))
        one.worker.pause("root: patching")
        one.become(Role.BACKUP)
        one.become(Role.MASTER)
        one.worker.resume()
        assert eventually(lambda: len(one.notes.runs) == 2 and is_settled(one))
        assert [ran.why for ran in one.notes.runs] == ["start", "start"]
        assert all(ran.phases.queue < 60.0 for ran in one.notes.runs)
        assert one.worker.view().last_failover is None
        one.become(Role.BACKUP)
        one.become(Role.MASTER)
        assert eventually(lambda: len(one.notes.runs) == 3 and is_settled(one))
        assert one.worker.view().last_failover is not None

"""What an instance's two threads do, whatever the role, the cloud and people do to them."""

from __future__ import annotations

import threading
import time
from concurrent.futures import wait
from functools import partial
from pathlib import Path

import pytest
from cloudfail.clock import Deadline, SystemClock
from cloudfail.errors import DeniedError, RefusedError, SupersededError
from cloudfail.outcome import Order
from cloudfail.role import Role
from cloudfail.testing import Fault

from agent.work.bench import (
    ADDRESS,
    ADVERT,
    BETTER,
    DEADLINE,
    LOWER,
    PUBLIC,
    RECONCILE,
    bench,
    eventually,
    has_plan,
    never,
)


def test_a_backup_writes_nothing_however_long(tmp_path: Path) -> None:
    with bench(tmp_path) as one:
        assert eventually(lambda: one.cloud.looks >= 3)
        assert one.writes == 0
        assert not one.worker.view().claims[0].drift


def test_a_prepared_plan_leaves_before_any_look(tmp_path: Path) -> None:
    with bench(tmp_path, standby=30.0) as one:  # as long, twice, the plan is good
        assert eventually(lambda: has_plan(one))
        one.cloud.hold = threading.Event()  # every look from now on hangs
        one.become(Role.MASTER)
        assert eventually(one.holds)
        one.cloud.hold.set()
        one.cloud.hold = None
        assert eventually(lambda: bool(one.notes.runs))
        ran = one.notes.runs[0]
        assert (ran.why, ran.result, ran.prepared) == ("event", "ok", True)


def test_a_plan_that_is_too_old_is_not_applied_blindly(tmp_path: Path) -> None:
    with bench(tmp_path, standby=30.0) as one:
        assert eventually(lambda: has_plan(one))
        sight = one.worker.sight
        assert sight is not None
        assert sight.is_ready(sight.began + 60.0, 60.0)
        assert not sight.is_ready(sight.began + 60.1, 60.0)


def test_a_plan_that_begins_with_a_remove_looks_first(tmp_path: Path) -> None:
    with bench(tmp_path, atomic=False, standby=30.0) as one:
        assert eventually(lambda: has_plan(one))
        one.become(Role.MASTER)
        assert eventually(one.holds)
        assert eventually(lambda: bool(one.notes.runs))
        assert not one.notes.runs[0].prepared


def test_a_look_that_hangs_holds_up_no_promotion(tmp_path: Path) -> None:
    with bench(tmp_path, standby=30.0) as one:
        assert eventually(lambda: has_plan(one))
        one.cloud.hold = threading.Event()
        one.worker.look_soon()
        assert eventually(lambda: one.cloud.hung > 0)
        one.become(Role.MASTER)
        assert eventually(one.holds)
        one.cloud.hold.set()
        one.cloud.hold = None


def test_while_the_role_is_doubtful_nothing_begins(tmp_path: Path) -> None:
    with bench(tmp_path) as one:
        one.become(Role.MASTER, doubt="a better peer advertises", peers=(BETTER,))
        assert never(lambda: one.writes > 0, 3 * RECONCILE)
        one.doubt("")
        assert eventually(one.holds)


def test_a_process_that_was_frozen_begins_nothing(tmp_path: Path) -> None:
    with bench(tmp_path) as one:
        one.role.late = True
        one.become(Role.MASTER)
        assert never(lambda: one.writes > 0, 3 * RECONCILE)
        one.role.late = False
        one.worker.wake()
        assert eventually(one.holds)


def test_drift_is_repaired_after_two_looks(tmp_path: Path) -> None:
    with bench(tmp_path) as one:
        one.become(Role.MASTER)
        assert eventually(lambda: one.holds() and bool(one.notes.runs))
        writes, moved = one.writes, time.monotonic()
        one.world.put(ADDRESS, "b")
        assert eventually(one.holds)
        assert time.monotonic() - moved >= ADVERT
        assert one.writes == writes + 1
        assert eventually(lambda: one.notes.runs[-1].why == "repair")


def test_a_drift_that_is_over_at_the_second_look_is_not_repaired(tmp_path: Path) -> None:
    with bench(tmp_path) as one:
        one.become(Role.MASTER)
        assert eventually(lambda: one.holds() and bool(one.notes.runs))
        writes, looks = one.writes, one.cloud.looks
        moves = [partial(one.world.put, ADDRESS, holder) for holder in ("b", "a")]
        one.cloud.after = iter(moves)
        assert eventually(lambda: one.cloud.looks > looks + len(moves))
        assert never(lambda: one.writes > writes, 3 * RECONCILE)


def test_a_lower_advert_brings_the_look_forward(tmp_path: Path) -> None:
    with bench(tmp_path, reconcile=600.0) as one:
        one.become(Role.MASTER)
        assert eventually(lambda: one.holds() and bool(one.notes.runs))
        looks, began = one.cloud.looks, time.monotonic()
        for _ in range(1000):
            one.worker.again()
        assert eventually(lambda: one.cloud.looks >= looks + 2)
        most = 4 + (time.monotonic() - began) / ADVERT
        eventually(lambda: False, ADVERT)
        assert one.cloud.looks <= looks + most


def test_a_stranger_is_an_alarm_and_no_fight(tmp_path: Path) -> None:
    with bench(tmp_path) as one:
        one.become(Role.MASTER)
        assert eventually(lambda: one.holds() and bool(one.notes.runs))
        writes = one.writes
        one.world.put(ADDRESS, "somebody")  # peers are configured: b alone
        assert eventually(lambda: any("somebody" in text for text in one.worker.view().alarms))
        assert never(lambda: one.writes > writes, 3 * RECONCILE)
        one.world.put(ADDRESS, "a")
        assert eventually(lambda: not one.worker.view().alarms)


def test_what_the_cloud_does_not_say_moves_nothing(tmp_path: Path) -> None:
    with bench(tmp_path) as one:
        one.become(Role.MASTER)
        assert eventually(lambda: one.holds() and bool(one.notes.runs))
        writes = one.writes
        one.cloud._reads = iter([Fault.UNSAID] * 1000)
        assert never(lambda: one.writes > writes, 3 * RECONCILE)


def test_a_new_role_stops_what_runs_before_its_next_write(tmp_path: Path) -> None:
    faults = [Fault.ERROR_BEFORE] * 100
    with bench(tmp_path, writes=faults) as one:
        one.become(Role.MASTER)
        assert eventually(lambda: one.writes >= 1)
        one.become(Role.BACKUP)
        assert eventually(lambda: bool(one.notes.runs))
        assert one.notes.runs[0].result == "superseded"
        writes = one.writes
        assert never(lambda: one.writes > writes, 3 * RECONCILE)


def test_master_again_claims_again(tmp_path: Path) -> None:
    with bench(tmp_path) as one:
        for _ in range(3):
            one.become(Role.MASTER)
            assert eventually(one.holds)
            one.become(Role.BACKUP)
            one.world.put(ADDRESS, "b")


def test_a_pause_stops_everything_and_resume_catches_up(tmp_path: Path) -> None:
    with bench(tmp_path, paused="root: patching") as one:
        one.become(Role.MASTER)
        assert never(lambda: one.writes > 0, 3 * RECONCILE)
        assert one.worker.view().paused == "root: patching"
        one.worker.resume()
        assert eventually(one.holds)
        one.worker.pause("root: again")
        one.world.put(ADDRESS, "b")
        assert never(one.holds, 3 * RECONCILE)


def test_a_pause_holds_back_a_prepared_plan(tmp_path: Path) -> None:
    with bench(tmp_path) as one:
        assert eventually(lambda: has_plan(one))
        one.worker.pause("root: patching")
        one.become(Role.MASTER)
        assert never(lambda: bool(one.notes.runs), RECONCILE)
        assert one.writes == 0
        one.worker.resume()
        assert eventually(one.holds)


def test_a_pause_ends_a_run_under_way(tmp_path: Path) -> None:
    with bench(tmp_path, writes=[Fault.ERROR_BEFORE] * 100) as one:
        one.become(Role.MASTER)
        assert eventually(lambda: one.writes >= 1)
        one.worker.pause("root: stop")
        assert eventually(lambda: bool(one.notes.runs))
        assert one.notes.runs[0].result == "superseded"


def test_a_hand_run_against_the_role_is_refused_and_forced(tmp_path: Path) -> None:
    with bench(tmp_path) as one:
        refused = one.worker.ask(Order(), patience=0.05)
        with pytest.raises(RefusedError, match="role of this node is BACKUP"):
            refused.result(30)
        assert one.writes == 0
        forced = one.worker.ask(Order(force=True), patience=0.0).result(30)
        assert forced.outcome is not None
        assert forced.outcome.exit_code == 0
        assert one.holds()


def test_a_request_waits_for_the_role_that_is_about_to_come(tmp_path: Path) -> None:
    with bench(tmp_path) as one:
        asked = one.worker.ask(Order(), patience=30.0)
        assert not wait([asked], 0.1).done
        one.become(Role.MASTER)
        ended = asked.result(30)
        assert ended.outcome is not None
        assert one.holds()
        assert one.writes == 1


def test_a_plan_is_made_for_whoever_asks_and_writes_nothing(tmp_path: Path) -> None:
    with bench(tmp_path) as one:
        plan = one.worker.plan().result(30)
        assert [str(holding.claim) for holding in plan.holdings] == [str(ADDRESS)]
        assert plan.lanes
        assert one.writes == 0


def test_who_waits_when_the_agent_stops_is_told(tmp_path: Path) -> None:
    with bench(tmp_path) as one:
        asked = one.worker.ask(Order(), patience=60.0)
        one.worker.stop("SIGTERM")
        with pytest.raises(SupersededError, match="SIGTERM"):
            asked.result(30)
        with pytest.raises(SupersededError, match="SIGTERM"):
            one.worker.plan().result(30)


def test_stopping_in_the_middle_of_a_run_does_not_wait_for_its_end(tmp_path: Path) -> None:
    with bench(tmp_path, writes=[Fault.ERROR_BEFORE] * 100) as one:
        one.become(Role.MASTER)
        assert eventually(lambda: one.writes >= 1)
        one.worker.stop("SIGTERM")
        assert one.worker.join(Deadline.after(SystemClock(), DEADLINE / 2))


def test_a_denied_call_is_an_alarm_until_it_works(tmp_path: Path) -> None:
    bad = {ADDRESS: DeniedError("ec2:X is not allowed", code="UnauthorizedOperation")}
    with bench(tmp_path, bad=bad) as one:
        one.become(Role.MASTER)
        assert eventually(lambda: any("not allowed" in text for text in one.worker.view().alarms))
        one.cloud.bad.clear()
        assert eventually(one.holds)
        assert eventually(lambda: not one.worker.view().alarms)


def test_the_view_shows_role_holdings_and_the_last_failover(tmp_path: Path) -> None:
    with bench(tmp_path, held={ADDRESS: "b", PUBLIC: "b"}) as one:
        one.become(Role.MASTER)
        assert eventually(lambda: one.worker.is_promoted)
        view = one.worker.view()
        assert view.holds is True
        assert [claim.owner for claim in view.claims] == ["mine", "mine"]
        assert view.last_failover is not None
        assert view.last_failover.phases.total > 0
        one.become(Role.BACKUP)
        assert not one.worker.is_promoted


def test_the_higher_one_goes_on_at_the_pace_of_its_looks(tmp_path: Path) -> None:
    with bench(tmp_path, priorities=(150, 100)) as one:
        one.become(Role.MASTER, priority=150, peers=(LOWER,))
        assert eventually(lambda: one.holds() and bool(one.notes.runs))
        began = time.monotonic()
        for repairs in range(7):
            one.world.put(ADDRESS, "b")
            assert eventually(lambda: len(one.notes.runs) == repairs + 2)  # noqa: B023
            assert one.holds()
        # The other one would wait 2, 4, 8 and so on to 64 of them, 25 seconds in all.
        assert time.monotonic() - began < 100 * RECONCILE

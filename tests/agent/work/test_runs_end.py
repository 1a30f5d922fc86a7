"""Whatever a run was begun for, a newer role ends it; and who gives way goes by the wire."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from cloudfail.outcome import Order
from cloudfail.role import Role
from cloudfail.testing import Fault

from agent.work.bench import ADDRESS, RECONCILE, Bench, bench, eventually

FAILING = [Fault.ERROR_BEFORE] * 100


def settled(one: Bench) -> None:
    """Make it MASTER, and wait until it has what it claims."""
    one.become(Role.MASTER)
    assert eventually(lambda: one.holds() and bool(one.notes.runs))


def faults(one: Bench, writes: Iterable[Fault]) -> None:
    one.cloud._writes = iter(writes)


def test_a_repair_is_ended_by_a_newer_role(tmp_path: Path) -> None:
    with bench(tmp_path) as one:
        settled(one)
        writes = one.writes
        faults(one, FAILING)
        one.world.put(ADDRESS, "b")
        assert eventually(lambda: one.writes > writes)
        one.become(Role.FAULT)
        assert eventually(lambda: len(one.notes.runs) == 2)
        assert (one.notes.runs[1].why, one.notes.runs[1].result) == ("repair", "superseded")


def test_a_run_by_hand_is_ended_by_a_newer_role(tmp_path: Path) -> None:
    with bench(tmp_path, reconcile=30.0) as one:  # no look finds the drift before
        settled(one)
        writes = one.writes
        faults(one, FAILING)
        one.world.put(ADDRESS, "b")
        asked = one.worker.ask(Order(join=False), patience=30.0)
        assert eventually(lambda: one.writes > writes)
        one.become(Role.BACKUP)
        outcome = asked.result(30).outcome
        assert outcome is not None
        assert "the role is BACKUP by now" in str(outcome.error)
        assert one.notes.runs[1].why == "hand"


def test_a_look_from_before_another_role_is_no_plan_of_it(tmp_path: Path) -> None:
    with bench(tmp_path, standby=30.0) as one:
        settled(one)
        one.cloud.hold = threading.Event()
        one.worker.look_soon()
        assert eventually(lambda: one.cloud.hung > 0)
        one.become(Role.BACKUP)
        first = one.cloud.hold
        one.cloud.hold = threading.Event()  # the look of this role hangs as well
        first.set()
        assert eventually(lambda: one.cloud.hung > 1)
        assert one.worker.sight is None


@pytest.mark.parametrize(
    ("configured", "advertised"),
    [((100, 150), 100), ((150, 100), 50)],
    ids=["as-configured", "lowered-by-tracking"],
)
def test_the_lower_advertised_priority_repairs_less_and_less(
    tmp_path: Path, configured: tuple[int, int], advertised: int
) -> None:
    with bench(tmp_path, priorities=configured) as one:
        one.become(Role.MASTER, priority=advertised)
        assert eventually(lambda: one.holds() and bool(one.notes.runs))
        began = time.monotonic()
        for repairs in range(2):
            one.world.put(ADDRESS, "b")
            assert eventually(lambda: len(one.notes.runs) == repairs + 2)  # noqa: B023
            assert one.holds()
        one.world.put(ADDRESS, "b")
        assert eventually(
            lambda: any("taken away again" in text for text in one.worker.view().alarms)
        )
        assert eventually(one.holds)
        assert time.monotonic() - began >= (2 + 4) * RECONCILE

"""A master puts in order what is its own, later and seldom."""

from __future__ import annotations

from pathlib import Path

from cloudfail.role import Role
from cloudfail.testing import Fault

from agent.work.bench import ADDRESS, RECONCILE, bench, eventually, never


def test_the_next_look_of_the_master_tidies_up(tmp_path: Path) -> None:
    with bench(tmp_path) as one:
        one.cloud.untidy = {ADDRESS}
        one.become(Role.MASTER)
        assert eventually(lambda: len(one.notes.runs) == 2)
        assert [step.call for step in one.cloud.received] == ["Take", "Tidy"]
        assert [ran.why for ran in one.notes.runs] == ["event", "tidy"]
        assert one.worker.is_promoted


def test_a_standby_tidies_up_nothing(tmp_path: Path) -> None:
    with bench(tmp_path, held={ADDRESS: "a"}) as one:
        one.cloud.untidy = {ADDRESS}
        assert never(lambda: one.writes > 0, 3 * RECONCILE)


def test_a_pause_and_a_doubt_hold_it(tmp_path: Path) -> None:
    with bench(tmp_path) as one:
        one.become(Role.MASTER)
        assert eventually(one.holds)
        one.worker.pause("maintenance")
        one.doubt("our adverts do not leave")
        one.cloud.untidy = {ADDRESS}
        assert never(lambda: one.writes > 1, 2 * RECONCILE)
        one.worker.resume()
        assert never(lambda: one.writes > 1, 2 * RECONCILE)
        one.doubt("")
        assert eventually(lambda: one.writes == 2)


def test_what_fails_is_not_tried_at_each_look(tmp_path: Path) -> None:
    with bench(tmp_path, writes=[Fault.OK, *[Fault.CONFLICT] * 99]) as one:
        one.cloud.untidy = {ADDRESS}
        one.become(Role.MASTER)
        assert eventually(lambda: one.writes == 2)
        looks = one.cloud.looks
        assert eventually(lambda: one.cloud.looks > looks + 3)
        assert one.writes == 2
        assert one.worker.is_promoted

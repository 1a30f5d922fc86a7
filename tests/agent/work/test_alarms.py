"""An alarm lasts as long as there is something for a person to look at."""

from __future__ import annotations

from itertools import repeat
from pathlib import Path

import pytest
from cloudfail.role import Role
from cloudfail.testing import Fault

from agent.work.bench import ADDRESS, Bench, bench, eventually


def alarm(one: Bench, words: str) -> bool:
    return any(words in text for text in one.worker.view().alarms)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.work.bench.DEADLINE", 0.5)


@pytest.mark.parametrize("then", ["the claim is ours all the same", "the role is lost"])
def test_a_failed_run_is_an_alarm_until_nothing_is_left_to_do(tmp_path: Path, then: str) -> None:
    with bench(tmp_path, writes=repeat(Fault.ERROR_BEFORE)) as one:
        one.become(Role.MASTER)
        assert eventually(lambda: alarm(one, "503"), 30)
        if then == "the role is lost":
            one.become(Role.BACKUP)
        else:
            one.world.put(ADDRESS, "a")
        assert eventually(lambda: not one.worker.view().alarms)


def test_a_quarrel_is_over_with_the_role(tmp_path: Path) -> None:
    def robbed() -> bool:
        if one.holds():
            one.world.put(ADDRESS, "b")
        return alarm(one, "taken away again")

    with bench(tmp_path) as one:
        one.become(Role.MASTER)
        assert eventually(robbed, 30)
        one.become(Role.BACKUP)
        assert eventually(lambda: not one.worker.view().alarms)

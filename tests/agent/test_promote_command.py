"""Who asks against the role is told at once, however far apart the adverts are."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cloudfail.agent.commands import AgentCommands
from cloudfail.clock import SystemClock
from cloudfail.errors import RefusedError
from cloudfail.outcome import Order
from cloudfail.role import Event, Role
from cloudfail.role.event import boot_id

from agent.work.bench import Bench, bench, eventually, never

FAR_APART = 30.0


def commands_of(one: Bench) -> AgentCommands:
    subject = SimpleNamespace(advert_int=FAR_APART, has_fifo=True)
    member: Any = SimpleNamespace(
        name="edge", subject=subject, worker=one.worker, keeper=one.role, last=one.role.now
    )
    crew: Any = SimpleNamespace(members={"edge": member}, absent={})
    unused: Any = None
    return AgentCommands(crew, unused, SystemClock(), config=unused, view=unused, reload=unused)


def told_by_a_script(one: Bench) -> Any:
    event = Event("edge", Role.MASTER, boot_id(), 1, 1)
    return commands_of(one).hasten(event, again=False)


def test_a_backup_is_refused_without_waiting_for_an_advert(tmp_path: Path) -> None:
    with bench(tmp_path) as one:
        for asked in (commands_of(one).promote("edge", Order(join=False)), told_by_a_script(one)):
            with pytest.raises(RefusedError, match="the role of this node is BACKUP"):
                asked.result(FAR_APART / 3)
        assert one.writes == 0


def test_a_script_that_is_ahead_of_the_fifo_is_not_refused(tmp_path: Path) -> None:
    with bench(tmp_path) as one:
        asked = told_by_a_script(one)
        one.become(Role.MASTER)
        assert asked.result(FAR_APART).error is None
        assert one.holds()


def test_a_doubtful_master_has_an_advert_interval(tmp_path: Path) -> None:
    with bench(tmp_path) as one:
        one.become(Role.MASTER)
        assert eventually(one.holds)
        one.doubt("no advert of ours left")
        asked = commands_of(one).promote("edge", Order(join=False))
        assert never(asked.done, 0.7)
        one.become(Role.MASTER)
        assert asked.result(FAR_APART).error is None

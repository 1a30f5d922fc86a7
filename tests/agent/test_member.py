"""A new master's first call comes before whatever is only told; that comes in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from cloudfail.agent.agent import Agent
from cloudfail.agent.member import Member
from cloudfail.agent.role.standing import Standing
from cloudfail.agent.role.subject import Subject
from cloudfail.config import Config
from cloudfail.config.vrrp.model import Keepalived, SyncGroup
from cloudfail.role import Role

SUBJECT = Subject(
    instance="edge",
    virtual_router_id=51,
    advert_int=1.0,
    own=None,
    peers=(),
    has_fifo=True,
    hears_wire=True,
)
ROLES = {role: Standing(role=role, generation=number) for number, role in enumerate(Role, start=1)}


class Everybody:
    """Stands in for all who work for a member, and notes what they are told, in order."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.now = Standing()

    def standing(self, now: float) -> Standing:
        del now
        return self.now

    def wake(self) -> None:
        self.told.append("worker")

    def changed(self, *what: Any) -> None:
        self.told.append(f"{what[-1].word} told" if len(what) == 3 else f"{what[0]} followed")


def play(steps: Callable[[Callable[[Role], list[str]]], Any]) -> list[str]:
    """Run the steps in a loop, with a function that makes the member something."""
    everybody = Everybody()
    anybody: Any = everybody
    member = Member(anybody, SUBJECT, anybody, anybody, anybody, anybody)

    def become(role: Role) -> list[str]:
        everybody.now = ROLES[role]
        assert member.refresh(0.0)
        return list(everybody.told)

    async def played() -> None:
        steps(become)
        while member.last.is_master and "MASTER told" not in everybody.told:
            await asyncio.sleep(0.001)

    asyncio.run(played())
    return everybody.told


def test_a_new_master_is_told_of_once_its_worker_had_time_for_a_call() -> None:
    seen = []
    told = play(lambda become: seen.append(become(Role.MASTER)))
    assert seen == [["worker"]]
    assert told == ["worker", "MASTER followed", "MASTER told"]


def test_a_role_that_comes_right_after_it_is_told_at_once_and_after_it() -> None:
    seen = []

    def steps(become: Callable[[Role], list[str]]) -> None:
        become(Role.MASTER)
        seen.append(become(Role.FAULT))

    told = play(steps)
    assert seen == [told]
    assert told == [
        *("worker", "worker"),
        *("MASTER followed", "MASTER told", "FAULT followed", "FAULT told"),
    ]


def test_a_lower_advert_is_looked_at_for_the_whole_sync_group_and_no_other() -> None:
    again: list[str] = []
    sides = SyncGroup(name="sides", instances=("inner", "edge", "away"))
    others = SyncGroup(name="others", instances=("db", "web"))
    keepalived = Keepalived(sync_groups={"sides": sides, "others": others})
    target: Any = SimpleNamespace(config=Config(keepalived=keepalived))

    def at_work(name: str) -> Any:
        worker = SimpleNamespace(again=lambda: again.append(name))
        return SimpleNamespace(name=name, target=target, worker=worker)

    members = {name: at_work(name) for name in ("db", "edge", "inner", "lone", "web")}
    agent: Any = SimpleNamespace(_crew=SimpleNamespace(members=members))
    Agent._heard_a_lower_advert(agent, members["edge"])
    assert again == ["edge", "inner"]
    Agent._heard_a_lower_advert(agent, members["lone"])
    assert again == ["edge", "inner", "lone"]

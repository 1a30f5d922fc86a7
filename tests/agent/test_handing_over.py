"""A handover as the agent drives it: whatever ends it, this node does not stay in FAULT."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from cloudfail.agent import handbrake
from cloudfail.agent.commands import AgentCommands
from cloudfail.agent.handbrake import handover_file, release_left
from cloudfail.agent.handover import POLL
from cloudfail.agent.role.standing import Mastering
from cloudfail.config.vrrp.model import Keepalived, SyncGroup
from cloudfail.errors import CloudfailError, RefusedError
from cloudfail.role import Role

from agent.notices.node import Skipping
from agent.work.bench import ADDRESS, Bench, bench, eventually

LONG = 30.0  # seconds between two adverts: whatever the machine does meanwhile, no wait for a peer is over
PEER = Mastering(address=ip_address("10.0.0.2"), priority=150, better=True, age=0.0)


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(handbrake, "DIRECTORY", tmp_path)
    handover_file("edge").write_text("0\n")
    return handover_file("edge")


def member(name: str, one: Bench) -> Any:
    """One instance at work, in a sync group with `core`."""
    target = one.worker._around.target
    group = SyncGroup(name="all", instances=("edge", "core"))
    keepalived = Keepalived(sync_groups={"all": group})
    config = msgspec.structs.replace(target.config, keepalived=keepalived)
    subject = SimpleNamespace(advert_int=LONG, has_fifo=True)
    return SimpleNamespace(
        name=name, target=replace(target, config=config), subject=subject, keeper=one.role,
        worker=one.worker, view=one.worker.view, observer=one.notes,
    )  # fmt: skip


class Node:
    """An agent's commands over a bench, in a loop of the test's own."""

    def __init__(self, one: Bench) -> None:
        self.one = one
        crew: Any = SimpleNamespace(members={"edge": member("edge", one)}, absent={})
        self.members = crew.members
        unused: Any = None
        self.clock = Skipping()
        self.commands = AgentCommands(
            crew, unused, self.clock, config=unused, view=unused, reload=unused
        )
        self.loop = asyncio.new_event_loop()

    def begin(self) -> Future[str]:
        """Begin, and go on until this node has let go."""
        return self.loop.run_until_complete(self._begin())

    async def _begin(self) -> Future[str]:
        future = self.commands.handover("edge")
        await asyncio.sleep(0.01)
        return future

    def end(self, future: Future[str]) -> str:
        async def wait() -> str:
            return await asyncio.wait_for(asyncio.wrap_future(future), 60)

        return self.loop.run_until_complete(wait())


@contextmanager
def node(tmp_path: Path) -> Iterator[Node]:
    with bench(tmp_path, priorities=(100, 150), paused="a handover moves nothing here") as one:
        made = Node(one)
        one.become(Role.MASTER)
        try:
            yield made
        finally:
            made.loop.close()


def test_it_is_in_the_log_from_begin_to_end(tmp_path: Path, file: Path) -> None:
    with node(tmp_path) as made:
        future = made.begin()
        assert file.read_text() == "1\n"
        made.one.become(Role.FAULT, peers=(PEER,))
        assert "was handed over to 10.0.0.2" in made.end(future)
        assert file.read_text() == "0\n"
        assert [event for event, _ in made.one.notes.notes] == ["handover", "handover"]


def test_what_is_still_here_and_does_not_count_is_with_no_peer(tmp_path: Path, file: Path) -> None:
    with node(tmp_path) as made:
        made.one.world.held[ADDRESS] = "a"
        made.one.cloud.undone.add(ADDRESS)
        future = made.begin()
        made.one.become(Role.FAULT, peers=(PEER,))
        made.one.worker.look_soon()
        assert eventually(lambda: made.one.worker.view().claims[0].reason != "")
        made.loop.run_until_complete(asyncio.sleep(3 * POLL))
        assert not future.done()
        assert file.read_text() == "1\n"
        made.one.world.held[ADDRESS] = "b"
        assert "was handed over to 10.0.0.2" in made.end(future)


def test_it_lasts_until_a_peer_has_what_the_whole_sync_group_claims(
    tmp_path: Path, file: Path
) -> None:
    with node(tmp_path) as made, bench(tmp_path, held={ADDRESS: "a"}) as core:
        made.members["core"] = member("core", core)
        future = made.begin()
        made.one.become(Role.FAULT, peers=(PEER,))
        assert eventually(lambda: made.one.worker.view().claims[0].owner == "peer")
        assert eventually(lambda: core.worker.view().claims[0].owner == "mine")
        made.loop.run_until_complete(asyncio.sleep(3 * POLL))
        assert not future.done()
        assert file.read_text() == "1\n"
        core.world.put(ADDRESS, "b")
        assert "was handed over to 10.0.0.2" in made.end(future)


def test_two_at_once_are_one(tmp_path: Path, file: Path) -> None:
    with node(tmp_path) as made:
        first, second = made.begin(), made.begin()
        with pytest.raises(RefusedError, match="already"):
            made.end(second)
        assert file.read_text() == "1\n"
        made.clock.skipped = 10 * LONG
        with pytest.raises(CloudfailError, match="did not go to FAULT"):
            made.end(first)
        assert file.read_text() == "0\n"
        event, text = made.one.notes.notes[-1]
        assert (event, text[:24]) == ("failed", "edge was not handed over")


def test_an_agent_that_stops_takes_the_node_out_of_fault(tmp_path: Path, file: Path) -> None:
    with node(tmp_path) as made:
        future = made.begin()
        made.commands.cancel()
        with pytest.raises(CloudfailError, match="stops"):
            made.end(future)
        assert file.read_text() == "0\n"


def test_a_mistake_of_ours_takes_the_node_out_of_fault(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with node(tmp_path) as made:
        future = made.begin()
        monkeypatch.setattr(made.one.worker, "look_soon", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            made.end(future)
        assert file.read_text() == "0\n"


def test_who_asked_may_leave_and_it_goes_on(tmp_path: Path, file: Path) -> None:
    from cloudfail.cli.answer_orders import _outcome

    async def leave(future: Future[str]) -> None:
        waiting = asyncio.ensure_future(_outcome(future))
        await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.wait({waiting})

    with node(tmp_path) as made:
        wrong: list[Any] = []
        made.loop.set_exception_handler(lambda _, context: wrong.append(context))
        future = made.begin()
        made.loop.run_until_complete(leave(future))
        made.one.become(Role.FAULT, peers=(PEER,))
        assert "was handed over" in made.end(future)
        assert not wrong


def test_what_a_killed_agent_left_is_released_by_the_next(file: Path) -> None:
    assert release_left("edge") == ""
    file.write_text("1\n")
    assert "released" in release_left("edge")
    assert file.read_text() == "0\n"
    assert release_left("unknown") == ""

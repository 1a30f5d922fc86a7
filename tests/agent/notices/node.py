"""A node whose cloud announces what the test says, over a worker and a brake of its own."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
from cloudfail.agent.handbrake import handover_file
from cloudfail.agent.handing_over import HandingOver
from cloudfail.agent.notices.maintenance import Maintenance
from cloudfail.agent.pausing import Pauses
from cloudfail.agent.role.standing import Mastering
from cloudfail.agent.view import MaintenanceView
from cloudfail.clock import SystemClock
from cloudfail.config import Config
from cloudfail.errors import UnreachableError
from cloudfail.notice import Notice, Notices
from cloudfail.role import Role

from agent.work.bench import ADDRESS, Bench, bench

PEER = Mastering(address=ip_address("10.0.0.2"), priority=150, better=True, age=0.0)
LOWER = Mastering(address=ip_address("10.0.0.2"), priority=100, better=False, age=0.0)
FREEZE = Notice(id="1", kind="Freeze", begins="Mon, 30 Nov 2026 18:29:47 GMT", waits=True)


class Skipping(SystemClock):
    """The test may let time pass."""

    skipped = 0.0

    def now(self) -> float:
        return super().now() + self.skipped


class Announcer:
    """What a cloud says; `acknowledged` is what it was told."""

    def __init__(self) -> None:
        self.notices: tuple[Notice, ...] = ()
        self.acknowledged: list[str] = []
        self.broken = self.broken_acknowledging = False
        self.looks = 0

    def look(self) -> Sequence[Notice]:
        self.looks += 1
        if self.broken:
            raise UnreachableError("nobody answers")
        return self.notices

    def acknowledge(self, notice: Notice) -> None:
        if self.broken or self.broken_acknowledging:
            raise UnreachableError("nobody answers")
        self.acknowledged.append(notice.id)


class Node:
    """The agent's side of one node. `until` runs its loop, which ticks as the agent's does."""

    def __init__(self, one: Bench, tmp_path: Path, *, preempts: bool, advert: float) -> None:
        self.one, self.cloud = one, Announcer()
        self.pauses = Pauses(tmp_path)
        target = one.worker._around.target
        spec = msgspec.structs.replace(target.spec, notices=self._notices)
        vrrp = msgspec.structs.replace(target.instance.vrrp, nopreempt=not preempts)
        instance = msgspec.structs.replace(target.instance, vrrp=vrrp)
        target = dataclasses.replace(target, spec=spec, instance=instance)
        self.member: Any = SimpleNamespace(
            name="edge", target=target, subject=SimpleNamespace(advert_int=advert, has_fifo=True),
            keeper=one.role, worker=one.worker, view=one.worker.view, observer=one.notes,
        )  # fmt: skip
        self.members: dict[str, Any] = {"edge": self.member}
        self.peer = LOWER if preempts else PEER
        self.clock = Skipping()
        self.handing_over = HandingOver(self.clock)
        self.maintenance = Maintenance(
            lambda: self.members, self.handing_over, self.pauses, self.clock, one.notes.noted
        )
        self.loop = asyncio.new_event_loop()

    def _notices(self, settings: Any) -> Notices:
        del settings
        return self.cloud

    def configure(self, *, on: bool = True) -> None:
        agent = msgspec.structs.replace(Config().agent, notices=on)

        async def configure() -> None:
            self.maintenance.configure(Config(agent=agent))

        self.loop.run_until_complete(configure())

    def announce(self, *notices: Notice) -> None:
        """Announce these, and let the agent see it."""
        self.cloud.notices = notices
        self.saw()

    def announce_unseen(self, *notices: Notice) -> None:
        """Announce these, with time enough to see it."""
        self.cloud.notices = notices
        ticks = iter(range(20))
        self.until(lambda: next(ticks, None) is None)

    def forget_notices(self) -> None:
        """Be on a cloud that announces nothing."""
        spec = msgspec.structs.replace(self.member.target.spec, notices=None)
        self.member.target = dataclasses.replace(self.member.target, spec=spec)

    def saw(self) -> None:
        """Let the cloud be looked at once more, and what follows from it be done."""
        looks = self.cloud.looks
        self.until(lambda: self.cloud.looks > looks + 1)

    def until(self, question: Callable[[], Any], seconds: float = 60.0) -> None:
        async def wait() -> None:
            async with asyncio.timeout(seconds):
                while not question():
                    await asyncio.sleep(0.01)
                    self.maintenance.look()

        self.loop.run_until_complete(wait())

    def leaves(self) -> None:
        """Be keepalived, once the brake is engaged: this node goes to FAULT, and a peer masters."""
        self.until(lambda: self.is_braked)
        self.one.become(Role.FAULT, peers=(self.peer,))

    @property
    def is_braked(self) -> bool:
        return handover_file("edge").read_text() == "1\n"

    @property
    def view(self) -> MaintenanceView:
        assert self.maintenance.view is not None
        return self.maintenance.view

    @property
    def done(self) -> str:
        """What was done about the one notice."""
        (notice,) = self.view.notices
        return notice.done.get("edge", "")

    def said(self, word: str) -> bool:
        return any(word in text for _, text in self.one.notes.notes)


@contextmanager
def node(
    tmp_path: Path, *, preempts: bool = False, holder: str = "b", advert: float = 5.0
) -> Iterator[Node]:
    """Yield a master, whose address its peer has unless the test says otherwise.

    A handover waits four of the `advert` intervals for that peer: a busy machine has time for it.
    """
    with bench(tmp_path, held={ADDRESS: holder}, paused="nothing moves here") as one:
        made = Node(one, tmp_path, preempts=preempts, advert=advert)
        one.become(Role.MASTER)
        made.configure()
        try:
            yield made
        finally:
            made.maintenance.stop()
            made.loop.run_until_complete(asyncio.sleep(0.01))
            made.loop.close()
            assert not made.is_braked

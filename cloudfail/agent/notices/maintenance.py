"""Planned maintenance becomes a handover: the master goes to FAULT, and the cloud begins after that.

    this node, when it is announced    what is done
    MASTER                             handed over once, as `cloudfail handover` does it
    MASTER, paused                     nothing until it is resumed
    unknown, doubtful                  waited for: nobody knows what this node is
    BACKUP, FAULT, STOP                nothing: a peer serves

Where every instance is done with, and this node masters none, the notice is acknowledged. A handover
that failed is not tried again: the only living node would leave again and again. The cloud begins in
its own time then. Another notice is another try, after a rest that grows.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from cloudfail.agent.handing_over import HandingOver, preempts
from cloudfail.agent.member import Member
from cloudfail.agent.notices.announced import Announced
from cloudfail.agent.notices.hold import Hold
from cloudfail.agent.notices.resting import Resting
from cloudfail.agent.notices.watch import Watch
from cloudfail.agent.pausing import Pauses
from cloudfail.agent.view import MaintenanceView
from cloudfail.clock import Clock
from cloudfail.config import Config
from cloudfail.errors import CloudfailError
from cloudfail.notice import Notice, Notices
from cloudfail.role import Role

Note = Callable[[str, str, str], None]
Members = Callable[[], Mapping[str, Member]]


class Maintenance:
    """Belongs to the loop's thread, but for `view` and `problems`; clouds are asked in their own.

    `note` takes an event, an instance and a sentence.
    """

    def __init__(
        self, members: Members, handing_over: HandingOver, pauses: Pauses, clock: Clock, note: Note
    ) -> None:
        self._members, self._handing_over, self._pauses = members, handing_over, pauses
        self._clock, self._note = clock, note
        self._watches: Mapping[str, Watch] = {}
        self._announced: dict[tuple[str, str], Announced] = {}
        self._holds: dict[str, Hold] = {}
        self._resting = Resting(clock)
        self._tasks: set[asyncio.Task[None]] = set()
        self._handed_over = self._failed = 0
        self._lacking: tuple[str, ...] = ()
        self.view: MaintenanceView | None = None

    @property
    def problems(self) -> tuple[str, ...]:
        silent = (watch.problem for watch in self._watches.values())
        return (*self._lacking, *filter(None, silent))

    def configure(self, config: Config) -> None:
        """Ask the clouds of the instances at work, where the configuration wants that."""
        targets = {one.target.spec.name: one.target for one in self._members().values()}
        if not config.agent.notices:
            targets = {}
        for cloud in self._watches.keys() - targets.keys():
            self._watches[cloud].stop()
            self._heard(cloud, ())
        self._lacking = tuple(
            f"[agent] notices: {name} announces nothing to its machines; leave it out"
            for name, target in targets.items()
            if target.spec.notices is None
        )
        self._watches = {
            cloud: self._watches.get(cloud) or self._watch(cloud, partial(make, target.settings))
            for cloud, target in targets.items()
            if (make := target.spec.notices) is not None
        }
        self._publish()

    def look(self) -> None:
        """Go on with what is announced, and end holds: called again and again."""
        for name, hold in tuple(self._holds.items()):
            why = hold.why_over(self._clock.now(), is_announced=bool(self._announced))
            if why or name not in self._members():
                self._release(name, why or "it is not configured any more")
        for announced in self._announced.values():
            self._go_on(announced)
        self._publish()

    def stop(self) -> None:
        """Let go of everything, and hear nothing any more: the agent ends."""
        for watch in self._watches.values():
            watch.stop()
        self._watches = {}
        for task in tuple(self._tasks):
            task.cancel()
        for name in tuple(self._holds):
            self._release(name, "the agent stops")

    # ---- what the clouds say

    def _watch(self, cloud: str, make: Callable[[], Notices]) -> Watch:
        loop = asyncio.get_running_loop()

        def told(notices: Sequence[Notice]) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._told, watch, notices)

        def acknowledged(id_: str) -> None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._acknowledged, watch, id_)

        watch = Watch(cloud, make, self._clock, told=told, acknowledged=acknowledged)
        watch.start()
        return watch

    def _told(self, watch: Watch, notices: Sequence[Notice]) -> None:
        if self._watches.get(watch.cloud) is watch:
            self._heard(watch.cloud, notices)
            self.look()

    def _heard(self, cloud: str, notices: Sequence[Notice]) -> None:
        now = {(cloud, notice.id): notice for notice in notices}
        for key in [key for key in self._announced if key[0] == cloud and key not in now]:
            kind = self._announced.pop(key).notice.kind
            self._note("maintenance", "", f"{cloud} announces {kind} no more ({key[1]})")
        for key, notice in now.items():
            if key not in self._announced:
                self._announced[key] = Announced(cloud, notice)
                self._note("maintenance", "", self._announced[key].sentence)
            self._announced[key].notice = notice

    def _acknowledged(self, watch: Watch, id_: str) -> None:
        announced = self._announced.get((watch.cloud, id_))
        if announced is not None:
            announced.is_acknowledged = True
            kind = announced.notice.kind
            self._note("maintenance", "", f"{watch.cloud} may begin with {kind} ({id_})")
            self._publish()

    # ---- what follows

    def _go_on(self, announced: Announced) -> None:
        members = self._members()
        for member in members.values():
            if not announced.is_settled(member.name):
                self._decide(announced, member)
        if not announced.is_acknowledged:
            self._agree(announced, members)

    def _agree(self, announced: Announced, members: Mapping[str, Member]) -> None:
        """Have the cloud begin, as long as this node serves nothing: it may master again meanwhile."""
        roles = {member.keeper.standing().role for member in members.values()}
        may_begin = announced.may_begin(members) and roles.isdisjoint({None, Role.MASTER})
        watch = self._watches.get(announced.cloud)
        if may_begin == announced.is_agreed or watch is None:
            return
        announced.is_agreed = may_begin
        tell = watch.acknowledge if may_begin else watch.withdraw
        tell(announced.notice.id)

    def _decide(self, announced: Announced, member: Member) -> None:
        standing = member.keeper.standing()
        name, kind = member.name, announced.notice.kind
        if self._handing_over.is_under_way(name):
            return
        if standing.role is None or standing.doubt:
            announced.put_off(name, f"{standing.word}: waited for")
            return
        if standing.role is not Role.MASTER:
            announced.settle(name, f"{standing.word}: nothing to hand over")
            return
        why_not = self._pauses.text(name) or self._resting.text(name)
        if why_not:
            if announced.put_off(name, f"not handed over: {why_not}"):
                self._note("maintenance", name, f"not handed over before {kind}: it is {why_not}")
            return
        announced.settle(name, "is being handed over", well=False)
        task = asyncio.get_running_loop().create_task(self._hand_over(announced, member))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _hand_over(self, announced: Announced, member: Member) -> None:
        keeps = preempts(member)
        try:
            sentence = await self._handing_over.hand_over(member, keeps=keeps)
        except CloudfailError as error:
            self._missed(announced, member, str(error))
        except Exception as error:  # noqa: BLE001  the next announcement has to be heard
            text = f"a mistake in the agent: {type(error).__name__}: {error}"
            self._missed(announced, member, text)
        else:
            self._handed_over += 1
            self._resting.end(member.name)
            announced.settle(member.name, sentence)
            if keeps:
                self._hold(announced, member)
        self.look()

    def _missed(self, announced: Announced, member: Member, text: str) -> None:
        self._failed += 1
        self._resting.begin(member.name)
        announced.settle(member.name, text, well=False)
        kind = announced.notice.kind
        self._note("failed", member.name, f"{kind} will be a failover, if this node masters then")

    def _hold(self, announced: Announced, member: Member) -> None:
        kind = announced.notice.kind
        self._holds[member.name] = Hold(member, self._clock.now())
        text = f"this node preempts: it stays in FAULT until {kind} is over, or no peer serves"
        self._note("maintenance", member.name, text)

    def _release(self, instance: str, why: str) -> None:
        trouble = self._holds.pop(instance).release()
        event, text = ("failed", trouble) if trouble else ("maintenance", f"leaves FAULT: {why}")
        self._note(event, instance, text)

    def _publish(self) -> None:
        shown = MaintenanceView(
            notices=tuple(one.view() for one in self._announced.values()),
            handed_over=self._handed_over,
            failed=self._failed,
        )
        self.view = shown if self._watches else None

"""What the agent does for those who ask: `control.commands.Commands`, over the crew."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from cloudfail.agent.crew import Crew
from cloudfail.agent.handing_over import HandingOver
from cloudfail.agent.member import Member
from cloudfail.agent.pausing import Pauses
from cloudfail.agent.view import AgentView
from cloudfail.clock import Clock
from cloudfail.config import Config
from cloudfail.errors import CloudfailError, ConfigError, RefusedError
from cloudfail.model import Plan
from cloudfail.outcome import Ended, Order
from cloudfail.role import Event, Role
from cloudfail.role.event import TICKS, boot_id, boottime
from cloudfail.target import Target

# A notify script and the line in the FIFO leave keepalived together: either may be first.
_SCRIPT_AHEAD = 0.5


class AgentCommands:
    """Everything here is called from the loop's thread."""

    def __init__(
        self,
        crew: Crew,
        pauses: Pauses,
        clock: Clock,
        *,
        config: Callable[[], Config],
        view: Callable[[], AgentView],
        reload: Callable[[], Coroutine[Any, Any, str]],
    ) -> None:
        self._crew, self._pauses, self._clock = crew, pauses, clock
        self._config, self._view, self._reload = config, view, reload
        self.handing_over = HandingOver(clock, lambda: crew.members)
        self._tasks: set[asyncio.Task[Any]] = set()
        # A loop that waited for a disk would doubt its role.
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="cloudfail-disk")

    @property
    def config(self) -> Config:
        return self._config()

    def view(self) -> AgentView:
        return self._view()

    def target(self, instance: str) -> Target:
        return self._member(instance).target

    def hasten(self, event: Event, *, again: bool) -> Future[Ended | None]:
        member = self._member(event.instance)
        if not member.subject.has_fifo:
            self._told_by_process(member, event)
        if event.role is not Role.MASTER or not member.worker.has_claims:
            return _done(None)
        if again:
            member.worker.again()
        if member.worker.is_promoted:
            return _done(Ended("", member.last.generation, None))
        return self._widened(member.worker.ask(Order(), self._patience(member)))

    def promote(self, instance: str, order: Order) -> Future[Ended]:
        member = self._member(instance)
        if not member.subject.has_fifo and not order.force:
            now = Event(instance, Role.MASTER, boot_id(), int(boottime() * TICKS), os.getpid())
            self._told_by_process(member, now)
        return member.worker.ask(order, self._patience(member))

    def plan(self, instance: str) -> Future[Plan]:
        return self._member(instance).worker.plan()

    def pause(self, instances: Sequence[str], who: str, why: str) -> Future[None]:
        keep = self._pauses.pause(instances, who, why)
        for member in self._there(instances):
            text = self._pauses.text(member.name)
            member.worker.pause(text)
            member.observer.noted("paused", member.name, text)
        return self._disk.submit(keep)

    def resume(self, instances: Sequence[str]) -> Future[None]:
        keep = self._pauses.resume(instances)
        for member in self._there(instances):
            member.worker.resume()
            member.observer.noted("resumed", member.name, "what it claims is looked at now")
        return self._disk.submit(keep)

    def reload(self) -> Future[str]:
        return self._in_the_loop(self._reload())

    def handover(self, instance: str) -> Future[str]:
        return self._in_the_loop(self.handing_over.hand_over(self._member(instance)))

    def _told_by_process(self, member: Member, event: Event) -> None:
        """Without a FIFO a process tells the role; refused while the wire contradicts."""
        now = self._clock.now()
        better = member.keeper.standing(now).better_peer
        if event.role is Role.MASTER and better is not None:
            raise RefusedError(
                f"{member.name}: {better.address} masters with priority {better.priority}: this node is "
                "not master. `cloudfail handover` there moves the role; --force takes the claims"
            )
        member.keeper.told_by_process(event, now)
        member.heard_event()
        member.refresh(now)

    def _there(self, instances: Sequence[str]) -> list[Member]:
        """Return those at work. One that comes later comes paused, or not, as is on record."""
        members = self._crew.members
        return [members[name] for name in instances if name in members]

    def _member(self, instance: str) -> Member:
        member = self._crew.members.get(instance)
        if member is not None:
            return member
        why = self._crew.absent.get(instance, "it is not in the agent's configuration")
        raise ConfigError(f"{instance}: {why}")

    def _patience(self, member: Member) -> float:
        """Return for how long the role may still turn out to be MASTER; a doubt may take an interval."""
        is_another = member.keeper.standing().role not in {None, Role.MASTER}
        return _SCRIPT_AHEAD if is_another else member.subject.advert_int + _SCRIPT_AHEAD

    def _widened(self, future: Future[Ended]) -> Future[Ended | None]:
        wide: Future[Ended | None] = Future()

        def pass_on(done: Future[Ended]) -> None:
            error = done.exception()
            if error is not None:
                wide.set_exception(error)
            else:
                wide.set_result(done.result())

        future.add_done_callback(pass_on)
        return wide

    def _in_the_loop(self, work: Coroutine[Any, Any, str]) -> Future[str]:
        future: Future[str] = Future()

        def pass_on(task: asyncio.Task[str]) -> None:
            self._tasks.discard(task)
            if task.cancelled():
                future.set_exception(CloudfailError("the agent stops"))
            elif (error := task.exception()) is not None:
                future.set_exception(error)
            else:
                future.set_result(task.result())

        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(pass_on)
        return future

    def cancel(self) -> None:
        """End what is still under way: the agent stops."""
        for task in tuple(self._tasks):
            task.cancel()
        self._disk.shutdown(wait=False)


def _done(result: Ended | None) -> Future[Ended | None]:
    future: Future[Ended | None] = Future()
    future.set_result(result)
    return future

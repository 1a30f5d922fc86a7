"""All instances of the configuration at work; after a reload, what did not change goes on as it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cloudfail.agent.following import Follower, journals
from cloudfail.agent.hearing.lateness import Heart
from cloudfail.agent.member import Member, subject_of
from cloudfail.agent.observer import Observer
from cloudfail.agent.pausing import Pauses
from cloudfail.agent.recording import Recorder
from cloudfail.agent.role.keeper import Keeper, Subject
from cloudfail.agent.work.around import Around
from cloudfail.agent.work.worker import Worker
from cloudfail.clock import Clock, Deadline
from cloudfail.config import Config
from cloudfail.errors import CloudfailError
from cloudfail.role import default_directory
from cloudfail.target import Target, target_of

_FOLLOWER_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Shared:
    """What all members are made with."""

    clock: Clock
    heart: Heart
    observer: Observer
    recorder: Recorder
    pauses: Pauses
    environ: Mapping[str, str]
    node: str


class Crew:
    """The members by name. Belongs to the loop's thread; `members` is replaced, never changed."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self.members: Mapping[str, Member] = {}
        self.absent: Mapping[str, str] = {}

    def take_up(self, config: Config, *, has_fifo: bool, hears_wire: bool) -> None:
        """Have a member at work for each instance; `absent` says of the others why not.

        Who is at work goes on while this machine's address is away: keepalived says what that means.
        """
        absent: dict[str, str] = {}
        members: dict[str, Member] = {}
        for name, instance in config.instances.items():
            try:
                target = target_of(config, instance, self._shared.environ, node=self._shared.node)
            except CloudfailError as error:
                before = self.members.get(name)
                if before is not None and before.target.instance == instance:
                    members[name] = before
                else:
                    absent[name] = str(error)
                continue
            subject = subject_of(target, has_fifo=has_fifo, hears_wire=hears_wire)
            members[name] = self._member(target, subject)
        for name in self.members.keys() - members.keys():
            self._dismiss(self.members[name], absent.get(name, "it is not configured any more"))
        self.members, self.absent = members, absent

    def check(self, config: Config) -> None:
        """Raise ConfigError where an instance that is at work would not be, as it is configured now."""
        for name, member in self.members.items():
            instance = config.instances.get(name)
            if instance is not None and instance != member.target.instance:
                target_of(config, instance, self._shared.environ, node=self._shared.node)

    @property
    def problems(self) -> tuple[str, ...]:
        """Say who is not at work, and whose role cannot be proven. May be called from any thread."""
        unproven = (
            f"{one.name} has no virtual_router_id: the wire cannot prove its role, so nothing is "
            "repaired; write it into the configuration"
            for one in self.members.values()
            if one.subject.virtual_router_id is None
        )
        return (*self.missing, *unproven)

    @property
    def missing(self) -> tuple[str, ...]:
        """Say of each instance that is not at work why not. May be called from any thread."""
        return tuple(f"{name}: {why}" for name, why in self.absent.items())

    def workers(self) -> Mapping[str, Worker]:
        """Return who works on each instance now. May be called from any thread."""
        return {name: member.worker for name, member in self.members.items()}

    def look_after(self) -> None:
        """Tell what follows a role, and put another worker in the place of one that hangs."""
        for member in self.members.values():
            member.tell_held()
            member.worker.check()
            if member.worker.hanging:
                member.worker = member.worker.relieved(
                    self._around(member.target, member.keeper),
                    paused=self._shared.pauses.text(member.name),
                )
                member.worker.start()

    def stop(self, reason: str, seconds: float) -> bool:
        """End everybody at a safe point; False when somebody is still in a request then."""
        deadline = Deadline.after(self._shared.clock, seconds)
        for member in self.members.values():
            member.worker.stop(reason)
        ended = [member.worker.join(deadline) for member in self.members.values()]
        for member in self.members.values():
            member.follower.stop(reason, min(_FOLLOWER_SECONDS, deadline.left()))
        return all(ended)

    def _member(self, target: Target, subject: Subject) -> Member:
        before = self.members.get(subject.instance)
        if before is None:
            return self._new(target, subject)
        if _is_same(before.target, target) and before.subject == subject:
            before.target = target
            return before
        return self._replace(before, target, subject)

    def _new(self, target: Target, subject: Subject) -> Member:
        shared = self._shared
        keeper = Keeper(subject, shared.clock)
        follower = Follower(
            target.instance,
            default_directory(),
            shared.recorder,
            journal=journals(target.config.journal, subject.instance, target.node_name),
            note=shared.observer.noted,
        )
        return Member(
            target, subject, keeper, self._worker(target, keeper), follower, shared.observer
        )

    def _replace(self, before: Member, target: Target, subject: Subject) -> Member:
        """Go on with another target: the role stays known, unless VRRP itself is another one."""
        shared = self._shared
        before.worker.stop("the configuration changed")
        keeper = before.keeper
        if _is_same_router(before.subject, subject):
            keeper.adopt(subject)
        else:
            # Generations go on: the follower takes a smaller one for an older role.
            keeper = Keeper(subject, shared.clock, keeper.standing().generation)
        before.follower.configure(
            target.instance, journals(target.config.journal, subject.instance, target.node_name)
        )
        before.target, before.subject, before.keeper = target, subject, keeper
        before.worker = self._worker(target, keeper)
        return before

    def _dismiss(self, member: Member, reason: str) -> None:
        member.worker.stop(reason)
        member.follower.stop(reason, 0.0)

    def _worker(self, target: Target, keeper: Keeper) -> Worker:
        paused = self._shared.pauses.text(target.instance.name)
        return Worker(self._around(target, keeper), paused=paused)

    def _around(self, target: Target, keeper: Keeper) -> Around:
        shared = self._shared
        return Around(
            target=target,
            keeper=keeper,
            heart=shared.heart,
            clock=shared.clock,
            observer=shared.observer,
        )


def _is_same_router(one: Subject, other: Subject) -> bool:
    """True when what was heard of the one says something of the other."""
    return (one.virtual_router_id, one.own) == (other.virtual_router_id, other.own)


def _is_same(one: Target, other: Target) -> bool:
    """True when a worker need not be replaced."""

    def essence(target: Target) -> tuple[object, ...]:
        config, instance = target.config, target.instance
        return (
            *(instance, target.settings, target.me, target.interface_id, target.deadline),
            *(config.guard, config.journal),
            *(config.agent.standby_interval, config.agent.reconcile_interval),
        )

    return essence(one) == essence(other)

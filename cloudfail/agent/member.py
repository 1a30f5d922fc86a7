"""One instance in the agent: what is heard of it, who works on it, who follows it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from cloudfail.agent.following import Follower
from cloudfail.agent.hearing.lateness import limit
from cloudfail.agent.hearing.wire import Member as OnTheWire
from cloudfail.agent.observer import Observer
from cloudfail.agent.responder.answering import Looked
from cloudfail.agent.role.keeper import Keeper, Subject
from cloudfail.agent.role.standing import Standing
from cloudfail.agent.view import InstanceView
from cloudfail.agent.work.worker import Worker
from cloudfail.clock import wall_clock
from cloudfail.target import Target

# Seconds until a new master's first call has left. Whatever is only told, recorded or logged comes
# after it: it would share the interpreter with it.
_FIRST_CALL = 0.05


@dataclass(slots=True)
class Member:
    """Changed by the loop's thread only. `last_event` is in seconds since the epoch."""

    target: Target
    subject: Subject
    keeper: Keeper
    worker: Worker
    follower: Follower
    observer: Observer
    last: Standing = field(default_factory=Standing)
    last_event: float | None = None
    _untold: list[tuple[Standing, Standing]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.subject.instance

    def was_late(self, late: float, now: float) -> bool:
        """Take in that the loop woke so many seconds late; True when that makes the role doubtful."""
        is_too_late = late > limit(self.subject.advert_int)
        if is_too_late:
            self.keeper.woke_late(now, late)
            self.worker.stood_still(late)
        return is_too_late

    def refresh(self, now: float) -> bool:
        """Have everybody act on the role as it is now; True when it had changed."""
        standing = self.keeper.standing(now)
        before, self.last = self.last, standing
        if (before.word, before.generation) == (standing.word, standing.generation):
            return False
        self.worker.wake()
        self._untold.append((before, standing))
        if standing.is_master:
            asyncio.get_running_loop().call_later(_FIRST_CALL, self._tell)
        else:
            self._tell()
        return True

    def _tell(self) -> None:
        """Let everybody else know, in order."""
        changes, self._untold = self._untold, []
        for before, standing in changes:
            if standing.generation != before.generation and standing.role is not None:
                self.follower.changed(standing.role, standing.generation)
            self.observer.changed(self.name, before, standing)

    def tell_held(self) -> None:
        """Let what follows MASTER follow, once every claim is this node's."""
        if self.worker.is_promoted:
            self.follower.held(self.last.generation)

    def heard_event(self) -> None:
        self.last_event = wall_clock()

    @property
    def looked(self) -> Looked | None:
        """What the responders go by."""
        sight = self.worker.sight
        if sight is None:
            return None
        owners = {str(one.claim): one.owner.value for one in sight.plan.holdings}
        return Looked(at=sight.began, owners=owners)

    def view(self) -> InstanceView:
        return msgspec.structs.replace(self.worker.view(), last_event=self.last_event)


def group_of(member: Member, members: Mapping[str, Member]) -> tuple[Member, ...]:
    """Return it, and those at work of its sync group."""
    mates = member.target.config.keepalived.mates_of(member.name)
    return (member, *(members[name] for name in mates if name in members))


def subject_of(target: Target, *, has_fifo: bool, hears_wire: bool) -> Subject:
    """Return what the keeper of an instance has to know of it."""
    return Subject(
        instance=target.instance.name,
        virtual_router_id=target.instance.virtual_router_id,
        advert_int=target.instance.vrrp.advert_int,
        own=target.me.address if target.me else None,
        peers=tuple(peer.address for peer in target.peers),
        has_fifo=has_fifo,
        hears_wire=hears_wire,
    )


def on_the_wire(targets: Sequence[Target]) -> tuple[OnTheWire, ...]:
    """Return how to know each instance's adverts."""
    return tuple(
        OnTheWire(
            instance=target.instance.name,
            virtual_router_id=target.instance.virtual_router_id,
            own=target.me.address if target.me else None,
            peers=tuple(peer.address for peer in target.peers),
            device=target.instance.device_of(target.me),
        )
        for target in targets
    )

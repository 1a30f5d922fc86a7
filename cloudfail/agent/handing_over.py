"""Handovers as the agent drives them: whatever ends one, this node does not stay in FAULT."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from cloudfail.agent.handbrake import Handbrake, handover_file
from cloudfail.agent.handover import POLL, Handover
from cloudfail.agent.member import Member, group_of
from cloudfail.agent.view import ClaimView
from cloudfail.clock import Clock
from cloudfail.errors import CloudfailError, RefusedError

# Seconds that the peer of a handover has for the claims, at least.
_PATIENCE = 60.0


class HandingOver:
    """One handover an instance at a time. Everything here belongs to the loop's thread.

    `members` gives those at work by name: the role of a whole sync group goes with one of them.
    """

    def __init__(self, clock: Clock, members: Callable[[], Mapping[str, Member]] = dict) -> None:
        self._clock, self._members = clock, members
        self._under_way: set[str] = set()

    def is_under_way(self, instance: str) -> bool:
        return instance in self._under_way

    async def hand_over(self, member: Member, *, keeps: bool = False) -> str:
        """Drive one to its end, and say how it was. Raises CloudfailError.

        `keeps`: at its good end this node stays in FAULT, until the caller releases the brake.
        """
        if member.name in self._under_way:
            raise RefusedError(f"{member.name} is being handed over already")
        if not keeps:
            _refuse_to_bounce(member)
        patience = max(_PATIENCE, member.target.deadline)
        brake = Handbrake(handover_file(member.name))
        handover = Handover(
            member.name, brake, member.subject.advert_int, patience=patience, keeps=keeps
        )
        self._under_way.add(member.name)
        try:
            sentence = await self._drive(handover, member)
        except CloudfailError as error:
            member.observer.noted("failed", member.name, str(error))
            raise
        except BaseException:  # whatever it is, this node must not stay in FAULT
            handover.abandon("the agent stops")
            raise
        finally:
            self._under_way.discard(member.name)
        member.observer.noted("handover", member.name, sentence)
        return sentence

    async def _drive(self, handover: Handover, member: Member) -> str:
        handover.begin(self._clock.now(), member.keeper.standing())
        member.observer.noted("handover", member.name, "goes to FAULT here, so that a peer masters")
        while True:
            await asyncio.sleep(POLL)
            group = group_of(member, self._members())
            for one in group:
                one.worker.look_soon()
            sentence = handover.look(
                self._clock.now(), member.keeper.standing(), is_held=_are_with_a_peer(group)
            )
            if sentence:
                return sentence


def preempts(member: Member) -> bool:
    """Say whether this node takes the role back as soon as it advertises the higher priority.

    That may differ from the configured one: scripts and interfaces have weights.
    """
    return not member.target.instance.vrrp.nopreempt


def _takes_back(member: Member) -> bool:
    """Say whether this node would do so at once, as priorities are configured."""
    instance, me = member.target.instance, member.target.me
    others = [node.priority for node in instance.nodes if node is not me]
    if not preempts(member) or me is None or not others:
        return False
    return me.priority >= max(others)


def _refuse_to_bounce(member: Member) -> None:
    if _takes_back(member):
        raise RefusedError(
            f"{member.name}: this node preempts: with the highest priority it would take the role back "
            "at once; set nopreempt = true, or stop keepalived here for as long as it is not to master"
        )


def _are_with_a_peer(group: Sequence[Member]) -> bool | None:
    found = {_is_with_a_peer(one) for one in group}
    if False in found:
        return False
    return None if None in found else True


def _is_with_a_peer(member: Member) -> bool | None:
    view = member.view()
    if any(claim.owner == "unknown" for claim in view.claims):
        return None
    return all(_is_elsewhere(claim, view.interface_id) for claim in view.claims)


def _is_elsewhere(claim: ClaimView, interface_id: str) -> bool:
    """Say whether a peer has it: not this node in another place, or as what does not count yet."""
    return claim.owner == "peer" and not claim.reason and claim.holder != interface_id

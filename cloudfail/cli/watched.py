"""A provider whose looks are timed: a run that waits for ours may join it, if we looked later."""

from __future__ import annotations

from collections.abc import Sequence

from cloudfail.model import Claim, Finding, Holding, Lane, Node, Owner, Step
from cloudfail.provider import Provider
from cloudfail.role.event import boottime


class Watched:
    """Passes everything on, and notes when each look began that saw a claim to be ours."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._began: dict[Claim, float] = {}

    def identify(self) -> Node:
        return self._provider.identify()

    def observe(self, claims: Sequence[Claim]) -> Sequence[Holding]:
        began = boottime()
        holdings = self._provider.observe(claims)
        self._began |= {one.claim: began for one in holdings if one.owner is Owner.MINE}
        return holdings

    def steps(self, holdings: Sequence[Holding], node: Node) -> Sequence[Lane]:
        return self._provider.steps(holdings, node)

    def check(self, lanes: Sequence[Lane]) -> Sequence[Finding]:
        return self._provider.check(lanes)

    def execute(self, step: Step) -> None:
        self._provider.execute(step)

    def looked(self, claims: Sequence[Claim]) -> float:
        """Return when the oldest of the looks began that prove these claims ours.

        In seconds since boot; 0.0 when a claim was never seen so.
        """
        return min((self._began.get(claim, 0.0) for claim in claims), default=0.0)

"""What a look showed, and what it is good for."""

from __future__ import annotations

import msgspec

from cloudfail.agent.view import ClaimView
from cloudfail.agent.work.drift import Drift
from cloudfail.model import Holding, Lane, Owner, Plan
from cloudfail.target import Target


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """A plan, and when (monotonic) the look behind it began. `generation` is the role's then."""

    plan: Plan
    began: float
    generation: int

    def is_ready(self, now: float, oldest: float) -> bool:
        """True when the plan's calls may leave without another look.

        Every lane begins with one atomic take, or with a write that the cloud refuses if the world
        has moved; and the look is not older than `oldest` seconds.
        """
        lanes = self.plan.lanes
        return bool(lanes) and now - self.began <= oldest and all(map(_is_safe_blindly, lanes))

    def aged(self, seconds: float) -> Sight:
        """Return it as so many seconds older: time has passed that the clock may not know."""
        return msgspec.structs.replace(self, began=self.began - seconds)

    def spent(self) -> Sight:
        """Return it without its plan: a run has begun to carry that out."""
        return msgspec.structs.replace(self, plan=msgspec.structs.replace(self.plan, lanes=()))

    @property
    def says_nothing(self) -> bool:
        """True when the cloud did not say of any claim who has it."""
        return all(
            holding.owner is Owner.UNKNOWN and not holding.obstacle
            for holding in self.plan.holdings
        )

    @property
    def is_mine(self) -> bool:
        """True when every claim was this node's."""
        return all(holding.owner is Owner.MINE for holding in self.plan.holdings)


def _is_safe_blindly(lane: Lane) -> bool:
    first = min((step.stage for step in lane.steps), default=0)
    return all(
        not step.releases or bool(step.conditions) for step in lane.steps if step.stage == first
    )


def claim_views(
    sight: Sight | None, target: Target, drift: Drift, now: float
) -> tuple[ClaimView, ...]:
    """Show each claim as it was last seen."""
    if sight is None:
        return tuple(ClaimView(claim=str(claim)) for claim in target.instance.claims)
    return tuple(_view(one, sight, target, drift, now) for one in sight.plan.holdings)


def _view(holding: Holding, sight: Sight, target: Target, drift: Drift, now: float) -> ClaimView:
    return ClaimView(
        claim=str(holding.claim),
        owner=holding.owner.value,
        holder=holding.holder,
        holder_name=target.holder_name(holding, sight.plan.node),
        obstacle=holding.obstacle,
        reason=holding.reason,
        age=max(0.0, now - sight.began),
        drift=drift.seconds(holding.claim, now),
    )

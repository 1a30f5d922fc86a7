"""How far every claim of a run is, and what one claim's end means for another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from cloudfail.apply import Applied
from cloudfail.errors import (
    CloudfailError,
    ConflictError,
    DeadlineError,
    DeniedError,
    ProviderError,
    SupersededError,
    TransientError,
)
from cloudfail.guard import Rules
from cloudfail.model import Claim, Holding, Lane, Owner, Plan, PublicIp
from cloudfail.outcome import Result
from cloudfail.progress import Progress, Written
from cloudfail.run import Doing

# What ends a run, and not only a claim.
ENDING = (SupersededError, DeadlineError)


class Ledger:
    """The `Progress` of each claim of a run.

    `apart`: what shared a call gets one of its own in the next round, since one claim of a batch
    can fail all. `stopped`: why nothing but what is owed may be done any more.
    """

    def __init__(self, claims: Sequence[Claim], rules: Rules) -> None:
        self.apart = False
        self.stopped: CloudfailError | None = None
        self._claims = {claim: Progress(claim, rules) for claim in claims}

    def __iter__(self) -> Iterator[Progress]:
        return iter(self._claims.values())

    @property
    def tracked(self) -> tuple[Claim, ...]:
        """The claims that are not given up: also ours are looked at again, somebody may take them."""
        return tuple(progress.claim for progress in self if progress.final is None)

    @property
    def open(self) -> list[Progress]:
        return [progress for progress in self if progress.is_open]

    @property
    def settling(self) -> list[Progress]:
        return [progress for progress in self if progress.is_settling]

    @property
    def owed(self) -> list[Progress]:
        return [progress for progress in self.open if progress.owed]

    @property
    def held(self) -> list[Holding]:
        return [p.holding for p in self if p.holding is not None and p.is_mine]

    def to_leave(self, now: float) -> list[Claim]:
        """Return the claims for which nothing may be planned: their last write may have to show."""
        return [progress.claim for progress in self if progress.is_to_leave(now)]

    def due(self, lanes: Sequence[Lane]) -> tuple[Lane, ...]:
        """Mark the steps of claims that we removed ourselves: they complete that remove.

        Past a stop or the deadline nothing else is due.
        """
        owed = {progress.claim for progress in self.owed}
        only = self.stopped is not None
        marked = (_completing(lane, owed, only=only) for lane in lanes)
        return tuple(lane for lane in marked if lane.steps)

    def see(self, holdings: Sequence[Holding], now: float) -> list[tuple[Holding, Written | None]]:
        """Take in a look; return what has become ours since the last one, and by which write."""
        proofs = []
        for holding in holdings:
            progress = self._claims[holding.claim]
            was_mine = progress.is_mine
            proven = progress.see(holding, now)
            if progress.is_mine and not was_mine:
                proofs.append((holding, proven))
            if self.stopped is not None and progress.is_open and not progress.owed:
                progress.final = self.stopped
        return proofs

    def note_writes(self, begun: Sequence[Doing], now: float) -> None:
        """Note each step whose call may have reached the cloud."""
        for doing in begun:
            for claim in doing.step.claims:
                self._note_write(claim, doing, now)
        for progress in self.open:
            # Without a step of its own, on an address that moves: it comes along.
            holding, beneath = progress.holding, self._beneath(progress.claim)
            movable = holding is not None and holding.owner in {Owner.PEER, Owner.NOBODY}
            comes_along = beneath is not None and beneath.written is not None
            if movable and comes_along and progress.written is None:
                progress.wrote(now, None)

    def _note_write(self, claim: Claim, doing: Doing, now: float) -> None:
        progress, beneath = self._claims[claim], self._beneath(claim)
        if doing.step.releases:
            progress.removed()
        if doing.step.releases and beneath is not None:
            beneath.owed = beneath.is_open  # without it the add would be refused
        progress.wrote(now, doing)

    def note_errors(self, applied: Applied, plan: Plan) -> None:
        """Note what failed, and what of that is worth another round."""
        batched = set() if self.apart else _batched(plan)
        for claim, error in applied.errors.items():
            progress = self._claims[claim]
            apart = claim in batched and _may_be_a_neighbour(error)
            self.apart = self.apart or apart
            # Our own remove may have reached the cloud: no stop and no deadline makes that final.
            owed = progress.owed and isinstance(error, (*ENDING, TransientError))
            again = apart or owed or isinstance(error, ConflictError)
            progress.failed(error, again=again or self._may_be_beneath(progress, error))
        for claim, error in applied.collateral.items():
            self.apart = True
            self._claims[claim].failed(error, again=True)
        for progress in self.open:
            beneath = self._beneath(progress.claim)
            if beneath is not None and (beneath.final or beneath.why):
                # What it sits on failed: it shares that fate, and the next round.
                error = beneath.final or beneath.why or progress.unsaid()
                progress.failed(error, again=beneath.final is None)

    def lost_sight(self, error: CloudfailError) -> None:
        """Note that a read-back failed: what of the writes showed, nobody can say."""
        for progress in self.settling:
            progress.lost_sight(error)

    def give_up(self, stopped: CloudfailError, but: Sequence[Progress] = ()) -> None:
        """Let every open claim end with `stopped`, except those of `but`."""
        for progress in self.open:
            if progress in but:
                continue
            # At the deadline the reason for the last round tells more than "time is up".
            late = isinstance(stopped, DeadlineError) and progress.why is not None
            progress.final = progress.why if late else stopped

    def results(self) -> tuple[Result, ...]:
        return tuple(_result(progress) for progress in self)

    def _beneath(self, claim: Claim) -> Progress | None:
        """The private-ip claim that a public-ip claim sits on."""
        if not isinstance(claim, PublicIp):
            return None
        return next((p for other, p in self._claims.items() if claim.sits_on(other)), None)

    def _may_be_beneath(self, progress: Progress, error: CloudfailError) -> bool:
        """True when the address that it sits on is to blame: it has not been seen here yet."""
        beneath = self._beneath(progress.claim)
        return beneath is not None and not beneath.is_mine and _may_be_a_neighbour(error)


def _result(progress: Progress) -> Result:
    holding = progress.holding
    if holding is None:
        return Result(claim=progress.claim, owner=Owner.UNKNOWN, error=progress.final)
    error = None if progress.is_mine else progress.final
    return Result(
        claim=progress.claim,
        owner=holding.owner,
        holder=holding.holder,
        error=error,
        is_moving=holding.is_moving,
        reason=holding.reason,
    )


def _completing(lane: Lane, owed: set[Claim], *, only: bool) -> Lane:
    """Mark the steps for claims that are `owed`; drop the others when it is `only` about those."""
    steps = tuple(
        msgspec.structs.replace(step, completes=True) if owed.issuperset(step.claims) else step
        for step in lane.steps
        if not only or owed.issuperset(step.claims)
    )
    return Lane(key=lane.key, steps=steps)


def _batched(plan: Plan) -> set[Claim]:
    """Claims that share a call with another one."""
    return {claim for step in plan.steps if len(step.claims) > 1 for claim in step.claims}


def _may_be_a_neighbour(error: CloudfailError) -> bool:
    """True when another claim of the same batch may have caused it."""
    never = (TransientError, DeniedError)
    return isinstance(error, ProviderError) and not isinstance(error, never)

"""Look, plan, apply, verify: again until every claim holds, is refused, or time is up."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cloudfail.apply import Applied, apply_plan
from cloudfail.errors import (
    CloudfailError,
    ConflictError,
    DeadlineError,
    DeniedError,
    ProviderError,
    RefusedError,
    SupersededError,
    TransientError,
    VerifyError,
    in_our_words,
)
from cloudfail.guard import Rules
from cloudfail.model import Claim, Holding, Lane, Owner, Plan, PublicIp
from cloudfail.outcome import Outcome, Result
from cloudfail.planner import build_plan
from cloudfail.progress import Progress, Written
from cloudfail.provider import Provider
from cloudfail.run import Run
from cloudfail.tidy import taking, tidy

_FIRST_REREAD = 0.1
_MOST_REREAD = 2.0
# What ends a run, and not only a claim.
_ENDING = (SupersededError, DeadlineError)
# How long an add may still be tried once a stop or the deadline came after our own remove.
FINISH_SECONDS = 10.0


def promote(  # noqa: PLR0913 - keyword only: how a run is to be made
    provider: Provider,
    claims: Sequence[Claim],
    run: Run,
    *,
    rules: Rules | None = None,
    expect: str = "",
    prepared: Plan | None = None,
    tidies: bool = True,
) -> Outcome:
    """Make this node own every claim; return what came of each.

    With `expect`, only a plan of that digest is applied, once. A `prepared` plan stands in for the
    first look: its first call leaves at once, and everything after it is looked at as ever. Once
    everything is held it `tidies` up, which whoever waits for the claims need not wait for. Raises
    what the first look raises (nothing can then be said of any claim), and RefusedError when the
    digest is another one.
    """
    promotion = _Promotion(provider, claims, run, rules or Rules(), expect)
    return promotion.run_to_the_end(prepared, tidies=tidies)


class _Promotion:
    """One run: rounds of look, plan, apply and read back over the progress of every claim."""

    def __init__(
        self, provider: Provider, claims: Sequence[Claim], run: Run, rules: Rules, expect: str
    ) -> None:
        self._provider, self._run, self._rules, self._expect = provider, run, rules, expect
        self._claims = {claim: Progress(claim, rules) for claim in claims}
        self._changed = False
        self._apart = False
        self._stopped: CloudfailError | None = None

    def run_to_the_end(self, prepared: Plan | None, *, tidies: bool) -> Outcome:
        began = self._run.clock.now()
        self._run.journal.write("started", claims=[str(claim) for claim in self._claims])
        first = self._first_plan(prepared)
        try:
            self._rounds(first)
            if tidies:
                self._tidy(first)
        except (SupersededError, DeadlineError) as stopped:
            self._finish(stopped)
        return self._outcome(first, began)

    def _tidy(self, first: Plan) -> None:
        """Tidy up by what was seen last; with `expect`, only as the reviewed plan says."""
        held = [p.holding for p in self._claims.values() if p.holding is not None and p.is_mine]
        with in_our_words("tidy up"):
            lanes = first.lanes if self._expect else self._provider.steps(held, first.node)
        plan = msgspec.structs.replace(first, lanes=tuple(lanes))
        self._changed = tidy(plan, self._provider, self._run) or self._changed

    def _first_plan(self, prepared: Plan | None) -> Plan:
        plan = prepared or self._run.ask(self._plan)
        ahead = {"prepared": True} if prepared else {}
        self._run.journal.write("planned", digest=plan.digest, interface=plan.node.ref, **ahead)
        if self._expect and plan.digest != self._expect:
            raise RefusedError(
                f"the plan is {plan.digest} now, not {self._expect}: the world changed since it "
                "was reviewed; nothing was written. Review `cloudfail plan` again"
            )
        return plan

    def _rounds(self, plan: Plan) -> None:
        attempt = 0
        while True:
            for progress in self._open():
                progress.why = None
            self._see(plan.holdings)
            self._apply(self._due(plan))
            self._read_back()
            self._take_stock()
            if not self._open():
                return
            attempt += 1
            self._wait_for_another_round(attempt)
            plan = self._look_again()

    def _finish(self, stopped: CloudfailError) -> None:
        """End; but an add whose remove was sent is finished first, if no better peer is there."""
        owed = [progress for progress in self._open() if progress.owed]
        self._give_up(stopped, but=owed)
        if not owed:
            return
        self._stopped = stopped
        self._run.finish(FINISH_SECONDS)
        try:
            self._rounds(self._look_again())
        except (SupersededError, DeadlineError) as error:
            self._give_up(error)

    def _plan(self) -> Plan:
        now = self._run.clock.now()
        return build_plan(
            self._provider,
            self._tracked(),
            instance=self._run.instance,
            rules=self._rules,
            apart=self._apart,
            leave=[claim for claim, progress in self._claims.items() if progress.is_to_leave(now)],
        )

    def _due(self, plan: Plan) -> Plan:
        """Mark the steps of claims that we removed ourselves: they complete that remove.

        Past a stop or the deadline nothing else is due.
        """
        owed = {progress.claim for progress in self._open() if progress.owed}
        only = self._stopped is not None
        lanes = tuple(_completing(lane, owed, only=only) for lane in taking(plan.lanes))
        return msgspec.structs.replace(plan, lanes=tuple(lane for lane in lanes if lane.steps))

    def _tracked(self) -> tuple[Claim, ...]:
        """The claims that are not given up: also ours are looked at again, somebody may take them."""
        return tuple(claim for claim, progress in self._claims.items() if progress.final is None)

    def _open(self) -> list[Progress]:
        return [progress for progress in self._claims.values() if progress.is_open]

    def _settling(self) -> list[Progress]:
        return [progress for progress in self._claims.values() if progress.is_settling]

    def _see(self, holdings: Sequence[Holding]) -> None:
        now = self._run.clock.now()
        for holding in holdings:
            progress = self._claims[holding.claim]
            was_mine = progress.is_mine
            proven = progress.see(holding, now)
            if progress.is_mine and not was_mine:
                self._write_proof(holding, proven, now)
            if self._stopped is not None and progress.is_open and not progress.owed:
                progress.final = self._stopped

    def _write_proof(self, holding: Holding, written: Written | None, now: float) -> None:
        doing = written.doing if written is not None else None
        fields: dict[str, object] = {"duration_ms": 0.0, "attempts": 0, "request_id": ""}
        if doing is not None:
            fields = {
                "duration_ms": round((now - doing.began) * 1000, 1),
                "attempts": doing.attempts,
                "request_id": doing.request_id,
            }
        self._run.journal.write(
            "verified", claims=[str(holding.claim)], owner=holding.owner.value, **fields
        )

    def _apply(self, plan: Plan) -> None:
        """Do the plan; note what was written, what failed, and what of that is worth a round."""
        if not plan.lanes:
            return
        applied = apply_plan(plan, self._provider, self._run)
        self._changed = self._changed or bool(applied.done)
        self._note_writes(applied)
        self._note_errors(applied, set() if self._apart else _batched(plan))
        for error in applied.errors.values():
            if isinstance(error, _ENDING):
                raise error

    def _note_writes(self, applied: Applied) -> None:
        now = self._run.clock.now()
        for doing in applied.begun:
            for claim in doing.step.claims:
                progress = self._claims[claim]
                beneath = self._beneath(claim)
                if doing.step.releases:
                    progress.removed()
                if doing.step.releases and beneath is not None:
                    beneath.owed = beneath.is_open  # without it the add would be refused
                progress.wrote(now, doing)
        for progress in self._open():
            # Without a step of its own, on an address that moves: it comes along.
            holding, beneath = progress.holding, self._beneath(progress.claim)
            movable = holding is not None and holding.owner in {Owner.PEER, Owner.NOBODY}
            comes_along = beneath is not None and beneath.written is not None
            if movable and comes_along and progress.written is None:
                progress.wrote(now, None)

    def _note_errors(self, applied: Applied, batched: set[Claim]) -> None:
        for claim, error in applied.errors.items():
            progress = self._claims[claim]
            apart = claim in batched and _may_be_a_neighbour(error)
            self._apart = self._apart or apart
            # Our own remove may have reached the cloud: no stop and no deadline makes that final.
            owed = progress.owed and isinstance(error, (*_ENDING, TransientError))
            again = apart or owed or isinstance(error, ConflictError)
            progress.failed(error, again=again or self._may_be_beneath(progress, error))
        for claim, error in applied.collateral.items():
            self._apart = True
            self._claims[claim].failed(error, again=True)
        for progress in self._open():
            beneath = self._beneath(progress.claim)
            if beneath is not None and (beneath.final or beneath.why):
                # What it sits on failed: it shares that fate, and the next round.
                error = beneath.final or beneath.why or progress.unsaid()
                progress.failed(error, again=beneath.final is None)

    def _beneath(self, claim: Claim) -> Progress | None:
        """The private-ip claim that a public-ip claim sits on."""
        if not isinstance(claim, PublicIp):
            return None
        return next((p for other, p in self._claims.items() if claim.sits_on(other)), None)

    def _may_be_beneath(self, progress: Progress, error: CloudfailError) -> bool:
        """True when the address that it sits on is to blame: it has not been seen here yet."""
        beneath = self._beneath(progress.claim)
        return beneath is not None and not beneath.is_mine and _may_be_a_neighbour(error)

    def _read_back(self) -> None:
        """Look until every write shows, or until another claim is due for the next round."""
        pause = _FIRST_REREAD
        while self._settling():
            self._reread()
            if not self._settling() or self._another_is_due():
                return
            if self._run.deadline.left() <= 0:
                self._call_off_the_settling()
                return
            self._run.pause(pause)
            pause = min(pause * 2, _MOST_REREAD)

    def _call_off_the_settling(self) -> None:
        for progress in self._settling():
            progress.lost_sight(
                VerifyError(f"{progress.claim}: written, but not shown when time was up")
            )

    def _another_is_due(self) -> bool:
        if self._expect:
            return False  # there is no next round
        return any(not progress.is_settling for progress in self._open())

    def _reread(self) -> None:
        claims = self._tracked()
        try:
            with in_our_words("read back"):
                holdings = self._run.ask(lambda: self._provider.observe(claims))
        except ProviderError as error:
            for progress in self._settling():
                progress.lost_sight(error)
            return
        self._see(holdings)

    def _take_stock(self) -> None:
        """Whatever is open and was not written needs a reason; with `expect` that was all."""
        for progress in self._open():
            if progress.why is None and progress.written is None:
                progress.why = progress.unsaid()
            if self._expect:
                progress.final = progress.why

    def _wait_for_another_round(self, attempt: int) -> None:
        pause = 0.0 if self._apart and attempt == 1 else self._run.backoff.pause(attempt)
        if pause >= self._run.deadline.left():
            raise DeadlineError(f"time is up after {attempt} rounds")
        self._run.pause(pause)

    def _look_again(self) -> Plan:
        try:
            return self._run.ask(self._plan)
        except ProviderError as error:
            for progress in self._open():
                progress.why = error
            raise DeadlineError(f"could not look again: {error}") from error

    def _give_up(self, stopped: CloudfailError, but: Sequence[Progress] = ()) -> None:
        for progress in self._open():
            if progress in but:
                continue
            # At the deadline the reason for the last round tells more than "time is up".
            late = isinstance(stopped, DeadlineError) and progress.why is not None
            progress.final = progress.why if late else stopped

    def _outcome(self, first: Plan, began: float) -> Outcome:
        outcome = Outcome(
            plan=first,
            results=tuple(_result(progress) for progress in self._claims.values()),
            changed=self._changed,
            run_id=self._run.run_id,
            seconds=self._run.clock.now() - began,
            calls=len(self._run.calls),
        )
        self._write_down(outcome)
        return outcome

    def _write_down(self, outcome: Outcome) -> None:
        journal = self._run.journal
        for result in outcome.results:
            if result.error is None:
                continue
            event = "superseded" if isinstance(result.error, SupersededError) else "failed"
            journal.write(event, claims=[str(result.claim)], error=str(result.error))
        journal.write(
            "ended",
            changed=outcome.changed,
            duration_ms=round(outcome.seconds * 1000, 1),
            calls=outcome.calls,
            exit_code=outcome.exit_code,
        )


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

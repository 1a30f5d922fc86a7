"""Look, plan, apply, verify: again until every claim holds, is refused, or time is up."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cloudfail.apply import apply_plan
from cloudfail.errors import (
    CloudfailError,
    DeadlineError,
    ProviderError,
    RefusedError,
    SupersededError,
    VerifyError,
    in_our_words,
)
from cloudfail.guard import Rules
from cloudfail.ledger import ENDING, Ledger
from cloudfail.model import Claim, Holding, Plan
from cloudfail.outcome import Outcome
from cloudfail.planner import build_plan
from cloudfail.progress import Written
from cloudfail.provider import Provider
from cloudfail.run import Run
from cloudfail.tidy import taking, tidy

_FIRST_REREAD = 0.1
_MOST_REREAD = 2.0
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
    """One run: rounds of look, plan, apply and read back, and the ledger of what they showed."""

    def __init__(
        self, provider: Provider, claims: Sequence[Claim], run: Run, rules: Rules, expect: str
    ) -> None:
        self._provider, self._run, self._rules, self._expect = provider, run, rules, expect
        self._ledger = Ledger(claims, rules)
        self._changed = False

    def run_to_the_end(self, prepared: Plan | None, *, tidies: bool) -> Outcome:
        began = self._run.clock.now()
        self._run.journal.write("started", claims=[str(claim) for claim in self._ledger.tracked])
        first = self._first_plan(prepared)
        try:
            self._rounds(first)
            if tidies:
                self._tidy(first)
        except ENDING as stopped:
            self._finish(stopped)
        return self._outcome(first, began)

    def _tidy(self, first: Plan) -> None:
        """Tidy up by what was seen last; with `expect`, only as the reviewed plan says."""
        held = self._ledger.held
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
            for progress in self._ledger.open:
                progress.why = None
            self._see(plan.holdings)
            self._apply(plan)
            self._read_back()
            self._take_stock()
            if not self._ledger.open:
                return
            attempt += 1
            self._wait_for_another_round(attempt)
            plan = self._look_again()

    def _finish(self, stopped: CloudfailError) -> None:
        """End; but an add whose remove was sent is finished first, if no better peer is there."""
        owed = self._ledger.owed
        self._ledger.give_up(stopped, but=owed)
        if not owed:
            return
        self._ledger.stopped = stopped
        self._run.finish(FINISH_SECONDS)
        try:
            self._rounds(self._look_again())
        except ENDING as error:
            self._ledger.give_up(error)

    def _plan(self) -> Plan:
        return build_plan(
            self._provider,
            self._ledger.tracked,
            instance=self._run.instance,
            rules=self._rules,
            apart=self._ledger.apart,
            leave=self._ledger.to_leave(self._run.clock.now()),
        )

    def _see(self, holdings: Sequence[Holding]) -> None:
        now = self._run.clock.now()
        for holding, written in self._ledger.see(holdings, now):
            self._write_proof(holding, written, now)

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
        """Do what is due of the plan; note what was written, and what failed."""
        lanes = self._ledger.due(taking(plan.lanes))
        if not lanes:
            return
        due = msgspec.structs.replace(plan, lanes=lanes)
        applied = apply_plan(due, self._provider, self._run)
        self._changed = self._changed or bool(applied.done)
        self._ledger.note_writes(applied.begun, self._run.clock.now())
        self._ledger.note_errors(applied, due)
        for error in applied.errors.values():
            if isinstance(error, ENDING):
                raise error

    def _read_back(self) -> None:
        """Look until every write shows, or until another claim is due for the next round."""
        pause = _FIRST_REREAD
        while self._ledger.settling:
            self._reread()
            if not self._ledger.settling or self._another_is_due():
                return
            if self._run.deadline.left() <= 0:
                self._call_off_the_settling()
                return
            self._run.pause(pause)
            pause = min(pause * 2, _MOST_REREAD)

    def _call_off_the_settling(self) -> None:
        for progress in self._ledger.settling:
            progress.lost_sight(
                VerifyError(f"{progress.claim}: written, but not shown when time was up")
            )

    def _another_is_due(self) -> bool:
        if self._expect:
            return False  # there is no next round
        return any(not progress.is_settling for progress in self._ledger.open)

    def _reread(self) -> None:
        claims = self._ledger.tracked
        try:
            with in_our_words("read back"):
                holdings = self._run.ask(lambda: self._provider.observe(claims))
        except ProviderError as error:
            self._ledger.lost_sight(error)
            return
        self._see(holdings)

    def _take_stock(self) -> None:
        """Whatever is open and was not written needs a reason; with `expect` that was all."""
        for progress in self._ledger.open:
            if progress.why is None and progress.written is None:
                progress.why = progress.unsaid()
            if self._expect:
                progress.final = progress.why

    def _wait_for_another_round(self, attempt: int) -> None:
        pause = 0.0 if self._ledger.apart and attempt == 1 else self._run.backoff.pause(attempt)
        if pause >= self._run.deadline.left():
            raise DeadlineError(f"time is up after {attempt} rounds")
        self._run.pause(pause)

    def _look_again(self) -> Plan:
        try:
            return self._run.ask(self._plan)
        except ProviderError as error:
            for progress in self._ledger.open:
                progress.why = error
            raise DeadlineError(f"could not look again: {error}") from error

    def _outcome(self, first: Plan, began: float) -> Outcome:
        outcome = Outcome(
            plan=first,
            results=self._ledger.results(),
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

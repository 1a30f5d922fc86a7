"""Look, plan, apply, verify: again until every claim holds, is refused, or time is up."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cloudfail import guard
from cloudfail.apply import apply_plan, error_of
from cloudfail.errors import (
    CloudfailError,
    ConflictError,
    DeadlineError,
    DeniedError,
    NotFoundError,
    ProviderError,
    RefusedError,
    SupersededError,
    TransientError,
    VerifyError,
)
from cloudfail.guard import Rules
from cloudfail.model import Claim, Holding, Owner, Plan
from cloudfail.planner import build_plan
from cloudfail.provider import Provider
from cloudfail.run import Run

# EC2's documentation asks for describes "starting with a couple of seconds" after a write; most
# clouds show it at once. Until then nothing is written again.
SETTLE_SECONDS = 10.0
_FIRST_REREAD = 0.1
_MOST_REREAD = 2.0


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How it ended for one claim: who has it, and the error when that is not this node."""

    claim: Claim
    owner: Owner
    holder: str = ""
    error: CloudfailError | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended. `plan` is the first one; `seconds` are monotonic, from look to proof."""

    plan: Plan
    results: tuple[Result, ...]
    changed: bool
    run_id: str
    seconds: float
    calls: int

    @property
    def error(self) -> CloudfailError | None:
        """The error that decides the exit code: a supersession, else the worst, else None."""
        errors = [result.error for result in self.results if result.error is not None]
        return max(errors, key=_weight) if errors else None

    @property
    def exit_code(self) -> int:
        return 0 if self.error is None else self.error.exit_code


def promote(
    provider: Provider,
    claims: Sequence[Claim],
    run: Run,
    *,
    rules: Rules | None = None,
    expect: str = "",
) -> Outcome:
    """Make this node own every claim; return what came of each.

    With `expect`, only a plan of that digest is applied, once. Raises what the first look raises
    (nothing can then be said of any claim), and RefusedError when the digest is another one.
    """
    return _Promotion(provider, claims, run, rules or Rules(), expect).run_to_the_end()


class _Promotion:
    """The state of one run between its looks."""

    def __init__(
        self, provider: Provider, claims: Sequence[Claim], run: Run, rules: Rules, expect: str
    ) -> None:
        self._provider, self._run, self._rules, self._expect = provider, run, rules, expect
        self._claims = tuple(claims)
        self._holdings: dict[Claim, Holding] = {}
        self._final: dict[Claim, CloudfailError] = {}  # nothing more will be tried
        self._pending: dict[Claim, CloudfailError] = {}  # why another round is needed
        self._changed = False
        self._apart = False

    def run_to_the_end(self) -> Outcome:
        began = self._run.clock.now()
        first = self._first_look()
        try:
            self._rounds(first)
        except (SupersededError, DeadlineError) as stopped:
            self._give_up(stopped)
        return self._outcome(first, began)

    def _first_look(self) -> Plan:
        plan = self._run.ask(self._plan)
        self._run.journal.write("started", digest=plan.digest, interface=plan.node.ref)
        if self._expect and plan.digest != self._expect:
            raise RefusedError(
                f"the plan is {plan.digest} now, not {self._expect}: the world changed since it "
                "was reviewed; nothing was written. Review `cloudfail plan` again"
            )
        return plan

    def _rounds(self, plan: Plan) -> None:
        attempt = 0
        while True:
            self._see(plan.holdings)
            self._apply(plan)
            self._take_stock()
            if not self._open():
                return
            attempt += 1
            self._wait_for_another_round(attempt)
            plan = self._look_again()

    def _plan(self) -> Plan:
        return build_plan(
            self._provider,
            self._open(),
            instance=self._run.instance,
            rules=self._rules,
            apart=self._apart,
        )

    def _open(self) -> tuple[Claim, ...]:
        """The claims that are neither ours nor given up."""
        return tuple(
            claim for claim in self._claims if claim not in self._final and not self._is_mine(claim)
        )

    def _is_mine(self, claim: Claim) -> bool:
        holding = self._holdings.get(claim)
        return holding is not None and holding.owner is Owner.MINE

    def _see(self, holdings: Sequence[Holding]) -> None:
        for holding in holdings:
            self._holdings[holding.claim] = holding
            refused = guard.refusal(holding)
            if refused is not None:
                self._final[holding.claim] = refused

    def _apply(self, plan: Plan) -> None:
        """Do the plan; sort what failed into given up, or another round; verify the rest."""
        self._pending.clear()
        if not plan.lanes:
            return
        applied = apply_plan(plan, self._provider, self._run)
        self._changed = self._changed or bool(applied.done)
        batched = set() if self._apart else _batched(plan)
        for claim in self._open():
            error = error_of(claim, applied.errors)
            if error is not None:
                self._sort(claim, error, batched=claim in batched)
        self._stop_if_superseded()
        # Claims without a step of their own are verified too: they come along with another.
        self._verify([claim for claim in self._open() if claim not in self._pending])

    def _stop_if_superseded(self) -> None:
        for error in self._final.values():
            if isinstance(error, SupersededError):
                raise error

    def _sort(self, claim: Claim, error: CloudfailError, *, batched: bool) -> None:
        if isinstance(error, ConflictError):
            self._pending[claim] = error
        elif batched and _may_be_a_neighbour(error):
            self._pending[claim] = error
            self._apart = True
        else:
            self._final[claim] = error

    def _verify(self, claims: Sequence[Claim]) -> None:
        """Read back until the cloud shows it, for a bounded time; write nothing meanwhile."""
        before = {claim: self._holdings[claim] for claim in claims}
        waiting = [claim for claim in claims if before[claim].owner is not Owner.UNKNOWN]
        until = self._run.clock.now() + SETTLE_SECONDS
        pause = _FIRST_REREAD
        while waiting:
            waiting = self._reread(waiting, before)
            left = min(until - self._run.clock.now(), self._run.deadline.left())
            if not waiting or left <= 0:
                break
            self._run.pause(min(pause, left))
            pause = min(pause * 2, _MOST_REREAD)
        for claim in waiting:
            self._pending[claim] = VerifyError(
                f"{claim}: the call succeeded, but the cloud still shows "
                f"{_shown(self._holdings[claim])} after {SETTLE_SECONDS:.0f} s"
            )

    def _reread(self, claims: list[Claim], before: dict[Claim, Holding]) -> list[Claim]:
        """Return the claims that still look as they did before the write."""
        holdings = self._run.ask(lambda: self._provider.observe(claims))
        still = []
        for seen in holdings:
            holding = guard.judge(seen, self._rules)
            self._holdings[holding.claim] = holding
            if holding.owner is Owner.MINE:
                self._run.journal.write(
                    "verified", claims=[str(holding.claim)], owner=holding.owner.value
                )
            elif holding.owner is Owner.UNKNOWN or _same(holding, before[holding.claim]):
                still.append(holding.claim)
            else:
                self._pending[holding.claim] = ConflictError(
                    f"{holding.claim}: {_shown(holding)} has it right after this node took it"
                )
        return still

    def _take_stock(self) -> None:
        """Whatever is open needs a reason; with `expect` there is no second round."""
        for claim in self._open():
            if claim not in self._pending:
                self._pending[claim] = _unsaid(self._holdings[claim])
            if self._expect:
                self._final[claim] = self._pending[claim]

    def _wait_for_another_round(self, attempt: int) -> None:
        pause = 0.0 if self._apart and attempt == 1 else self._run.backoff.pause(attempt)
        if pause >= self._run.deadline.left():
            raise DeadlineError(f"time is up after {attempt} rounds")
        self._run.pause(pause)

    def _look_again(self) -> Plan:
        try:
            return self._run.ask(self._plan)
        except ProviderError as error:
            for claim in self._open():
                self._final[claim] = error
            raise DeadlineError(f"could not look again: {error}") from error

    def _give_up(self, stopped: CloudfailError) -> None:
        for claim in self._open():
            why = self._pending.get(claim)
            # At the deadline the reason for the last round tells more than "time is up".
            late = isinstance(stopped, DeadlineError) and why is not None
            self._final[claim] = why if late and why is not None else stopped

    def _outcome(self, first: Plan, began: float) -> Outcome:
        results = tuple(self._result(claim) for claim in self._claims)
        outcome = Outcome(
            plan=first,
            results=results,
            changed=self._changed,
            run_id=self._run.run_id,
            seconds=self._run.clock.now() - began,
            calls=len(self._run.calls),
        )
        self._write_down(outcome)
        return outcome

    def _result(self, claim: Claim) -> Result:
        holding = self._holdings.get(claim)
        if holding is None:
            return Result(claim=claim, owner=Owner.UNKNOWN, error=self._final.get(claim))
        error = None if holding.owner is Owner.MINE else self._final.get(claim)
        return Result(claim=claim, owner=holding.owner, holder=holding.holder, error=error)

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


def _batched(plan: Plan) -> set[Claim]:
    """Claims that share a call with another one."""
    return {claim for step in plan.steps if len(step.claims) > 1 for claim in step.claims}


def _same(now: Holding, before: Holding) -> bool:
    return (now.owner, now.holder) == (before.owner, before.holder)


def _shown(holding: Holding) -> str:
    return holding.holder or holding.owner.value


def _unsaid(holding: Holding) -> TransientError | VerifyError:
    if holding.owner is Owner.UNKNOWN:
        return TransientError(f"{holding.claim}: the cloud did not say who holds it")
    return VerifyError(f"{holding.claim}: {_shown(holding)} has it, and no step would change that")


def _may_be_a_neighbour(error: CloudfailError) -> bool:
    """True when another claim of the same batch may have caused it."""
    never = (TransientError, DeniedError, NotFoundError)
    return isinstance(error, ProviderError) and not isinstance(error, never)


# What decides the exit code when claims failed differently: first what a person has to mend.
_ORDER: tuple[type[CloudfailError], ...] = (
    DeadlineError,
    TransientError,
    ConflictError,
    VerifyError,
    RefusedError,
    ProviderError,
    NotFoundError,
    DeniedError,
    SupersededError,
)


def _weight(error: CloudfailError) -> int:
    ranks = [_ORDER.index(kind) for kind in type(error).__mro__ if kind in _ORDER]
    return ranks[0] if ranks else len(_ORDER)

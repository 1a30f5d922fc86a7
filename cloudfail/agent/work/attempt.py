"""One run of the agent: journal, promote, and what came of it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

import msgspec

from cloudfail.agent.view import Phases, Ran
from cloudfail.agent.work.around import Around
from cloudfail.agent.work.gate import Gate
from cloudfail.agent.work.spare import Spare
from cloudfail.agent.work.timing import TimedJournal
from cloudfail.clock import Deadline, wall_clock
from cloudfail.errors import CloudfailError, SupersededError, in_our_words
from cloudfail.model import Holding, Plan
from cloudfail.outcome import Ended, Order, Outcome, Result
from cloudfail.promote import promote
from cloudfail.provider import Provider
from cloudfail.role import RoleCheck
from cloudfail.run import Run, new_run_id

_AS_EVER = Order()
# Somebody waits until everything is held: what only tidies up is left to the next look.
_URGENT = frozenset({"event", "start"})


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a run is begun: event, start, repair, tidy or hand; for which generation.

    `since` is since when it waits, monotonic. `prepared` is the plan whose calls may leave at once.
    """

    why: str
    generation: int
    since: float
    check: RoleCheck
    prepared: Plan | None = None
    order: Order = _AS_EVER


class Began(Protocol):
    """Told of each run before its first call, and of its end by None."""

    def __call__(self, run: Run | None, *, forced: bool) -> None: ...


class Attempts:
    """Makes the runs of one instance."""

    def __init__(self, around: Around, gate: Gate, began: Began) -> None:
        self._around, self._gate, self._began = around, gate, began
        self._target = around.target
        self._spare = Spare(around.target)
        self._last: tuple[Cause, Ran] | None = None

    def prepare(self) -> None:
        """Have ready what a run needs."""
        self._spare.prepare()

    def close(self) -> None:
        self._spare.close()

    def run(self, provider: Provider, cause: Cause) -> tuple[Ended, Ran]:
        """Run to the end. Raises CloudfailError when nothing can be said of any claim."""
        clock, target = self._around.clock, self._target
        run_id = new_run_id()
        journal = TimedJournal(self._spare.take(run_id, cause.generation), clock)
        run = Run(
            instance=target.instance.name,
            deadline=Deadline.after(clock, target.deadline),
            journal=journal,
            role=cause.check,
            clock=clock,
            generation=cause.generation,
            width=target.instance.width,
            run_id=run_id,
        )
        queue = clock.now() - cause.since
        with closing(journal):
            self._gate.run = run
            self._began(run, forced=cause.order.force)
            try:
                with in_our_words("run"):
                    outcome = self._promote(provider, run, cause)
            except CloudfailError as error:
                journal.write("ended", error=str(error), exit_code=error.exit_code)
                self._tell(cause, _ran(run, cause, journal.phases(queue), None, error))
                raise
            finally:
                self._gate.run = None
                self._began(None, forced=False)
            ran = _ran(run, cause, journal.phases(queue), outcome, outcome.error)
        self._tell(cause, ran)
        return Ended(run_id, cause.generation, outcome, run.calls), ran

    def _promote(self, provider: Provider, run: Run, cause: Cause) -> Outcome:
        order = cause.order
        return promote(
            provider,
            self._target.instance.claims,
            run,
            rules=self._target.rules(force=order.force),
            expect=order.expect,
            prepared=cause.prepared,
            tidies=cause.why not in _URGENT,
        )

    def ran_for(self, cause: Cause) -> Ran | None:
        """Return how the run for this cause ended, if it was the last one."""
        if self._last is None or self._last[0] is not cause:
            return None
        return self._last[1]

    def _tell(self, cause: Cause, ran: Ran) -> None:
        self._last = cause, ran
        self._around.observer.ran(self._around.name, ran)


def _ran(
    run: Run, cause: Cause, phases: Phases, outcome: Outcome | None, error: CloudfailError | None
) -> Ran:
    return Ran(
        run_id=run.run_id,
        why=cause.why,
        result=_result(outcome, error),
        generation=cause.generation,
        at=wall_clock(),
        phases=phases,
        prepared=cause.prepared is not None,
        error=str(error or ""),
    )


def _result(outcome: Outcome | None, error: CloudfailError | None) -> str:
    if isinstance(error, SupersededError):
        return "superseded"
    if error is not None or outcome is None:
        return "failed"
    return "ok" if outcome.changed else "unchanged"


def plan_after(outcome: Outcome) -> Plan:
    """Return the plan of an outcome with what is known at its end: who has each claim."""
    results = {result.claim: result for result in outcome.results}
    holdings = tuple(_at_its_end(one, results[one.claim]) for one in outcome.plan.holdings)
    return msgspec.structs.replace(outcome.plan, holdings=holdings, lanes=())


def _at_its_end(seen: Holding, result: Result) -> Holding:
    return msgspec.structs.replace(
        seen, owner=result.owner, holder=result.holder, reason=result.reason
    )

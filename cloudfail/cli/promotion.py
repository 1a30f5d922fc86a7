"""One promotion by this process: role, lock, run, journal, outcome."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import msgspec

from cloudfail.cli import messages
from cloudfail.cli.paused import refuse_if_paused
from cloudfail.cli.stop import Stopper
from cloudfail.cli.watched import Watched
from cloudfail.clock import Deadline, SystemClock
from cloudfail.journal import FileJournal
from cloudfail.keepalived.siblings import heeding_siblings
from cloudfail.outcome import Ended, Order, Outcome
from cloudfail.promote import promote
from cloudfail.role import Event, RoleStore, default_directory
from cloudfail.role.event import TICKS
from cloudfail.run import Run, new_run_id
from cloudfail.target import Target

# What a person at a terminal wants to see of the journal's lines while they are written.
_SHOWN = {"intent", "done", "failed"}


class TellingJournal:
    """Writes to a journal, and tells people the same facts."""

    def __init__(self, journal: FileJournal, instance: str, run_id: str) -> None:
        self._journal, self._instance, self._run_id = journal, instance, run_id

    def write(self, event: str, **fields: Any) -> None:
        self._journal.write(event, **fields)
        told = {name: value for name, value in fields.items() if not isinstance(value, dict)}
        messages.fact(event, instance=self._instance, run=self._run_id, **told)
        if event in _SHOWN:
            messages.progress(_line(event, fields))

    def settle(self, seconds: float = 0.2) -> bool:
        return self._journal.settle(seconds)

    def close(self) -> None:
        self._journal.close()
        if self._journal.problem:
            messages.say(self._journal.problem)


def run_promotion(target: Target, event: Event, stopper: Stopper, order: Order) -> Ended:
    """Make this node own the claims of the target. Raises what `promote` raises."""
    stopper.begin()
    store = RoleStore(default_directory())
    run_id = new_run_id()
    generation = 0
    try:
        generation = store.record(event)
    finally:
        journal = _journal(target, run_id, generation)
        if not generation:
            _close(journal, event)
    clock = SystemClock()
    role = store.check(target.instance.name, generation)
    run = Run(
        instance=target.instance.name,
        deadline=Deadline.after(clock, target.deadline),
        journal=journal,
        role=heeding_siblings(role, store, event),
        clock=clock,
        generation=generation,
        width=target.instance.width,
        run_id=run_id,
    )
    with closing(journal), stopper.watching(run):
        try:
            outcome = _in_turn(target, run, store, event, order)
        except Exception as error:
            journal.write("ended", error=str(error), exit_code=getattr(error, "exit_code", 70))
            raise
    return Ended(run_id, generation, outcome, run.calls)


def _close(journal: TellingJournal, event: Event) -> None:
    """A role that is not the newest any more begins no run; `history` shows it all the same."""
    with closing(journal):
        journal.write("superseded", error=f"a newer role than this {event.role} is on record")


def _in_turn(
    target: Target, run: Run, store: RoleStore, event: Event, order: Order
) -> Outcome | None:
    """Promote when no other run does; None when one has verified the same claims meanwhile."""
    name, subject = target.instance.name, _subject(target)
    with store.running(name, run.deadline, check_stopped=run.check_stopped):
        if store.problem:
            messages.say(store.problem)
        if order.join and store.fresh_look_since(_asked(event, order), subject):
            run.journal.write("joined")
            return None
        outcome, looked = _promote(target, run, order)
        if outcome.error is None:
            store.looked(name, run.generation, looked, subject)
        return outcome


def _asked(event: Event, order: Order) -> Event:
    """Return the event as if its process had begun when the order says."""
    began = max(event.started, int(order.since * TICKS))
    return msgspec.structs.replace(event, started=began)


def _subject(target: Target) -> str:
    """Name the claims: a look proves nothing of others, which flags may have named."""
    return " ".join(sorted(str(claim) for claim in target.instance.claims))


def _promote(target: Target, run: Run, order: Order) -> tuple[Outcome, float]:
    """Return also since when every claim was seen to be ours, in seconds since boot."""
    if not order.force:
        refuse_if_paused(target)
    provider = Watched(target.build(run.before_write, run.on_call, run.while_waiting))
    outcome = promote(
        provider,
        target.instance.claims,
        run,
        rules=target.rules(force=order.force),
        expect=order.expect,
    )
    return outcome, provider.looked(target.instance.claims)


def _journal(target: Target, run_id: str, generation: int) -> TellingJournal:
    settings = target.config.journal
    journal = FileJournal(
        settings.path,
        run_id=run_id,
        instance=target.instance.name,
        generation=generation,
        node=target.node_name,
        max_bytes=settings.max_bytes,
        keep=settings.keep,
    )
    return TellingJournal(journal, target.instance.name, run_id)


def _line(event: str, fields: dict[str, Any]) -> str:
    what = fields.get("summary") or ", ".join(map(str, fields.get("claims", ())))
    if event == "done" and "duration_ms" in fields:
        return f"done   {what} ({fields['duration_ms']} ms)"
    error = f": {fields['error']}" if fields.get("error") else ""
    return f"{event:<6} {what}{error}"

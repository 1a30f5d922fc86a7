"""Put in order what is this node's already: what a crash left behind, or a takeover had no time for."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cloudfail.apply import apply_plan
from cloudfail.errors import DeadlineError, SupersededError
from cloudfail.model import Lane, Plan
from cloudfail.provider import Writer
from cloudfail.run import Run


def tidying(lanes: Sequence[Lane]) -> tuple[Lane, ...]:
    """Return what of these lanes takes nothing, and only tidies up."""
    return _only(lanes, tidies=True)


def taking(lanes: Sequence[Lane]) -> tuple[Lane, ...]:
    """Return these lanes without what only tidies up."""
    return _only(lanes, tidies=False)


def tidy(plan: Plan, writer: Writer, run: Run) -> bool:
    """Do what of the plan tidies up; true when something was changed.

    A step that fails is in the journal, and harms nobody: its claim is held all the same, and the
    next look finds it again. Raises SupersededError and DeadlineError.
    """
    lanes = tidying(plan.lanes)
    if not lanes:
        return False
    applied = apply_plan(msgspec.structs.replace(plan, lanes=lanes), writer, run)
    for error in applied.errors.values():
        if isinstance(error, (SupersededError, DeadlineError)):
            raise error
    return bool(applied.done)


def _only(lanes: Sequence[Lane], *, tidies: bool) -> tuple[Lane, ...]:
    found = []
    for lane in lanes:
        steps = tuple(step for step in lane.steps if step.tidies is tidies)
        if steps:
            found.append(msgspec.structs.replace(lane, steps=steps))
    return tuple(found)

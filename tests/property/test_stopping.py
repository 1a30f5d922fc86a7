"""When a run must end, and what it still owes then."""

from __future__ import annotations

import itertools
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from cloudfail.clock import Deadline
from cloudfail.model import Claim, Step
from cloudfail.outcome import Outcome
from cloudfail.promote import FINISH_SECONDS, promote
from cloudfail.provider import Setup
from cloudfail.retry import Backoff
from cloudfail.role import Event, Role, RoleStore
from cloudfail.run import Run
from cloudfail.testing import FakeClock, FakeCloud, FakeWorld, Fault, ListJournal, ready_run
from hypothesis import given, settings
from hypothesis import strategies as st

from property import worlds
from property.worlds import CLAIMS, Kind, promoted


class Gated(FakeCloud):
    """Something happens at one of its writes; what begins before and after it is told apart."""

    def __init__(self, world: FakeWorld, kind: Kind, run: Run, writes: list[Fault]) -> None:
        setup = Setup(settings=None, before_write=self._pass, on_call=run.on_call)
        super().__init__(
            world, "a", setup=setup, atomic=kind.atomic, batch=kind.batch, writes=writes
        )
        self.run, self.at = run, -1
        self.then: Callable[[], object] = _nothing
        self.before: list[Step] = []
        self.after: list[Step] = []
        self._one_at_a_time = threading.Lock()
        self._doing = threading.local()

    def promote(self, at: int, then: Callable[[], object]) -> Outcome:
        """Promote, and let it happen while the write of that number is under way; 0: at once."""
        self.at, self.then = at, then
        if at == 0:
            then()
        return promote(self, CLAIMS, self.run)

    def execute(self, step: Step) -> None:
        self._doing.step = step
        super().execute(step)

    def _pass(self, operation: str) -> None:
        # Nothing begins between the question for the role and the answer, nor while it changes.
        with self._one_at_a_time:
            self.run.before_write(operation)
            late = self.at == 0 or len(self.before) >= self.at
            (self.after if late else self.before).append(self._doing.step)
            if not late and len(self.before) == self.at:
                self.then()

    def released(self) -> set[Claim]:
        begun = [*self.before, *self.after]
        return {claim for step in begun if step.releases for claim in step.claims}


def _nothing() -> None:
    """Nothing happens."""


def seat_of(world: FakeWorld, claim: Claim) -> str:
    beneath = world.sits_on(claim)
    return world.held[beneath] if beneath is not None else ""


def with_seats(world: FakeWorld, claims: set[Claim]) -> set[Claim]:
    seats = {world.sits_on(claim) for claim in claims}
    return claims | {seat for seat in seats if seat is not None}


def event(role: Role, started: int) -> Event:
    return Event("edge", role, "boot", started, started)


@settings(max_examples=60)
@given(
    held=worlds.held,
    kind=worlds.kinds,
    at=st.integers(0, 6),
    writes=worlds.writes,
    role=st.sampled_from([Role.BACKUP, Role.STOP, Role.FAULT]),
)
def test_no_write_begins_once_a_newer_role_is_on_record(
    held: dict[Claim, str], kind: Kind, at: int, writes: list[Fault], role: Role
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        store = RoleStore(Path(directory))
        generation = store.record(event(Role.MASTER, 100))
        clock = FakeClock()
        run = Run(
            instance="edge",
            deadline=Deadline.after(clock, 60),
            journal=ListJournal(),
            role=store.check("edge", generation),
            clock=clock,
            generation=generation,
            backoff=Backoff(jitter=lambda: 0.0),
            width=kind.width,
        )
        world = FakeWorld(held)
        cloud = Gated(world, kind, run, writes)
        elsewhere = RoleStore(Path(directory))
        outcome = cloud.promote(at, lambda: elsewhere.record(event(role, 200)))
    if len(cloud.before) == at and outcome.exit_code:
        assert outcome.exit_code == 4
    if role is Role.BACKUP:
        assert cloud.after == []
    # Without a better peer, what this run removed is put back: nothing else.
    assert all(step.completes for step in cloud.after)
    added = {claim for step in cloud.after for claim in step.claims}
    assert added <= with_seats(world, cloud.released())


@given(
    held=worlds.held,
    kind=worlds.splitting,
    at=st.integers(1, 6),
    writes=st.lists(st.sampled_from(worlds.WRITE_SCRIPT), max_size=4),
    late=st.booleans(),
)
def test_nothing_is_left_with_nobody_by_a_stop_or_by_the_deadline(
    held: dict[Claim, str], kind: Kind, at: int, writes: list[Fault], late: bool
) -> None:
    clock = FakeClock()
    run = ready_run(clock=clock, width=kind.width)
    world = FakeWorld(held)
    # A call that does nothing is only noticed after the settling time: too late to finish.
    script = [fault for fault in writes if not (late and fault is Fault.IGNORED)]
    cloud = Gated(world, kind, run, script)

    def end() -> None:
        if late:
            clock.advance(60.0)
        else:
            run.stop("SIGTERM")

    cloud.promote(at, end)
    # What sits on an address that somebody else has by now cannot be put back.
    seated = [claim for claim in cloud.released() if seat_of(world, claim) in {"", "a"}]
    assert not [str(claim) for claim in seated if world.held[claim] == ""]
    # Only what this run had removed itself was still added.
    added = {claim for step in cloud.after for claim in step.claims}
    removed = {claim for step in cloud.before if step.releases for claim in step.claims}
    assert added <= with_seats(world, removed)
    assert clock.now() <= 60.0 + 60.0


@settings(max_examples=30)
@given(
    kind=worlds.kinds,
    thief=st.lists(st.sampled_from([Fault.STOLEN, Fault.TAKEN_AFTER]), min_size=1, max_size=3).map(
        itertools.cycle
    ),
)
def test_a_thief_that_never_stops_ends_at_the_deadline(
    kind: Kind, thief: itertools.cycle[Fault]
) -> None:
    clock = FakeClock()
    run = ready_run(clock=clock, seconds=30.0, width=kind.width)
    world = FakeWorld(dict.fromkeys(CLAIMS, "b"), clock=clock)
    outcome, cloud = promoted(world, "a", kind, run=run, writes=thief)
    for result in outcome.results:
        # What sits on an address that was stolen a moment ago is refused, and rightly so.
        refused = {70} if world.sits_on(result.claim) else set()
        assert result.error is None or result.error.exit_code in {3, 75} | refused
    assert outcome.exit_code != 0
    # An add whose remove was sent may be finished after the deadline, for a bounded time.
    assert 20.0 <= clock.now() <= 30.0 + (0.0 if kind.atomic else FINISH_SECONDS)
    assert len(cloud.received) < 200


@pytest.mark.parametrize("fault", [Fault.CONFLICT, Fault.ERROR_BEFORE, Fault.ERROR_AFTER])
@given(kind=worlds.kinds)
@settings(max_examples=10)
def test_a_cloud_that_never_accepts_ends_at_the_deadline(fault: Fault, kind: Kind) -> None:
    clock = FakeClock()
    run = ready_run(clock=clock, seconds=30.0, width=kind.width)
    outcome, cloud = promoted(
        FakeWorld(dict.fromkeys(CLAIMS, "b")), "a", kind, run=run, writes=itertools.repeat(fault)
    )
    assert outcome.exit_code in {0, 3, 75}
    assert clock.now() <= 30.0 + (0.0 if kind.atomic else FINISH_SECONDS)
    assert len(cloud.received) < 300

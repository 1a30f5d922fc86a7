"""A run that must end ends at once; but a remove of its own is followed by its add."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cloudfail.clock import Deadline
from cloudfail.errors import SupersededError
from cloudfail.model import Claim, Owner, Step
from cloudfail.promote import FINISH_SECONDS, promote
from cloudfail.retry import Backoff
from cloudfail.role import Event, Role, RoleStore
from cloudfail.run import Run
from cloudfail.testing import FakeClock, FakeCloud, Fault, ListJournal, ready_run

from unit.promoting import FIRST, ON_FIRST, SECOND, cloud_of


class Watched(FakeCloud):
    """Something happens after its `at`-th request."""

    at = 1
    then: Callable[[], object]

    def _receive(self, step: Step) -> None:
        super()._receive(step)
        if len(self.received) == self.at:
            self.then()


def watched(run: Run, writes: list[Fault], then: Callable[[], object], at: int = 1) -> FakeCloud:
    cloud = cloud_of(run, {FIRST: "b"}, Watched, atomic=False, writes=writes)
    assert isinstance(cloud, Watched)
    cloud.at, cloud.then = at, then
    return cloud


OF_THE_REMOVE = [Fault.OK, Fault.ERROR_AFTER, Fault.ERROR_BEFORE]
OF_THE_ADD = [Fault.OK, Fault.CONFLICT, Fault.ERROR_BEFORE, Fault.ERROR_AFTER, Fault.IGNORED]


@pytest.mark.parametrize("add", OF_THE_ADD)
@pytest.mark.parametrize("remove", OF_THE_REMOVE)
@pytest.mark.parametrize("at", [1, 2])
def test_a_stop_between_a_remove_and_its_add_still_finishes_the_add(
    remove: Fault, add: Fault, at: int
) -> None:
    run = ready_run()
    cloud = watched(run, [remove, add], lambda: run.stop("SIGTERM"), at)
    outcome = promote(cloud, [FIRST], run)
    # Also when the remove only failed: nobody can tell that from an answer that was lost.
    assert cloud.world.held[FIRST] == "a"
    assert outcome.exit_code == 0


@pytest.mark.parametrize("add", [Fault.OK, Fault.CONFLICT, Fault.ERROR_BEFORE])
def test_so_does_a_deadline_between_them(add: Fault) -> None:
    clock = FakeClock()
    run = ready_run(clock=clock, seconds=5)
    cloud = watched(run, [Fault.OK, add], lambda: clock.advance(6.0))
    assert promote(cloud, [FIRST], run).exit_code == 0
    assert cloud.world.held[FIRST] == "a"


@pytest.mark.parametrize("late", [True, False], ids=["deadline", "stop"])
def test_what_somebody_else_has_taken_is_owed_no_more(late: bool) -> None:
    clock = FakeClock()
    run = ready_run(clock=clock, seconds=5)

    def end() -> None:
        if late:
            clock.advance(6.0)
        else:
            run.stop("SIGTERM")

    cloud = watched(run, [Fault.OK, Fault.STOLEN], end, at=2)
    assert promote(cloud, [FIRST], run).exit_code == (75 if late else 4)
    assert cloud.world.held[FIRST] == "thief"
    assert len(cloud.received) == 2


def test_a_remove_that_a_stop_forestalled_owes_no_add() -> None:
    """The stop comes between the core's own question for the role and the provider's."""
    run = ready_run()

    class Late(FakeCloud):
        def execute(self, step: Step) -> None:
            run.stop("SIGTERM")
            super().execute(step)

    cloud = cloud_of(run, {FIRST: "b"}, Late, atomic=False)
    outcome = promote(cloud, [FIRST], run)
    assert cloud.received == []
    assert [(r.owner, r.holder) for r in outcome.results] == [(Owner.PEER, "b")]
    assert (outcome.changed, outcome.exit_code) == (False, 4)


def test_an_add_is_owed_together_with_the_address_that_it_sits_on() -> None:
    run = ready_run()
    held: dict[Claim, str] = {FIRST: "", ON_FIRST: "b"}
    cloud = cloud_of(run, held, Watched, atomic=False, writes=[Fault.IGNORED])
    assert isinstance(cloud, Watched)
    cloud.at, cloud.then = 2, lambda: run.stop("SIGTERM")
    assert promote(cloud, [FIRST, ON_FIRST], run).exit_code == 0
    assert cloud.world.held == {FIRST: "a", ON_FIRST: "a"}


def test_so_it_is_when_the_stop_comes_with_the_second_try() -> None:
    run = ready_run()
    held: dict[Claim, str] = {FIRST: "", ON_FIRST: "b"}
    cloud = cloud_of(run, held, Watched, atomic=False, writes=[Fault.IGNORED])
    assert isinstance(cloud, Watched)

    def execute(step: Step) -> None:
        if FIRST in step.claims and cloud.received:
            run.stop("SIGTERM")
        FakeCloud.execute(cloud, step)

    cloud.at, cloud.execute = 0, execute  # type: ignore[method-assign]
    assert promote(cloud, [FIRST, ON_FIRST], run).exit_code == 0
    assert cloud.world.held == {FIRST: "a", ON_FIRST: "a"}


def test_an_add_that_never_works_is_given_up_in_the_end() -> None:
    clock = FakeClock()
    run = ready_run(clock=clock, seconds=5)
    cloud = watched(run, [Fault.OK, *[Fault.CONFLICT] * 999], lambda: clock.advance(6.0))
    outcome = promote(cloud, [FIRST], run)
    assert outcome.exit_code == 75
    assert 6.0 < clock.now() <= 6.0 + FINISH_SECONDS


def test_a_look_that_fails_while_finishing_ends_it_with_its_reason() -> None:
    clock = FakeClock()
    run = ready_run(clock=clock, seconds=5)
    cloud = cloud_of(
        run,
        {FIRST: "b"},
        Watched,
        atomic=False,
        reads=[Fault.OK, *[Fault.ERROR_BEFORE] * 999],
        writes=[Fault.OK, Fault.CONFLICT],
    )
    assert isinstance(cloud, Watched)
    cloud.then = lambda: clock.advance(6.0)
    outcome = promote(cloud, [FIRST], run)
    assert outcome.exit_code == 75
    assert "503 while reading" in str(outcome.error)


def role_store(directory: Path, clock: FakeClock) -> tuple[Run, Callable[[Role], object]]:
    def event(role: Role, started: int) -> Event:
        return Event("edge", role, "boot", started, started)

    store = RoleStore(directory)
    generation = store.record(event(Role.MASTER, 100))
    run = Run(
        instance="edge",
        deadline=Deadline.after(clock, 30),
        journal=ListJournal(),
        role=store.check("edge", generation),
        clock=clock,
        generation=generation,
        backoff=Backoff(jitter=lambda: 0.0),
    )
    return run, lambda role: RoleStore(directory).record(event(role, 200))


@pytest.mark.parametrize(
    ("role", "holder"), [(Role.BACKUP, ""), (Role.STOP, "a"), (Role.FAULT, "a")]
)
@pytest.mark.parametrize("remove", [Fault.OK, Fault.ERROR_AFTER])
def test_only_a_better_peer_finishes_the_move_for_us(
    tmp_path: Path, role: Role, holder: str, remove: Fault
) -> None:
    run, record = role_store(tmp_path, FakeClock())
    cloud = watched(run, [remove], lambda: record(role))
    outcome = promote(cloud, [FIRST], run)
    assert cloud.world.held[FIRST] == holder
    assert outcome.exit_code == (0 if holder else 4)


def test_a_run_that_is_superseded_while_it_verifies_ends(tmp_path: Path) -> None:
    clock = FakeClock()
    run, record = role_store(tmp_path, clock)
    cloud = cloud_of(run, {FIRST: "b"}, Watched, writes=[Fault.IGNORED])
    assert isinstance(cloud, Watched)
    cloud.then = lambda: record(Role.BACKUP)
    assert promote(cloud, [FIRST], run).exit_code == 4
    assert clock.now() < 0.5


def test_a_run_that_is_superseded_while_no_look_works_ends(tmp_path: Path) -> None:
    clock = FakeClock()
    run, record = role_store(tmp_path, clock)
    looks: list[Fault] = []

    def down() -> Fault:
        looks.append(Fault.ERROR_BEFORE)
        if len(looks) == 3:
            record(Role.BACKUP)
        return looks[-1]

    cloud = cloud_of(run, {FIRST: "b"}, reads=iter(down, None))
    with pytest.raises(SupersededError, match="BACKUP"):
        promote(cloud, [FIRST], run)
    assert len(looks) == 3


def test_a_stop_during_a_read_back_ends_it() -> None:
    clock = FakeClock()
    run = ready_run(clock=clock)

    def reads() -> Fault:
        if clock.now() > 3.0:
            run.stop("SIGTERM")
        return Fault.OK

    cloud = cloud_of(run, {FIRST: "b"}, reads=iter(reads, None), writes=[Fault.IGNORED])
    assert promote(cloud, [FIRST], run).exit_code == 4
    assert clock.now() < 5.5


def test_an_error_that_ends_one_lane_ends_the_run() -> None:
    """Not only its claim: what the other lanes still want is not begun in a further round."""
    run = ready_run(width=1)
    cloud = cloud_of(run, {FIRST: "b", SECOND: "b"}, Watched, writes=[Fault.CONFLICT])
    assert isinstance(cloud, Watched)
    cloud.then = lambda: run.stop("SIGTERM")
    before = cloud.looks
    assert promote(cloud, [FIRST, SECOND], run).exit_code == 4
    assert len(cloud.received) == 1
    assert cloud.looks - before == 1

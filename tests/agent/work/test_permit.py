"""The question before every mutating call: whose role it is by now, and whether that is sure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from cloudfail.agent.role.standing import Mastering, Standing
from cloudfail.agent.work.gate import Gate
from cloudfail.agent.work.permit import anybody, permit
from cloudfail.clock import Deadline
from cloudfail.errors import SupersededError
from cloudfail.journal import NullJournal
from cloudfail.provider import ApiCall
from cloudfail.role import Role
from cloudfail.run import Run
from cloudfail.testing import FakeClock

from agent.work.bench import BETTER, LOWER, KnownRole, Notes

GENERATION = 7
MASTER = Standing(role=Role.MASTER, generation=GENERATION, priority=150)


def asked(*, late: bool = False, completes: bool = False, **standing: Any) -> None:
    """Ask for a run of `GENERATION`; raises when it may not go on."""
    role = KnownRole()
    role.now = msgspec.structs.replace(MASTER, **standing)
    permit(role, lambda now: late, FakeClock(), GENERATION)(completes=completes)


def test_the_master_of_this_generation_goes_on() -> None:
    asked()


def test_a_lower_master_beside_it_stops_nothing() -> None:
    asked(peers=(LOWER,))


@pytest.mark.parametrize("role", [None, Role.BACKUP, Role.FAULT, Role.STOP])
def test_no_other_role_begins_anything(role: Role | None) -> None:
    with pytest.raises(SupersededError, match="nothing more was begun"):
        asked(role=role)


def test_a_run_of_an_older_mastership_begins_nothing_more() -> None:
    with pytest.raises(SupersededError, match="the role is MASTER by now"):
        asked(generation=GENERATION + 2)


def test_a_doubtful_master_begins_nothing_more() -> None:
    with pytest.raises(SupersededError, match=r"doubtful: 10\.0\.0\.9 advertises"):
        asked(doubt="10.0.0.9 advertises", peers=(BETTER,))


def test_a_process_that_stood_still_begins_nothing_more() -> None:
    with pytest.raises(SupersededError, match="did not run for a while"):
        asked(late=True)


def test_a_run_in_which_this_process_stood_still_ends_though_the_role_is_sure_again() -> None:
    role = KnownRole()
    role.now = MASTER
    may_go_on = permit(role, lambda now: False, FakeClock(), GENERATION)
    may_go_on()
    role.now = msgspec.structs.replace(MASTER, wakes=1)
    may_go_on(completes=True)
    with pytest.raises(SupersededError, match="stood still"):
        may_go_on()
    permit(role, lambda now: False, FakeClock(), GENERATION)()


@pytest.mark.parametrize(
    "standing",
    [
        {"role": Role.BACKUP, "generation": GENERATION + 1},
        {"role": Role.FAULT, "generation": GENERATION + 1, "peers": (LOWER,)},
        {"doubt": "no advert of ours left"},
    ],
)
def test_what_was_removed_is_added_when_nobody_else_is_there_to_do_it(
    standing: dict[str, Any],
) -> None:
    asked(completes=True, **standing)


def test_what_was_removed_before_a_standstill_is_looked_at_first() -> None:
    with pytest.raises(SupersededError, match="did not run for a while"):
        asked(completes=True, late=True)


@pytest.mark.parametrize("role", [Role.MASTER, Role.BACKUP])
def test_what_was_removed_is_left_to_a_better_master(role: Role) -> None:
    with pytest.raises(SupersededError, match=r"10\.0\.0\.9 masters, and finishes it"):
        asked(completes=True, role=role, peers=(LOWER, BETTER))


def test_what_is_asked_for_by_force_asks_nobody() -> None:
    anybody()
    anybody(completes=True)


def run(role: Callable[..., None] = anybody) -> Run:
    clock = FakeClock()
    deadline = Deadline.after(clock, 5.0)
    return Run(instance="edge", deadline=deadline, journal=NullJournal(), role=role, clock=clock)


class TestGate:
    def test_without_a_run_nothing_is_sent(self) -> None:
        with pytest.raises(SupersededError, match="no run is under way"):
            Gate("edge", Notes()).before_write("Associate")

    def test_what_the_run_refuses_is_not_sent(self) -> None:
        gate, one = Gate("edge", Notes()), run()
        gate.run = one
        gate.before_write("Associate")
        one.stop("SIGTERM")
        with pytest.raises(SupersededError, match="SIGTERM"):
            gate.before_write("Associate")

    def test_every_call_is_counted_with_a_run_and_without(self) -> None:
        notes = Notes()
        gate, one = Gate("edge", notes), run()
        look = ApiCall(operation="Describe", mutating=False, seconds=0.1)
        move = ApiCall(operation="Associate", mutating=True, seconds=0.1)
        gate.on_call(look)
        gate.run = one
        gate.on_call(move)
        assert notes.calls == [look, move]
        assert one.calls == (move,)


def test_the_better_of_several_peers_is_named() -> None:
    other = Mastering(address=BETTER.address, priority=10, better=False, age=0.0)
    assert Standing(peers=(other, BETTER)).better_peer is BETTER

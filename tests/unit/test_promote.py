"""How a run ends: per claim, and as an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import pytest
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
    UnreachableError,
    VerifyError,
)
from cloudfail.guard import Rules
from cloudfail.model import Claim, Holding, Lane, Node, Owner, Plan, PrivateIp, PublicIp, Step
from cloudfail.outcome import Outcome, Result
from cloudfail.planner import build_plan
from cloudfail.progress import SETTLE_SECONDS
from cloudfail.promote import promote
from cloudfail.provider import Setup
from cloudfail.run import Run
from cloudfail.testing import FakeClock, FakeCloud, FakeWorld, Fault, ListJournal, ready_run

FIRST = PrivateIp(address=ip_address("10.0.0.100"))
BAD = PrivateIp(address=ip_address("10.0.0.101"))
ON_FIRST = PublicIp(address=ip_address("203.0.113.7"), private_address=ip_address("10.0.0.100"))


def hooked(run: Run) -> Setup:
    return Setup(settings=None, before_write=run.before_write, on_call=run.on_call)


INVALID = ProviderError("InvalidParameterValue", code="InvalidParameterValue")


def batching(
    run: Run, *claims: Claim, bad: Claim = BAD, error: CloudfailError = INVALID
) -> FakeCloud:
    """One call for all private addresses, all of the peer's; it fails as a whole for a bad one."""
    world = FakeWorld(dict.fromkeys(claims, "b"))
    return FakeCloud(world, "a", setup=hooked(run), batch=True, bad={bad: error})


def test_one_bad_claim_of_a_batch_does_not_stop_the_others() -> None:
    run = ready_run()
    cloud = batching(run, FIRST, BAD)
    outcome = promote(cloud, [BAD, FIRST], run)
    assert [result.owner for result in outcome.results] == [Owner.PEER, Owner.MINE]
    assert [len(step.claims) for step in cloud.received] == [2, 1, 1]
    assert outcome.exit_code == 70


def test_a_denied_batch_is_not_taken_apart() -> None:
    run = ready_run()
    denied = DeniedError("ec2:AssignPrivateIpAddresses", permission="x")
    cloud = batching(run, FIRST, BAD, error=denied)
    outcome = promote(cloud, [FIRST, BAD], run)
    assert len(cloud.received) == 1
    assert outcome.exit_code == 77


def test_only_the_reviewed_plan_is_applied() -> None:
    run = ready_run()
    world = FakeWorld({FIRST: "b"})
    cloud = FakeCloud(world, "a", setup=hooked(run))
    digest = build_plan(cloud, [FIRST], instance="test").digest
    world.put(FIRST, "c")
    with pytest.raises(RefusedError, match="the world changed"):
        promote(cloud, [FIRST], run, expect=digest)
    assert cloud.sent == []
    world.put(FIRST, "b")
    assert promote(cloud, [FIRST], run, expect=digest).exit_code == 0


def test_a_reviewed_plan_is_tried_once() -> None:
    run = ready_run()
    cloud = FakeCloud(FakeWorld({FIRST: "b"}), "a", setup=hooked(run), writes=[Fault.STOLEN])
    digest = build_plan(cloud, [FIRST], instance="test").digest
    outcome = promote(cloud, [FIRST], run, expect=digest)
    assert outcome.exit_code == 75
    assert cloud.sent == []


def test_a_conflict_is_looked_at_again_and_then_taken() -> None:
    run = ready_run()
    cloud = FakeCloud(FakeWorld({FIRST: "b"}), "a", setup=hooked(run), writes=[Fault.STOLEN])
    outcome = promote(cloud, [FIRST], run)
    assert outcome.exit_code == 0
    assert len(cloud.sent) == 1


def test_a_write_that_did_nothing_is_not_repeated_before_the_settling_time() -> None:
    clock = FakeClock()
    run = ready_run(clock=clock)
    cloud = FakeCloud(FakeWorld({FIRST: "b"}), "a", setup=hooked(run), writes=[Fault.IGNORED])
    sent_at: list[float] = []
    original = cloud.execute

    def execute(step: Step) -> None:
        sent_at.append(clock.now())
        original(step)

    cloud.execute = execute  # type: ignore[method-assign]
    assert promote(cloud, [FIRST], run).exit_code == 0
    assert len(sent_at) == 2
    assert sent_at[1] - sent_at[0] >= SETTLE_SECONDS


def test_one_public_ip_costs_one_look_one_write_one_proof() -> None:
    run = ready_run()
    cloud = FakeCloud(FakeWorld({FIRST: "b"}), "a", setup=hooked(run))
    outcome = promote(cloud, [FIRST], run)
    assert [call.mutating for call in run.calls] == [False, True, False]
    assert outcome.calls == 3


def test_a_superseded_run_says_so_for_every_open_claim() -> None:
    def gone() -> None:
        raise SupersededError("BACKUP of generation 2")

    journal = ListJournal()
    run = ready_run(role=gone, journal=journal)
    cloud = FakeCloud(FakeWorld({FIRST: "b", BAD: "a"}), "a", setup=hooked(run))
    outcome = promote(cloud, [FIRST, BAD], run)
    assert outcome.exit_code == 4
    assert [result.error is None for result in outcome.results] == [False, True]
    assert len(journal.events("superseded")) == 1


def test_a_look_that_fails_in_a_later_round_ends_with_its_reason() -> None:
    run = ready_run(seconds=20)

    class Dying(FakeCloud):
        looks = 0

        def observe(self, claims: Sequence[Claim]) -> Sequence[Holding]:
            self.looks += 1
            if self.looks > 1:
                raise UnreachableError("no answer from the API")
            return super().observe(claims)

    cloud = Dying(FakeWorld({FIRST: "b"}), "a", setup=hooked(run), writes=[Fault.STOLEN])
    outcome = promote(cloud, [FIRST], run)
    assert outcome.exit_code == 69
    assert "no answer" in str(outcome.error)


def test_a_first_look_that_fails_is_raised() -> None:
    run = ready_run(seconds=2)
    cloud = FakeCloud(FakeWorld({FIRST: "b"}), "a", reads=[Fault.ERROR_BEFORE] * 99)
    with pytest.raises(TransientError):
        promote(cloud, [FIRST], run)


def test_a_claim_that_no_step_would_move_ends_unverified() -> None:
    run = ready_run(seconds=5)

    class Idle(FakeCloud):
        def steps(self, holdings: Sequence[Holding], node: Node) -> Sequence[Lane]:
            return ()

    outcome = promote(Idle(FakeWorld({FIRST: "b"}), "a", setup=hooked(run)), [FIRST], run)
    assert outcome.exit_code == 3
    assert "no step would change that" in str(outcome.error)


def test_a_public_address_whose_private_one_failed_fails_for_the_same_reason() -> None:
    run = ready_run()

    cloud = batching(run, FIRST, ON_FIRST, bad=FIRST, error=NotFoundError("eni-a is gone"))
    outcome = promote(cloud, [FIRST, ON_FIRST], run)
    assert [str(result.error) for result in outcome.results] == ["eni-a is gone"] * 2


def test_force_takes_from_a_stranger() -> None:
    run = ready_run()
    cloud = FakeCloud(FakeWorld({FIRST: "b"}), "a", setup=hooked(run))
    cloud._owner = lambda holder: Owner.MINE if holder == "a" else Owner.STRANGER  # type: ignore[method-assign]
    assert promote(cloud, [FIRST], run).exit_code == 77
    assert promote(cloud, [FIRST], ready_run(), rules=Rules(force=True)).exit_code == 0


def ended(*errors: CloudfailError | None) -> Outcome:
    return Outcome(
        plan=Plan(instance="edge", node=Node(ref="eni-a"), holdings=(), lanes=()),
        results=tuple(Result(claim=FIRST, owner=Owner.PEER, error=error) for error in errors),
        changed=True,
        run_id="r",
        seconds=1.0,
        calls=3,
    )


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        ((), 0),
        ((None,), 0),
        ((None, TransientError("x"), DeniedError("x")), 77),
        ((DeniedError("x"), SupersededError("x")), 4),
        ((VerifyError("x"), ConflictError("x")), 3),
        ((DeadlineError("x"), UnreachableError("x")), 69),
        ((NotFoundError("x"), RefusedError("x")), 78),
    ],
)
def test_the_exit_code_is_that_of_the_error_a_person_has_to_mend(
    errors: tuple[CloudfailError | None, ...], code: int
) -> None:
    assert ended(*errors).exit_code == code

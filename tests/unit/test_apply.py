"""Lanes run in parallel and in order; one that fails does not stop the others."""

from __future__ import annotations

import threading
from ipaddress import ip_address

import pytest
from cloudfail.apply import apply_plan, error_of
from cloudfail.errors import ConflictError, DeniedError, SupersededError, TransientError
from cloudfail.model import Claim, Lane, Node, Plan, PrivateIp, PublicIp, Step
from cloudfail.testing import Crash, ListJournal, ready_run

PRIVATE = PrivateIp(address=ip_address("10.0.0.100"))
ON_IT = PublicIp(address=ip_address("203.0.113.7"), private_address=ip_address("10.0.0.100"))
OTHER = PublicIp(address=ip_address("203.0.113.8"))


def step(call: str, *claims: Claim, stage: int = 0, **more: object) -> Step:
    fields = {"params": {}, "summary": call, "stage": stage, **more}
    return Step(call=call, claims=claims, **fields)  # type: ignore[arg-type]


def plan(*lanes: tuple[Step, ...]) -> Plan:
    numbered = tuple(Lane(key=str(n), steps=steps) for n, steps in enumerate(lanes))
    return Plan(instance="edge", node=Node(ref="eni-a"), holdings=(), lanes=numbered)


class Writer:
    """Does nothing but remember, and fail where it is told to."""

    def __init__(self, **errors: BaseException | list[BaseException]) -> None:
        self.errors = errors
        self.done: list[str] = []

    def execute(self, step: Step) -> None:
        error = self.errors.get(step.call)
        if isinstance(error, list):
            error = error.pop(0) if error else None
        if error is not None:
            raise error
        self.done.append(step.call)


def test_stages_of_a_lane_run_in_order() -> None:
    writer = Writer()
    lane = (step("last", OTHER, stage=7), step("first", PRIVATE), step("second", ON_IT, stage=1))
    applied = apply_plan(plan(lane), writer, ready_run())
    assert writer.done == ["first", "second", "last"]
    assert len(applied.done) == 3
    assert applied.errors == {}


def test_lanes_and_the_steps_of_one_stage_run_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=60)

    class Meeting(Writer):
        def execute(self, step: Step) -> None:
            together.wait()

    lanes = plan((step("x", PRIVATE), step("y", ON_IT)), (step("z", OTHER),))
    assert len(apply_plan(lanes, Meeting(), ready_run()).done) == 3


def test_steps_of_different_calls_are_begun_in_turn_also_out_of_one_lane() -> None:
    """Many steps that wait for their call's limit leave threads to those of another call."""
    writer = Writer()
    table = tuple(step("route", OTHER) for _ in range(3))
    addresses = [(step("address", PRIVATE),) for _ in range(3)]
    apply_plan(plan(table, *addresses), writer, ready_run(width=1))
    assert writer.done == ["route", "address"] * 3


def test_one_step_alone_waits_for_no_thread_to_start() -> None:
    seen: list[int] = []

    class Here(Writer):
        def execute(self, step: Step) -> None:
            seen.append(threading.get_ident())
            raise DeniedError("no")

    applied = apply_plan(plan((step("x", OTHER),)), Here(), ready_run())
    assert seen == [threading.get_ident()]
    assert isinstance(applied.errors[OTHER], DeniedError)


def test_what_builds_on_a_failed_claim_is_not_begun_and_the_rest_is() -> None:
    denied = DeniedError("no")
    writer = Writer(assign=denied)
    lane = (
        step("assign", PRIVATE),
        step("same-claim", PRIVATE, stage=1),
        step("sits-on-it", ON_IT, stage=1),
        step("independent", OTHER, stage=2),
    )
    applied = apply_plan(plan(lane, (step("elsewhere", OTHER),)), writer, ready_run())
    assert sorted(writer.done) == ["elsewhere", "independent"]
    assert applied.errors == {PRIVATE: denied}
    assert error_of(ON_IT, applied.errors) is denied


def test_a_lane_whose_whole_next_stage_is_orphaned_goes_on_after_it() -> None:
    writer = Writer(release=ConflictError("412"))
    lane = (step("release", OTHER), step("take", OTHER, stage=1), step("on", PRIVATE, stage=2))
    apply_plan(plan(lane), writer, ready_run())
    assert writer.done == ["on"]


def test_a_transient_error_is_retried_and_its_attempts_are_written_down() -> None:
    journal = ListJournal()
    writer = Writer(take=[TransientError("503"), TransientError("503")])
    apply_plan(plan((step("take", OTHER),)), writer, ready_run(journal=journal))
    (done,) = journal.events("done")
    assert done["attempts"] == 3
    assert done["claims"] == ["public-ip 203.0.113.8"]
    assert done["duration_ms"] > 0


def test_a_failure_is_written_down_with_the_clouds_code() -> None:
    journal = ListJournal()
    writer = Writer(take=ConflictError("412: gone", code="PreconditionFailed"))
    apply_plan(plan((step("take", OTHER),)), writer, ready_run(journal=journal))
    (failed,) = journal.events("failed")
    assert (failed["code"], failed["error"]) == ("PreconditionFailed", "412: gone")
    journal = ListJournal()
    apply_plan(plan((step("t", OTHER),)), Writer(t=DeniedError("no")), ready_run(journal=journal))
    assert journal.events("failed")[0]["code"] == "DeniedError"


def test_what_a_step_destroys_is_settled_before_it_is_done() -> None:
    journal = ListJournal()

    class Checking(Writer):
        def execute(self, step: Step) -> None:
            assert journal.settled == 1

    facts = {"allocation_id": "eipalloc-9"}
    applied = apply_plan(
        plan((step("take", OTHER, destroys=facts),)), Checking(), ready_run(journal=journal)
    )
    assert applied.errors == {}
    assert journal.events("intent")[0]["facts"] == facts


def test_a_harmless_step_waits_for_no_disk() -> None:
    journal = ListJournal()
    apply_plan(plan((step("take", OTHER),)), Writer(), ready_run(journal=journal))
    assert journal.settled == 0


def test_a_crash_is_never_swallowed() -> None:
    with pytest.raises(Crash):
        apply_plan(plan((step("take", OTHER),)), Writer(take=Crash()), ready_run())


def test_a_bug_of_a_provider_is_an_error_of_its_claims_and_stops_no_other_lane() -> None:
    journal = ListJournal()
    writer = Writer(take=KeyError("AllocationId"))
    lanes = plan((step("take", OTHER),), (step("first", PRIVATE), step("then", PRIVATE, stage=1)))
    applied = apply_plan(lanes, writer, ready_run(journal=journal))
    assert writer.done == ["first", "then"]
    assert "bug in the provider" in str(applied.errors[OTHER])
    assert journal.events("failed")[0]["code"] == "KeyError"


def test_a_refused_step_is_neither_begun_nor_written_down() -> None:
    def no_longer() -> None:
        raise SupersededError("BACKUP")

    journal = ListJournal()
    run = ready_run(role=no_longer, journal=journal)
    applied = apply_plan(plan((step("take", OTHER),)), Writer(), run)
    assert (applied.begun, journal.events("intent")) == ([], [])
    assert isinstance(applied.errors[OTHER], SupersededError)


def test_a_plan_without_lanes_does_nothing() -> None:
    applied = apply_plan(plan(), Writer(), ready_run())
    assert (applied.begun, applied.done, applied.errors) == ([], [], {})


def test_a_lane_without_steps_does_nothing() -> None:
    assert apply_plan(plan(()), Writer(), ready_run()).done == []


def test_what_shares_a_step_with_a_failed_claim_is_not_begun_and_told_apart() -> None:
    denied = DeniedError("no")
    lane = (step("release", OTHER), step("add", OTHER, PRIVATE, stage=1))
    writer = Writer(release=denied)
    applied = apply_plan(plan(lane), writer, ready_run())
    assert writer.done == []
    assert (applied.errors, applied.collateral) == ({OTHER: denied}, {PRIVATE: denied})

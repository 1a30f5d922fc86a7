"""One claim does not stop another: not by its error, its batch, its address or its slowness."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import msgspec
import pytest
from cloudfail.errors import (
    CloudfailError,
    ConflictError,
    DeniedError,
    NotFoundError,
    ProviderError,
)
from cloudfail.model import Claim, Holding, Lane, Node, Owner, Step
from cloudfail.planner import build_plan
from cloudfail.promote import promote
from cloudfail.testing import FakeClock, FakeCloud, Fault, ListJournal, ready_run

from unit.promoting import FIRST, ON_FIRST, SECOND, cloud_of

INVALID = ProviderError("InvalidParameterValue: 10.0.0.101", code="InvalidParameterValue")
BY_ERROR = [ConflictError("IncorrectState"), NotFoundError("10.0.0.101 is gone"), INVALID]


@pytest.mark.parametrize("atomic", [True, False])
@pytest.mark.parametrize("error", BY_ERROR, ids=lambda error: type(error).__name__)
def test_a_bad_claim_of_a_batch_fails_alone(error: CloudfailError, atomic: bool) -> None:
    run = ready_run(seconds=30)
    held: dict[Claim, str] = {FIRST: "b", SECOND: "b" if atomic else ""}
    cloud = cloud_of(run, held, atomic=atomic, batch=True, bad={SECOND: error})
    outcome = promote(cloud, [FIRST, SECOND], run)
    assert cloud.world.held == {FIRST: "a", SECOND: held[SECOND]}
    assert [result.error for result in outcome.results] == [None, error]


@pytest.mark.parametrize("order", [(FIRST, SECOND, ON_FIRST), (ON_FIRST, SECOND, FIRST)])
@pytest.mark.parametrize("sits", ["b", "c"])
def test_an_address_on_one_of_a_bad_batch_moves_with_it(
    order: tuple[Claim, ...], sits: str
) -> None:
    run = ready_run(seconds=30)
    held = {FIRST: "b", SECOND: "b", ON_FIRST: sits}
    cloud = cloud_of(run, held, batch=True, bad={SECOND: INVALID})
    outcome = promote(cloud, order, run)
    assert cloud.world.held == {FIRST: "a", SECOND: "b", ON_FIRST: "a"}
    assert {r.claim for r in outcome.results if r.error is not None} == {SECOND}


@pytest.mark.parametrize("order", [(FIRST, SECOND, ON_FIRST), (ON_FIRST, FIRST, SECOND)])
def test_taken_apart_an_address_still_follows_the_one_it_sits_on(order: tuple[Claim, ...]) -> None:
    cloud = cloud_of(ready_run(), {FIRST: "b", SECOND: "b", ON_FIRST: "c"}, batch=True)
    (lane,) = build_plan(cloud, order, instance="edge", apart=True).lanes
    in_order = [step.claims for step in sorted(lane.steps, key=lambda step: step.stage)]
    assert in_order.index((ON_FIRST,)) > in_order.index((FIRST,))


def test_an_address_waits_for_the_one_it_sits_on() -> None:
    run = ready_run()
    cloud = cloud_of(run, {FIRST: "b", ON_FIRST: ""}, writes=[Fault.IGNORED])
    outcome = promote(cloud, [FIRST, ON_FIRST], run)
    assert outcome.exit_code == 0
    assert cloud.world.held == {FIRST: "a", ON_FIRST: "a"}


def test_a_call_that_did_nothing_is_repeated_though_others_keep_the_run_busy() -> None:
    run = ready_run(seconds=60)
    error = ConflictError("IncorrectState")
    ignored = [Fault.IGNORED]
    cloud = cloud_of(run, {FIRST: "b", SECOND: "b"}, writes=ignored, bad={SECOND: error})
    outcome = promote(cloud, [FIRST, SECOND], run)
    assert cloud.world.held[FIRST] == "a"
    assert [result.error for result in outcome.results] == [None, error]


@pytest.mark.parametrize("first_held_by", ["b", ""])
def test_a_denied_remove_holds_up_no_other_holders_add(first_held_by: str) -> None:
    run = ready_run()
    held: dict[Claim, str] = {FIRST: first_held_by, SECOND: "c"}
    denied = DeniedError("ec2:UnassignIpv6Addresses")
    cloud = cloud_of(run, held, atomic=False, batch=True, bad={SECOND: denied})
    outcome = promote(cloud, [FIRST, SECOND], run)
    assert cloud.world.held == {FIRST: "a", SECOND: "c"}
    assert outcome.exit_code == 77


def test_what_only_shared_an_add_with_a_denied_remove_gets_one_of_its_own() -> None:
    class OneAdd(FakeCloud):
        """Removes from each holder; one add for all."""

        def steps(self, holdings: Sequence[Holding], node: Node) -> Sequence[Lane]:
            steps = [step for lane in super().steps(holdings, node) for step in lane.steps]
            adds = [step for step in steps if not step.releases]
            if not adds:
                return ()
            claims = tuple(claim for step in adds for claim in step.claims)
            params = {"holder": node.ref, "names": [str(claim) for claim in claims]}
            add = msgspec.structs.replace(adds[0], claims=claims, params=params, stage=1)
            removes = (step for step in steps if step.releases)
            return (Lane(key="eni", steps=(*removes, add)),)

    run = ready_run()
    denied = DeniedError("not from c")
    cloud = cloud_of(run, {FIRST: "b", SECOND: "c"}, OneAdd, atomic=False, bad={SECOND: denied})
    outcome = promote(cloud, [FIRST, SECOND], run)
    assert cloud.world.held == {FIRST: "a", SECOND: "c"}
    assert [result.error for result in outcome.results] == [None, denied]


def test_an_address_on_a_private_one_that_nobody_claims_moves_by_itself() -> None:
    run = ready_run()
    cloud = cloud_of(run, {ON_FIRST: "b"})
    assert promote(cloud, [ON_FIRST], run).exit_code == 0


def test_a_bug_in_one_lane_leaves_no_other_with_nobody() -> None:
    broken = threading.Event()

    class Broken(FakeCloud):
        def execute(self, step: Step) -> None:
            if SECOND in step.claims:
                broken.set()
                raise KeyError("NetworkInterfaceId")
            assert broken.wait(60)
            super().execute(step)

    journal = ListJournal()
    run = ready_run(journal=journal)
    cloud = cloud_of(run, {FIRST: "b", SECOND: "b"}, Broken, atomic=False)
    outcome = promote(cloud, [FIRST, SECOND], run)
    assert cloud.world.held == {FIRST: "a", SECOND: "b"}
    assert "bug in the provider" in str(outcome.results[1].error)
    assert "KeyError" in {fields.get("code") for fields in journal.events("failed")}


def test_a_claim_that_does_not_show_delays_no_other() -> None:
    clock = FakeClock()
    run = ready_run(clock=clock)
    tried: list[float] = []

    class Timed(FakeCloud):
        def execute(self, step: Step) -> None:
            if FIRST in step.claims:
                tried.append(clock.now())
                if len(tried) == 1:
                    raise ConflictError("412", code="PreconditionFailed")
            super().execute(step)

    cloud = cloud_of(run, {FIRST: "b", SECOND: "b"}, Timed, writes=[Fault.IGNORED])
    assert promote(cloud, [FIRST, SECOND], run).exit_code == 0
    assert tried[1] - tried[0] < 1.0


def test_what_was_ours_and_is_taken_meanwhile_is_not_called_ours() -> None:
    run = ready_run(seconds=30)

    class Robbed(FakeCloud):
        """When the second claim shows at last, the first one is gone again."""

        def execute(self, step: Step) -> None:
            super().execute(step)
            if [SECOND in sent.claims for sent in self.sent].count(True) == 2:
                self.bad[FIRST] = DeniedError("no more")
                self.world.put(FIRST, "c")

    cloud = cloud_of(run, {FIRST: "a", SECOND: "b"}, Robbed, writes=[Fault.IGNORED])
    outcome = promote(cloud, [FIRST, SECOND], run)
    assert [result.owner for result in outcome.results] == [Owner.PEER, Owner.MINE]
    assert outcome.exit_code == 77

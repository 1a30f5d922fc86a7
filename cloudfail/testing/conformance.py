"""What every provider must do, as tests: subclass `ConformanceSuite` and give it a `harness`.

    class TestMine(ConformanceSuite):
        @pytest.fixture
        def harness(self): return MyHarness(...)

A harness stands for a cloud that the tests may arrange: a real fake over sockets, not a mock.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec
import pytest

from cloudfail.errors import SupersededError
from cloudfail.model import Claim, Owner, Plan, to_json
from cloudfail.planner import build_plan
from cloudfail.promote import promote
from cloudfail.provider import ApiCall, Provider, ProviderSpec, Setup
from cloudfail.run import Run
from cloudfail.testing.runs import ready_run


class Harness(Protocol):
    """A world with this node, one peer, one stranger, and claims of every kind that is offered."""

    spec: ProviderSpec
    claims: Sequence[Claim]

    def setup(self) -> Setup:
        """Return a setup for this node, the peer configured; hooks are replaced by the suite."""
        ...

    def give(self, claim: Claim, owner: Owner) -> bool:
        """Arrange who holds a claim; False when the cloud cannot be in that state."""
        ...

    def writes(self) -> int:
        """Return how many mutating requests the cloud has received so far."""
        ...

    def elsewhere(self) -> Mapping[str, str]:
        """Return everything that nobody claimed, so that a change of it is seen."""
        ...


class _Recorder:
    """The two hooks of a setup, for one provider under test."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.calls: list[ApiCall] = []
        self.refuse = False

    def before_write(self, operation: str) -> None:
        self.asked.append(operation)
        if self.refuse:
            raise SupersededError("the suite says: no longer master")

    @property
    def reads(self) -> int:
        return sum(not call.mutating for call in self.calls)


def _built(harness: Harness) -> tuple[Provider, _Recorder]:
    recorder = _Recorder()
    setup = msgspec.structs.replace(
        harness.setup(), before_write=recorder.before_write, on_call=recorder.calls.append
    )
    return harness.spec.build(setup), recorder


def _promoting(harness: Harness) -> tuple[Provider, Run]:
    run = ready_run()
    setup = msgspec.structs.replace(
        harness.setup(), before_write=run.before_write, on_call=run.on_call
    )
    return harness.spec.build(setup), run


def _plan(provider: Provider, harness: Harness) -> Plan:
    return build_plan(provider, harness.claims, instance="conformance")


def _give_all(harness: Harness, owner: Owner) -> None:
    for claim in harness.claims:
        if not harness.give(claim, owner):
            pytest.skip(f"{claim} cannot be {owner.value}'s on this cloud")


class ConformanceSuite:
    """The obligations of `cloudfail.provider`, one test each."""

    def test_every_offered_kind_is_in_the_harness(self, harness: Harness) -> None:
        assert {claim.kind for claim in harness.claims} == set(harness.spec.kinds)

    def test_identify_is_stable_and_names_an_interface(self, harness: Harness) -> None:
        provider, _ = _built(harness)
        node = provider.identify()
        assert node.ref
        assert provider.identify() == node

    @pytest.mark.parametrize("owner", [Owner.MINE, Owner.PEER, Owner.NOBODY, Owner.STRANGER])
    def test_observe_says_who_holds_each_claim_in_order(
        self, harness: Harness, owner: Owner
    ) -> None:
        provider, _ = _built(harness)
        provider.identify()
        for claim in harness.claims:
            if not harness.give(claim, owner):
                continue
            (holding,) = provider.observe([claim])
            assert (holding.claim, holding.owner) == (claim, owner)
            assert bool(holding.holder) == (owner is not Owner.NOBODY)
        both = provider.observe(list(reversed(harness.claims)))
        assert [holding.claim for holding in both] == list(reversed(harness.claims))

    def test_observe_writes_nothing_and_asks_for_no_role(self, harness: Harness) -> None:
        _give_all(harness, Owner.PEER)
        before = harness.writes()
        provider, recorder = _built(harness)
        provider.identify()
        provider.observe(harness.claims)
        assert harness.writes() == before
        assert recorder.asked == []
        assert not any(call.mutating for call in recorder.calls)

    def test_observe_is_batched(self, harness: Harness) -> None:
        provider, recorder = _built(harness)
        provider.identify()
        provider.observe(harness.claims)
        together = recorder.reads
        recorder.calls.clear()
        for claim in harness.claims:
            provider.observe([claim])
        assert together <= recorder.reads

    def test_steps_are_pure_and_deterministic(self, harness: Harness) -> None:
        _give_all(harness, Owner.PEER)
        provider, recorder = _built(harness)
        node = provider.identify()
        holdings = provider.observe(harness.claims)
        recorder.calls.clear()
        first, second = provider.steps(holdings, node), provider.steps(holdings, node)
        assert list(first) == list(second)
        assert recorder.calls == []
        assert {claim for lane in first for step in lane.steps for claim in step.claims}

    @pytest.mark.parametrize("owner", [Owner.MINE, Owner.STRANGER, Owner.UNKNOWN])
    def test_steps_leave_alone_what_is_not_to_be_moved(
        self, harness: Harness, owner: Owner
    ) -> None:
        _give_all(harness, Owner.PEER)
        provider, _ = _built(harness)
        node = provider.identify()
        seen = provider.observe(harness.claims)
        holdings = [msgspec.structs.replace(holding, owner=owner) for holding in seen]
        assert list(provider.steps(holdings, node)) == []

    def test_steps_leave_alone_what_has_an_obstacle(self, harness: Harness) -> None:
        _give_all(harness, Owner.PEER)
        provider, _ = _built(harness)
        node = provider.identify()
        seen = provider.observe(harness.claims)
        holdings = [msgspec.structs.replace(holding, obstacle="no") for holding in seen]
        assert list(provider.steps(holdings, node)) == []

    def test_a_step_is_json_and_a_command_line(self, harness: Harness) -> None:
        _give_all(harness, Owner.PEER)
        provider, _ = _built(harness)
        for step in _plan(provider, harness).steps:
            assert json.loads(json.dumps(to_json(step)))["call"] == step.call
            argv = list(harness.spec.render(step))
            assert argv
            assert all(argv)

    @pytest.mark.parametrize("owner", [Owner.PEER, Owner.NOBODY])
    def test_promote_takes_everything_and_a_second_one_writes_nothing(
        self, harness: Harness, owner: Owner
    ) -> None:
        for claim in harness.claims:
            harness.give(claim, owner)
        elsewhere = harness.elsewhere()
        provider, run = _promoting(harness)
        outcome = promote(provider, harness.claims, run)
        assert [result.error for result in outcome.results] == [None] * len(harness.claims)
        assert outcome.changed
        assert harness.elsewhere() == elsewhere
        writes = harness.writes()
        again, run = _promoting(harness)
        second = promote(again, harness.claims, run)
        assert (second.changed, second.exit_code) == (False, 0)
        assert harness.writes() == writes

    def test_a_done_step_may_be_done_again(self, harness: Harness) -> None:
        _give_all(harness, Owner.PEER)
        provider, _ = _built(harness)
        steps = _plan(provider, harness).steps
        for step in sorted(steps, key=lambda step: step.stage):
            provider.execute(step)
            provider.execute(step)
        assert {h.owner for h in provider.observe(harness.claims)} == {Owner.MINE}

    def test_every_mutating_request_passes_the_role_check(self, harness: Harness) -> None:
        _give_all(harness, Owner.PEER)
        provider, recorder = _built(harness)
        steps = _plan(provider, harness).steps
        before = harness.writes()
        for step in sorted(steps, key=lambda step: step.stage):
            provider.execute(step)
        assert len(recorder.asked) >= harness.writes() - before > 0
        assert sum(call.mutating for call in recorder.calls) == harness.writes() - before

    def test_a_refused_role_check_sends_nothing(self, harness: Harness) -> None:
        _give_all(harness, Owner.PEER)
        provider, recorder = _built(harness)
        steps = _plan(provider, harness).steps
        recorder.refuse = True
        before = harness.writes()
        for step in steps:
            with pytest.raises(SupersededError):
                provider.execute(step)
        assert harness.writes() == before

    def test_check_changes_nothing(self, harness: Harness) -> None:
        _give_all(harness, Owner.PEER)
        provider, _ = _built(harness)
        plan = _plan(provider, harness)
        before = _plan(provider, harness).digest
        findings = provider.check(plan.lanes)
        assert all(finding.message for finding in findings)
        assert _plan(provider, harness).digest == before

    def test_permissions_name_a_method_and_a_reason(self, harness: Harness) -> None:
        permissions = harness.spec.permissions(harness.claims)
        assert any(permission.write for permission in permissions)
        assert all(p.action and p.method and p.why for p in permissions)

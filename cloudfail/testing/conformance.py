"""What every provider must do, as tests: subclass `ConformanceSuite` and give it a `harness`.

    class TestMine(ConformanceSuite):
        @pytest.fixture
        def harness(self): return MyHarness(...)

A harness stands for a cloud that the tests may arrange: a real fake over sockets, not a mock.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec
import pytest

from cloudfail.errors import ProviderError, SupersededError, TransientError
from cloudfail.model import Claim, Owner, Plan, Step, to_json
from cloudfail.planner import build_plan
from cloudfail.promote import promote
from cloudfail.provider import ApiCall, Provider, ProviderSpec, Setup
from cloudfail.run import Run
from cloudfail.testing.runs import ready_run
from cloudfail.tidy import taking


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

    def more(self, count: int) -> Sequence[Claim]:
        """Return that many further claims, all of one kind and all the peer's."""
        ...

    def writes(self) -> int:
        """Return how many mutating requests the cloud has received so far, failed ones too."""
        ...

    def reads(self) -> int:
        """Return how many other requests the cloud's API has received so far."""
        ...

    def fail_reads(self) -> AbstractContextManager[None]:
        """Until it ends, each look at who holds what is throttled, or ends in an error."""
        ...

    def fail_writes(self) -> AbstractContextManager[None]:
        """Until it ends, each mutating request is throttled, or ends in another passing error."""
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

    @property
    def writes(self) -> int:
        return sum(call.mutating for call in self.calls)


def _built(harness: Harness, setup: Setup | None = None) -> tuple[Provider, _Recorder]:
    recorder = _Recorder()
    setup = msgspec.structs.replace(
        setup or harness.setup(),
        before_write=recorder.before_write,
        on_call=recorder.calls.append,
    )
    return harness.spec.build(setup), recorder


def _promoting(harness: Harness) -> tuple[Provider, Run]:
    run = ready_run()
    setup = msgspec.structs.replace(
        harness.setup(),
        before_write=run.before_write,
        while_waiting=run.while_waiting,
        on_call=run.on_call,
    )
    return harness.spec.build(setup), run


def _plan(provider: Provider, harness: Harness) -> Plan:
    return build_plan(provider, harness.claims, instance="conformance")


def _steps(provider: Provider, harness: Harness) -> list[Step]:
    return sorted(_plan(provider, harness).steps, key=lambda step: step.stage)


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

    def test_the_requests_of_observe_do_not_grow_with_the_claims(self, harness: Harness) -> None:
        provider, _ = _built(harness)
        provider.identify()
        sent = []
        for claims in (harness.more(2), harness.more(12)):
            before = harness.reads()
            provider.observe(claims)
            sent.append(harness.reads() - before)
        assert sent[0] == sent[1], f"{sent[0]} requests for 2 claims, {sent[1]} for 12"

    def test_every_read_is_told(self, harness: Harness) -> None:
        provider, recorder = _built(harness)
        before = harness.reads()
        provider.identify()
        provider.observe(harness.claims)
        assert recorder.reads >= harness.reads() - before > 0

    def test_a_read_that_failed_does_not_say_who_holds_anything(self, harness: Harness) -> None:
        _give_all(harness, Owner.PEER)
        provider, _ = _built(harness)
        provider.identify()
        with harness.fail_reads():
            try:
                seen = provider.observe(harness.claims)
            except ProviderError:
                return
        assert {holding.owner for holding in seen} == {Owner.UNKNOWN}

    def test_without_peers_everybody_else_is_a_peer(self, harness: Harness) -> None:
        alone = msgspec.structs.replace(harness.setup(), peers=())
        provider, _ = _built(harness, alone)
        for owner in (Owner.PEER, Owner.STRANGER):
            given = [claim for claim in harness.claims if harness.give(claim, owner)]
            assert {holding.owner for holding in provider.observe(given)} <= {Owner.PEER}

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
        lanes = provider.steps(holdings, node)
        if owner is Owner.MINE:  # only a promotion of what is held already may tidy up
            lanes = taking(lanes)
        assert list(lanes) == []

    def test_what_tidies_up_takes_nothing_and_leaves_nothing_to_tidy_up(
        self, harness: Harness
    ) -> None:
        _give_all(harness, Owner.PEER)
        provider, run = _promoting(harness)
        promote(provider, harness.claims, run, tidies=False)
        elsewhere = harness.elsewhere()
        for step in _steps(provider, harness):
            assert step.tidies
            assert not step.releases
            provider.execute(step)
            provider.execute(step)
            assert {h.owner for h in provider.observe(harness.claims)} == {Owner.MINE}
        assert harness.elsewhere() == elsewhere
        assert _steps(provider, harness) == []

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
        for step in _steps(provider, harness):
            provider.execute(step)
            provider.execute(step)
        assert {h.owner for h in provider.observe(harness.claims)} == {Owner.MINE}

    def test_a_remove_is_marked_and_so_is_its_add(self, harness: Harness) -> None:
        _give_all(harness, Owner.PEER)
        provider, _ = _built(harness)
        removed: set[Claim] = set()
        for step in _steps(provider, harness):
            provider.execute(step)
            seen = {holding.claim: holding.owner for holding in provider.observe(harness.claims)}
            nobodys = {claim for claim in step.claims if seen[claim] is Owner.NOBODY}
            added = {claim for claim in removed if seen[claim] is Owner.MINE}
            assert bool(nobodys) <= step.releases, f"{step.call} leaves {nobodys} with nobody"
            assert bool(nobodys) <= bool(step.destroys), f"{step.call} does not say from whom"
            assert bool(added) <= step.completes, f"{step.call} completes the move of {added}"
            removed = (removed | nobodys) - added
        assert not removed

    def test_every_mutating_request_passes_the_role_check_and_is_told(
        self, harness: Harness
    ) -> None:
        _give_all(harness, Owner.PEER)
        provider, recorder = _built(harness)
        for step in _steps(provider, harness):
            before, asked, told = harness.writes(), len(recorder.asked), recorder.writes
            provider.execute(step)
            sent = harness.writes() - before
            assert len(recorder.asked) - asked >= sent > 0
            assert recorder.writes - told == sent

    def test_a_failing_step_is_sent_once(self, harness: Harness) -> None:
        _give_all(harness, Owner.PEER)
        provider, _ = _built(harness)
        steps = _steps(provider, harness)
        with harness.fail_writes():
            for step in steps:
                before = harness.writes()
                with pytest.raises(TransientError):
                    provider.execute(step)
                assert harness.writes() - before <= 1, f"{step.call} was tried again by itself"

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
        before, elsewhere = harness.writes(), harness.elsewhere()
        findings = provider.check(plan.lanes)
        assert harness.writes() == before
        assert harness.elsewhere() == elsewhere
        assert all(finding.message for finding in findings)
        assert _plan(provider, harness).digest == plan.digest

    def test_permissions_name_a_method_and_a_reason(self, harness: Harness) -> None:
        permissions = harness.spec.permissions(harness.claims)
        assert any(permission.write for permission in permissions)
        assert all(p.action and p.method and p.why for p in permissions)

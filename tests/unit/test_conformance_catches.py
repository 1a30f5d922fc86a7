"""The conformance suite is not fooled: each wrong plugin fails the test of the rule it breaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import pytest
from cloudfail.errors import SupersededError, TransientError
from cloudfail.model import Claim, Finding, Holding, Lane, Node, Owner, Step
from cloudfail.provider import ApiCall, Setup
from cloudfail.testing import FakeCloud
from cloudfail.testing.conformance import ConformanceSuite, Harness

from unit.fake_harness import FakeHarness

SUITE = ConformanceSuite()


def deaf(setup: Setup) -> Setup:
    """The same setup, without telling anybody."""

    def forget(call: ApiCall) -> None:
        del call

    return msgspec.structs.replace(setup, on_call=forget)


class OneCallPerClaim(FakeCloud):
    def observe(self, claims: Sequence[Claim]) -> Sequence[Holding]:
        return [super(OneCallPerClaim, self).observe([claim])[0] for claim in claims]


class OneCallPerTenClaims(FakeCloud):
    def observe(self, claims: Sequence[Claim]) -> Sequence[Holding]:
        found: list[Holding] = []
        for start in range(0, len(claims), 10):
            found += super().observe(claims[start : start + 10])
        return found


class GuessesNobody(FakeCloud):
    def observe(self, claims: Sequence[Claim]) -> Sequence[Holding]:
        try:
            return super().observe(claims)
        except TransientError:
            return [Holding(claim=claim, owner=Owner.NOBODY) for claim in claims]


class SilentReads(FakeCloud):
    def observe(self, claims: Sequence[Claim]) -> Sequence[Holding]:
        told, self.setup = self.setup, deaf(self.setup)
        try:
            return super().observe(claims)
        finally:
            self.setup = told


class Unordered(FakeCloud):
    def observe(self, claims: Sequence[Claim]) -> Sequence[Holding]:
        return sorted(super().observe(claims), key=lambda holding: str(holding.claim))


class StrangersWithoutPeers(FakeCloud):
    def _owner(self, holder: str) -> Owner:
        owner = super()._owner(holder)
        return Owner.STRANGER if owner is Owner.PEER and not self.setup.peers else owner


class StrangersArePeers(FakeCloud):
    def _owner(self, holder: str) -> Owner:
        owner = super()._owner(holder)
        return Owner.PEER if owner is Owner.STRANGER else owner


class Retries(FakeCloud):
    def execute(self, step: Step) -> None:
        for _ in range(3):
            try:
                return super().execute(step)
            except TransientError:
                continue
        return super().execute(step)


class SilentWrites(FakeCloud):
    def _receive(self, step: Step) -> None:
        told, self.setup = self.setup, deaf(self.setup)
        try:
            super()._receive(step)
        finally:
            self.setup = told


class AsksOnlyOnce(FakeCloud):
    """Sends two requests for one answer to the question for the role."""

    def execute(self, step: Step) -> None:
        super().execute(step)
        self._receive(step)


class NeverAsks(FakeCloud):
    def execute(self, step: Step) -> None:
        self._receive(step)
        self._accept(step, done=True)


class SendsWhenRefused(FakeCloud):
    def execute(self, step: Step) -> None:
        try:
            super().execute(step)
        except SupersededError:
            self._receive(step)
            raise


class Unmarked(FakeCloud):
    def steps(self, holdings: Sequence[Holding], node: Node) -> Sequence[Lane]:
        return [
            msgspec.structs.replace(lane, steps=tuple(map(self.change, lane.steps)))
            for lane in super().steps(holdings, node)
        ]

    def change(self, step: Step) -> Step:
        return msgspec.structs.replace(step, releases=False)


class Incomplete(Unmarked):
    def change(self, step: Step) -> Step:
        return msgspec.structs.replace(step, completes=False)


class Forgets(Unmarked):
    def change(self, step: Step) -> Step:
        return msgspec.structs.replace(step, destroys={})


class TakesUnknown(FakeCloud):
    def steps(self, holdings: Sequence[Holding], node: Node) -> Sequence[Lane]:
        known = [msgspec.structs.replace(h, owner=Owner.PEER) for h in holdings]
        return super().steps(known, node)


class ReleasesAllOfTheHolder(FakeCloud):
    def _do(self, step: Step) -> None:
        if step.releases:
            step = msgspec.structs.replace(step, params={**step.params, "names": ()})
        super()._do(step)


class TakesThePrimaryToo(FakeCloud):
    def _do(self, step: Step) -> None:
        names = [*step.params["names"], "private-ip 10.0.0.11"]
        super()._do(msgspec.structs.replace(step, params={**step.params, "names": names}))


class CheckTriesForReal(FakeCloud):
    def check(self, lanes: Sequence[Lane]) -> Sequence[Finding]:
        before = dict(self.world.held)
        for lane in lanes:
            for step in lane.steps:
                super().execute(step)
        for claim, holder in before.items():
            self.world.put(claim, holder)
        return []


class ReadsWhilePlanning(FakeCloud):
    def steps(self, holdings: Sequence[Holding], node: Node) -> Sequence[Lane]:
        return super().steps(self.observe([holding.claim for holding in holdings]), node)


def holders_are(owner: Owner) -> Callable[[Harness], None]:
    return lambda harness: SUITE.test_observe_says_who_holds_each_claim_in_order(harness, owner)


def promoting(harness: Harness) -> None:
    SUITE.test_promote_takes_everything_and_a_second_one_writes_nothing(harness, Owner.PEER)


def steps_of_unknown(harness: Harness) -> None:
    SUITE.test_steps_leave_alone_what_is_not_to_be_moved(harness, Owner.UNKNOWN)


BATCHED = SUITE.test_the_requests_of_observe_do_not_grow_with_the_claims
ASKING = SUITE.test_every_mutating_request_passes_the_role_check_and_is_told
MARKED = SUITE.test_a_remove_is_marked_and_so_is_its_add
RULES: list[tuple[type[FakeCloud], bool, Callable[[Harness], None]]] = [
    (OneCallPerClaim, True, BATCHED),
    (OneCallPerTenClaims, True, BATCHED),
    (GuessesNobody, True, SUITE.test_a_read_that_failed_does_not_say_who_holds_anything),
    (SilentReads, True, SUITE.test_every_read_is_told),
    (Unordered, True, holders_are(Owner.MINE)),
    (StrangersWithoutPeers, True, SUITE.test_without_peers_everybody_else_is_a_peer),
    (StrangersArePeers, True, holders_are(Owner.STRANGER)),
    (Retries, True, SUITE.test_a_failing_step_is_sent_once),
    (SilentWrites, True, ASKING),
    (AsksOnlyOnce, True, ASKING),
    (NeverAsks, True, ASKING),
    (NeverAsks, True, SUITE.test_a_refused_role_check_sends_nothing),
    (SendsWhenRefused, True, SUITE.test_a_refused_role_check_sends_nothing),
    (Unmarked, False, MARKED),
    (Incomplete, False, MARKED),
    (Forgets, False, MARKED),
    (TakesUnknown, True, steps_of_unknown),
    (ReleasesAllOfTheHolder, False, promoting),
    (TakesThePrimaryToo, True, promoting),
    (CheckTriesForReal, True, SUITE.test_check_changes_nothing),
    (ReadsWhilePlanning, True, SUITE.test_steps_are_pure_and_deterministic),
]


@pytest.mark.parametrize(
    ("plugin", "atomic", "rule"), RULES, ids=lambda value: getattr(value, "__name__", None)
)
@pytest.mark.parametrize("batch", [False, True], ids=["single", "batch"])
def test_a_wrong_plugin_is_caught(
    plugin: type[FakeCloud], atomic: bool, rule: Callable[[Harness], None], batch: bool
) -> None:
    rule(FakeHarness(atomic=atomic, batch=batch))
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        rule(FakeHarness(plugin, atomic=atomic, batch=batch))

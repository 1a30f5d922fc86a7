"""A plan is one look and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

import pytest
from cloudfail.errors import ProviderError
from cloudfail.guard import Rules
from cloudfail.model import Claim, Holding, Lane, Node, Owner, PrivateIp, PublicIp, Route, Step
from cloudfail.planner import build_plan
from cloudfail.testing import FakeCloud, FakeWorld

PUBLIC = PublicIp(address=ip_address("203.0.113.7"))
FIRST = PrivateIp(address=ip_address("10.0.0.100"))
SECOND = PrivateIp(address=ip_address("10.0.0.101"))
ROUTE = Route(destination=ip_network("10.99.0.0/16"), table="rtb-1")


class Batching(FakeCloud):
    """All private addresses in one step on one lane, as AWS does it."""

    def steps(self, holdings: Sequence[Holding], node: Node) -> Sequence[Lane]:
        claims = tuple(h.claim for h in holdings if h.owner is Owner.PEER and not h.obstacle)
        if not claims:
            return ()
        step = Step(call="Assign", claims=claims, params={}, summary="assign")
        again = Step(call="Confirm", claims=claims, params={}, summary="confirm", stage=1)
        return (Lane(key="eni-a", steps=(step, again)),)


def test_a_protected_claim_is_planned_around() -> None:
    cloud = FakeCloud(FakeWorld({PUBLIC: "b", ROUTE: "b"}), "a")
    rules = Rules(protected=(ip_network("10.99.0.0/16"),))
    plan = build_plan(cloud, [PUBLIC, ROUTE], instance="edge", rules=rules)
    assert [step.claims for step in plan.steps] == [(PUBLIC,)]
    assert plan.blocked


def test_an_owned_world_needs_no_steps() -> None:
    plan = build_plan(FakeCloud(FakeWorld({PUBLIC: "a"}), "a"), [PUBLIC], instance="edge")
    assert (plan.steps, plan.blocked, plan.instance) == ((), False, "edge")


def test_a_batch_is_taken_apart_in_turn_on_its_own_lane() -> None:
    cloud = Batching(FakeWorld({FIRST: "b", SECOND: "b"}), "a")
    whole = build_plan(cloud, [FIRST, SECOND], instance="edge")
    assert [step.claims for step in whole.steps] == [(FIRST, SECOND), (FIRST, SECOND)]
    apart = build_plan(cloud, [FIRST, SECOND], instance="edge", apart=True)
    (lane,) = apart.lanes
    assert [(step.claims, step.stage) for step in lane.steps] == [
        ((FIRST,), 0),
        ((FIRST,), 1),
        ((SECOND,), 2),
        ((SECOND,), 3),
    ]


class Listening(FakeCloud):
    """Keeps what it was asked to plan together."""

    asked: list[list[Claim]]

    def steps(self, holdings: Sequence[Holding], node: Node) -> Sequence[Lane]:
        self.asked.append([holding.claim for holding in holdings])
        return super().steps(holdings, node)


def test_taken_apart_a_public_ip_still_knows_that_the_private_one_beneath_it_stays() -> None:
    seated = PublicIp(address=ip_address("203.0.113.8"), private_address=FIRST.address)
    stays = Rules(protected=(ip_network("10.0.0.100/32"),))
    for rules, told in ((stays, [[FIRST], [seated, FIRST]]), (Rules(), [[FIRST], [seated]])):
        cloud = Listening(FakeWorld({FIRST: "b", seated: "b"}), "a")
        cloud.asked = []
        build_plan(cloud, [seated, FIRST], instance="edge", rules=rules, apart=True)
        assert cloud.asked == told


def test_a_provider_that_answers_out_of_order_is_a_bug() -> None:
    class Shuffled(FakeCloud):
        def observe(self, claims: Sequence[Claim]) -> Sequence[Holding]:
            return list(reversed(super().observe(claims)))

    cloud = Shuffled(FakeWorld({FIRST: "b", SECOND: "b"}), "a")
    with pytest.raises(ProviderError, match="bug in the provider"):
        build_plan(cloud, [FIRST, SECOND], instance="edge")


@pytest.mark.parametrize("raised", [KeyError("Addresses"), SystemExit(2), AssertionError()])
@pytest.mark.parametrize("method", ["identify", "observe", "steps"])
def test_whatever_a_provider_raises_is_an_error_of_ours(
    method: str, raised: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> object:
        raise raised

    monkeypatch.setattr(FakeCloud, method, broken)
    cloud = FakeCloud(FakeWorld({PUBLIC: "b"}), "a")
    with pytest.raises(ProviderError, match=f"look: this is a bug .* {type(raised).__name__}"):
        build_plan(cloud, [PUBLIC], instance="edge")

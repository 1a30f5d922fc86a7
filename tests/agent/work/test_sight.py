"""What a look is good for: a plan made ahead leaves without another look only where that is safe."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from cloudfail.agent.work.sight import Sight
from cloudfail.model import Holding, Lane, Node, Owner, Plan, PrivateIp, Step

CLAIM = PrivateIp(address=ip_address("10.0.0.100"))
OLDEST = 20.0


def step(**fields: Any) -> Step:
    return Step(call="Assign", claims=(CLAIM,), params={}, summary="take it", **fields)


def sight(*lanes: tuple[Step, ...], owner: Owner = Owner.PEER) -> Sight:
    plan = Plan(
        instance="edge",
        node=Node(ref="a"),
        holdings=(Holding(claim=CLAIM, owner=owner),),
        lanes=tuple(Lane(key=str(index), steps=steps) for index, steps in enumerate(lanes)),
    )
    return Sight(plan=plan, began=100.0, generation=1)


TAKE = (step(),)
CONDITIONAL = (step(releases=True, conditions={"etag": "1"}), step(stage=1, completes=True))
BLIND_REMOVE = (step(releases=True), step(stage=1, completes=True))


@pytest.mark.parametrize("lanes", [(TAKE,), (CONDITIONAL,), (TAKE, CONDITIONAL)])
def test_an_atomic_take_and_a_conditional_write_need_no_other_look(
    lanes: tuple[tuple[Step, ...], ...],
) -> None:
    assert sight(*lanes).is_ready(100.0, OLDEST)


@pytest.mark.parametrize("lanes", [(BLIND_REMOVE,), (TAKE, BLIND_REMOVE)])
def test_a_remove_that_nothing_guards_looks_first(lanes: tuple[tuple[Step, ...], ...]) -> None:
    assert not sight(*lanes).is_ready(100.0, OLDEST)


def test_one_blind_remove_among_the_first_steps_is_enough() -> None:
    assert not sight((step(), step(releases=True))).is_ready(100.0, OLDEST)


def test_a_look_is_good_for_as_long_as_it_is_said_to_be() -> None:
    assert sight(TAKE).is_ready(100.0 + OLDEST, OLDEST)
    assert not sight(TAKE).is_ready(100.1 + OLDEST, OLDEST)


def test_a_plan_of_nothing_looks_first() -> None:
    assert not sight().is_ready(100.0, OLDEST)


@pytest.mark.parametrize("owner", list(Owner))
def test_only_what_was_seen_to_be_ours_is(owner: Owner) -> None:
    assert sight(owner=owner).is_mine is (owner is Owner.MINE)

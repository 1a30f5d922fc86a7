"""The rule: a node that is not master, or doubtful, or does not hold, refuses."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from cloudfail.agent.responder.answering import Answering, Holds, Looked
from cloudfail.agent.role.standing import Standing
from cloudfail.config import Instance
from cloudfail.model import Owner, PublicIp
from cloudfail.role import Role
from hypothesis import given
from hypothesis import strategies as st

CLAIMS = ("public-ip 203.0.113.7", "route 10.99.0.0/16")
MASTER = Standing(role=Role.MASTER, generation=3, since=100.0)
MINE = dict.fromkeys(CLAIMS, "mine")


def look(first: str = "mine", second: str = "mine", *, at: float = 101.0) -> Looked:
    return Looked(at=at, owners=dict(zip(CLAIMS, (first, second), strict=True)))


def as_standing(role: Role | None, generation: int = 3, doubt: str = "") -> Standing:
    return Standing(role=role, generation=generation, since=100.0, doubt=doubt)


def test_a_master_that_holds_everything_answers() -> None:
    assert Holds(CLAIMS).answers(MASTER, look())


@pytest.mark.parametrize("role", [None, *(role for role in Role if role is not Role.MASTER)])
def test_who_is_not_master_does_not_answer(role: Role | None) -> None:
    assert not Holds(CLAIMS).answers(as_standing(role), look())
    assert not Holds(()).answers(as_standing(role), None)


def test_who_is_doubtful_does_not_answer() -> None:
    doubtful = as_standing(Role.MASTER, doubt="no advert of ours left for 4.1 s")
    assert not Holds(CLAIMS).answers(doubtful, look())
    assert not Holds(()).answers(doubtful, None)


@pytest.mark.parametrize("owner", [owner for owner in Owner if owner is not Owner.MINE])
def test_one_claim_that_is_not_ours_is_enough_to_refuse(owner: Owner) -> None:
    assert not Holds(CLAIMS).answers(MASTER, look(first=owner.value))
    assert not Holds(CLAIMS).answers(MASTER, look(second=owner.value))


def test_an_owner_that_nobody_knows_is_not_ours() -> None:
    assert not Holds(CLAIMS).answers(MASTER, look(first="ours, surely"))


def test_a_claim_that_no_look_has_shown_is_unknown() -> None:
    assert not Holds(CLAIMS).answers(MASTER, None)
    assert not Holds(CLAIMS).answers(MASTER, Looked(at=101.0, owners={}))
    assert not Holds(CLAIMS).answers(MASTER, Looked(at=101.0, owners={CLAIMS[0]: "mine"}))


def test_a_look_from_before_this_role_proves_nothing() -> None:
    assert not Holds(CLAIMS).answers(MASTER, look(at=99.9))


def test_without_claims_the_master_answers() -> None:
    assert Holds(()).answers(MASTER, None)


def test_unknown_keeps_the_last_answer_while_the_evidence_holds() -> None:
    rule = Holds(CLAIMS)
    assert rule.answers(MASTER, look())
    assert rule.answers(MASTER, look(first="unknown"))
    assert not rule.answers(MASTER, look(first="unknown", second="peer"))
    assert not rule.answers(MASTER, look(first="unknown"))


@pytest.mark.parametrize(
    "between",
    [
        as_standing(Role.BACKUP, 4),
        as_standing(Role.MASTER, 3, "10.0.1.10 advertises with priority 150, ours is 100"),
    ],
)
def test_what_was_answered_before_a_loss_or_a_doubt_is_forgotten(between: Standing) -> None:
    rule = Holds(CLAIMS)
    assert rule.answers(MASTER, look())
    assert not rule.answers(between, look())
    again = as_standing(Role.MASTER, between.generation + 1)
    assert not rule.answers(again, look(first="unknown"))


def test_a_loss_that_nobody_asked_about_is_forgotten_too() -> None:
    rule = Holds(CLAIMS)
    assert rule.answers(MASTER, look())
    assert not rule.answers(as_standing(Role.MASTER, 5), look(first="unknown"))


def test_an_instance_without_configuration_answers_nothing() -> None:
    edge = Instance(name="edge", provider="aws")
    answering = Answering({"edge": edge}, lambda _: MASTER, lambda _: None)
    assert answering("edge")
    assert not answering("elsewhere")


def test_each_instance_is_asked_for_its_own_claims() -> None:
    claims = (PublicIp(address=IPv4Address("203.0.113.7")),)
    with_claims = Instance(name="a", provider="aws", claims=claims)
    answering = Answering(
        {"a": with_claims, "b": Instance(name="b", provider="aws")},
        lambda _: MASTER,
        lambda _: Looked(at=101.0, owners={str(claims[0]): "peer"}),
    )
    assert (answering("a"), answering("b")) == (False, True)


standings = st.builds(
    Standing,
    role=st.none() | st.sampled_from(Role),
    doubt=st.sampled_from(["", "", "doubtful"]),
    generation=st.integers(0, 3),
    since=st.sampled_from([0.0, 100.0, 200.0]),
)
owners = st.dictionaries(
    st.sampled_from([*CLAIMS, "public-ip 198.51.100.1"]),
    st.sampled_from([*(owner.value for owner in Owner), "mine", "mine", "nonsense", ""]),
)
looks = st.none() | st.builds(Looked, at=st.sampled_from([50.0, 150.0, 250.0]), owners=owners)
moments = st.lists(st.tuples(standings, looks), min_size=1, max_size=30)


@given(moments, st.sampled_from([(), CLAIMS[:1], CLAIMS]))
def test_whatever_happens_in_whatever_order(
    story: list[tuple[Standing, Looked | None]], claims: tuple[str, ...]
) -> None:
    rule = Holds(claims)
    proven: int | None = None  # the generation that was proven, without a break since
    for standing, looked in story:
        answers = rule.answers(standing, looked)
        seen = looked.owners if looked and looked.at >= standing.since else {}
        if not standing.is_master:
            proven = None
        elif all(seen.get(claim) == "mine" for claim in claims):
            proven = standing.generation
        elif any(seen.get(claim, "unknown") not in ("mine", "unknown") for claim in claims):
            proven = None
        assert answers is (proven is not None and proven == standing.generation)
        if not answers:
            proven = None


@pytest.mark.parametrize(("claimed", "answers"), [("203.0.113.7", True), ("203.0.113.8", False)])
def test_a_reload_forgets_the_last_answer_only_where_the_claims_change(
    claimed: str, answers: bool
) -> None:
    def edge(address: str) -> dict[str, Instance]:
        claims = (PublicIp(address=IPv4Address(address)),)
        return {"edge": Instance(name="edge", provider="aws", claims=claims)}

    seen = [Looked(at=101.0, owners={"public-ip 203.0.113.7": "mine"}), None]
    answering = Answering(edge("203.0.113.7"), lambda _: MASTER, lambda _: seen[0])
    assert answering("edge")
    seen.reverse()  # the new worker has not looked yet
    answering.configure(edge(claimed))
    assert answering("edge") is answers

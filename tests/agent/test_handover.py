"""A handover, moment by moment: the brake is released whatever happens."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from cloudfail.agent.handover import Handover, Phase
from cloudfail.agent.role.standing import Mastering, Standing
from cloudfail.errors import (
    CloudfailError,
    ConfigError,
    DeadlineError,
    RefusedError,
    VerifyError,
)
from cloudfail.role import Role
from hypothesis import given
from hypothesis import strategies as st

MASTER = Standing(role=Role.MASTER, generation=1)
FAULT = Standing(role=Role.FAULT, generation=2)


class Brake:
    def __init__(self, *broken: str) -> None:
        self.done: list[str] = []
        self._broken = broken

    def engage(self) -> None:
        self._do("engage")

    def release(self) -> None:
        self._do("release")

    def _do(self, what: str) -> None:
        self.done.append(what)
        if what in self._broken:
            raise ConfigError("the file is gone")


def peer(age: float, priority: int = 100) -> Mastering:
    return Mastering(
        address=ip_address("10.0.2.10"), priority=priority, better=priority > 150, age=age
    )


def taken(age: float = 0.05) -> Standing:
    return Standing(role=Role.FAULT, generation=2, peers=(peer(age),))


def begun(*broken: str, patience: float = 30.0) -> tuple[Handover, Brake]:
    brake = Brake(*broken)
    handover = Handover("edge", brake, 1.0, patience=patience)
    handover.begin(100.0, MASTER)
    return handover, brake


def test_a_peer_that_masters_and_holds_ends_it_well() -> None:
    handover, brake = begun()
    assert handover.look(100.1, MASTER, is_held=False) == ""
    assert handover.look(100.2, FAULT, is_held=False) == ""
    assert handover.look(100.7, taken(), is_held=False) == ""
    assert handover.look(100.8, taken(), is_held=None) == ""
    assert brake.done == ["engage"]
    said = handover.look(101.2, taken(), is_held=True)
    assert said == "edge was handed over to 10.0.2.10 in 1.2 s"
    assert brake.done == ["engage", "release"]


def test_without_claims_the_peers_advert_is_enough() -> None:
    handover, _ = begun()
    assert "10.0.2.10" in handover.look(100.7, taken(), is_held=True)


@pytest.mark.parametrize(
    "standing",
    [
        Standing(),
        Standing(role=Role.BACKUP),
        FAULT,
        Standing(role=Role.MASTER, doubt="no advert of ours left for 4.1 s"),
    ],
)
def test_only_a_master_without_doubt_hands_over(standing: Standing) -> None:
    brake = Brake()
    with pytest.raises(RefusedError, match=f"edge is {standing.word} here"):
        Handover("edge", brake, 1.0).begin(100.0, standing)
    assert brake.done == []


def test_without_a_peers_advert_the_role_is_taken_back() -> None:
    handover, brake = begun()
    assert handover.look(104.0, FAULT, is_held=None) == ""
    with pytest.raises(DeadlineError, match=r"no peer advertised within 4 s.*takes it back"):
        handover.look(104.1, FAULT, is_held=None)
    assert brake.done == ["engage", "release"]


def test_a_keepalived_that_does_not_track_the_file_is_named() -> None:
    handover, brake = begun()
    with pytest.raises(ConfigError, match="did not go to FAULT"):
        handover.look(104.1, MASTER, is_held=None)
    assert brake.done == ["engage", "release"]


def test_an_advert_from_before_the_handover_is_no_taking_over() -> None:
    handover, _ = begun()
    assert handover.look(100.5, taken(age=0.6), is_held=True) == ""
    assert handover.phase is Phase.LEAVING


def test_a_peer_that_masters_beside_us_has_not_taken_over() -> None:
    both = Standing(role=Role.MASTER, generation=1, peers=(peer(0.1),))
    handover, _ = begun()
    assert handover.look(100.5, both, is_held=True) == ""


def test_a_peer_that_goes_away_again_ends_it() -> None:
    handover, brake = begun()
    handover.look(100.7, taken(), is_held=False)
    with pytest.raises(VerifyError, match=r"10\.0\.2\.10 masters no more"):
        handover.look(104.0, FAULT, is_held=False)
    assert brake.done == ["engage", "release"]


@pytest.mark.parametrize("is_held", [False, None])
def test_a_peer_that_does_not_take_the_claims_ends_it(is_held: bool | None) -> None:
    handover, brake = begun(patience=10.0)
    handover.look(100.7, taken(), is_held=is_held)
    assert handover.look(110.7, taken(), is_held=is_held) == ""
    with pytest.raises(VerifyError, match="does not hold every claim"):
        handover.look(110.8, taken(), is_held=is_held)
    assert brake.done == ["engage", "release"]


def test_a_brake_that_cannot_be_engaged_changes_nothing() -> None:
    brake = Brake("engage")
    with pytest.raises(ConfigError, match="the file is gone"):
        Handover("edge", brake, 1.0).begin(100.0, MASTER)
    assert brake.done == ["engage", "release"]


def test_a_brake_that_cannot_be_released_is_told_with_the_outcome() -> None:
    handover, _ = begun("release")
    with pytest.raises(ConfigError, match=r"was handed over to 10\.0\.2\.10, but .*stays in FAULT"):
        handover.look(100.7, taken(), is_held=True)
    handover, _ = begun("release")
    with pytest.raises(ConfigError, match=r"was not handed over: no peer .*; and .*stays in FAULT"):
        handover.look(104.1, FAULT, is_held=None)


def test_one_that_is_abandoned_releases_once() -> None:
    handover, brake = begun()
    error = handover.abandon("the agent ends")
    assert str(error) == "edge was not handed over: the agent ends"
    handover.abandon("again")
    assert brake.done == ["engage", "release"]


def test_one_that_is_over_goes_no_further() -> None:
    handover, _ = begun()
    handover.look(100.7, taken(), is_held=True)
    with pytest.raises(AssertionError):
        handover.look(100.8, taken(), is_held=True)


looks = st.lists(
    st.tuples(
        st.floats(0.01, 2.0),
        st.none() | st.sampled_from(Role),
        st.lists(st.builds(peer, age=st.floats(0, 3)), max_size=2),
        st.none() | st.booleans(),
    ),
    max_size=40,
)


@given(looks, st.sampled_from([(), ("release",)]))
def test_whatever_happens_it_ends_and_the_brake_is_off(
    story: list[tuple[float, Role | None, list[Mastering], bool | None]], broken: tuple[str, ...]
) -> None:
    handover, brake = begun(*broken, patience=5.0)
    now, said = 100.0, ""
    story = [*story, (10.0, Role.FAULT, [], None), (10.0, Role.FAULT, [], None)]
    for passed, role, peers, is_held in story:
        now += passed
        try:
            standing = Standing(role=role, peers=tuple(peers))
            said = handover.look(now, standing, is_held=is_held)
        except CloudfailError as error:
            said = str(error)
        if said:
            break
        assert brake.done == ["engage"]
    assert said
    assert handover.phase is Phase.OVER
    assert brake.done == ["engage", "release"]

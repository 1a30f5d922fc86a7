"""The played VRRP keeps keepalived's timers and tells keepalived's events."""

from __future__ import annotations

import msgspec
import pytest
from cloudfail.lab.played_vrrp import PlayedVrrp
from cloudfail.lab.topology import Topology

STEP = 0.01
Told = list[tuple[float, str, str]]


class Play:
    def __init__(self, topology: Topology) -> None:
        self.now = 100.0
        self.told: Told = []
        self.vrrp = PlayedVrrp(
            topology, lambda node, role: self.told.append((round(self.now - 100, 2), node, role))
        )

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / STEP)):
            self.now += STEP
            self.vrrp.step(self.now)

    def roles(self) -> str:
        return " ".join(player.role or "-" for player in self.vrrp.players.values())

    def events(self) -> list[tuple[str, str]]:
        events = [(node, role) for _, node, role in self.told]
        self.told.clear()
        return events


@pytest.fixture
def play() -> Play:
    """Two nodes, one second apart; a is master."""
    started = Play(Topology())
    started.vrrp.start("a", started.now)
    started.run(4)
    started.vrrp.start("b", started.now)
    started.run(1)
    assert started.roles() == "MASTER BACKUP"
    started.told.clear()
    return started


def test_the_first_node_is_master_after_three_intervals_and_its_skew() -> None:
    play = Play(Topology())
    play.vrrp.start("a", play.now)
    play.run(5)
    (_, _, first), (at, _, second) = play.told
    assert (first, second) == ("BACKUP", "MASTER")
    assert at == pytest.approx(3 + (256 - 150) / 256, abs=0.02)


def test_a_dead_master_is_noticed_after_master_down(play: Play) -> None:
    play.vrrp.die("a")
    play.run(2.5)
    assert play.events() == []
    play.run(1.5)
    assert play.events() == [("b", "MASTER")]


def test_a_farewell_leaves_only_the_skew(play: Play) -> None:
    play.vrrp.stop("a", play.now)
    play.run(0.5)
    assert play.events() == [("a", "STOP")]
    play.run(0.2)
    assert play.events() == [("b", "MASTER")]


def test_a_returning_better_node_does_not_preempt(play: Play) -> None:
    play.vrrp.die("a")
    play.run(4)
    play.vrrp.start("a", play.now)
    play.run(6)
    assert play.roles() == "BACKUP MASTER"


def test_a_returning_better_node_preempts_where_it_may() -> None:
    play = Play(msgspec.structs.replace(Topology(), preempt=True))
    play.vrrp.start("b", play.now)
    play.run(4)
    play.vrrp.start("a", play.now)
    play.run(6)
    assert play.roles() == "MASTER BACKUP"


@pytest.mark.parametrize("first", ["a", "b"])
def test_after_a_partition_the_survivor_is_told_whoever_speaks_first(
    play: Play, first: str
) -> None:
    play.vrrp.part("a", "b")
    play.run(4)
    assert play.roles() == "MASTER MASTER"
    play.told.clear()
    healed = play.now
    play.vrrp.join("a", "b", healed, first)
    play.run(1)
    assert play.roles() == "MASTER BACKUP"
    assert ("a", "RX_LOWER_PRI") in play.events()
    assert next(node for t, node in play.vrrp.adverts if t > healed) == first


def test_a_cut_link_is_a_fault_at_once_and_a_backup_when_it_is_back(play: Play) -> None:
    play.vrrp.link("a", play.now, up=False)
    assert play.events() == [("a", "FAULT")]
    play.run(4)
    play.vrrp.link("a", play.now, up=True)
    play.run(4)
    assert play.roles() == "BACKUP MASTER"


def test_a_node_that_starts_without_a_link_is_faulty() -> None:
    play = Play(Topology())
    play.vrrp.link("a", play.now, up=False)
    play.vrrp.start("a", play.now)
    assert play.roles() == "FAULT -"


def test_a_frozen_master_wakes_up_as_a_second_one_and_wins(play: Play) -> None:
    play.vrrp.freeze("a", frozen=True)
    play.run(4)
    assert play.roles() == "MASTER MASTER"
    play.vrrp.freeze("a", frozen=False)
    play.run(2)
    assert play.roles() == "MASTER BACKUP"

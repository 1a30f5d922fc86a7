"""Preempting or not, priorities that tracking changes, and every interval that keepalived has."""

from __future__ import annotations

import pytest
from cloudfail.agent.role.keeper import Meaning

from agent.role.node import Node, master

INTERVALS = [0.01, 0.1, 1.0, 3.0, 40.0]


def test_a_preempting_node_acts_while_the_lower_master_still_advertises() -> None:
    node = Node()
    node.told(0.0, "BACKUP")
    node.hears(1.0, 2.0, 3.0)
    assert node.told(3.4, "MASTER") is Meaning.ROLE
    assert node.at(3.4).is_master
    assert node.at(3.4).lower_peer is not None


def test_a_preempted_node_is_stopped_by_the_first_better_advert() -> None:
    node = master(100)
    node.hears(10.001, priority=150)
    assert not node.at(10.001).is_master


def test_with_nopreempt_the_higher_node_stays_backup_under_a_lower_master() -> None:
    node = Node()
    node.told(0.0, "BACKUP")
    for t in range(20):
        node.hears(float(t))
        assert node.word(t + 0.5) == "BACKUP"
    assert node.at(19.5).evidence_age == 0.5
    assert node.at(19.5).better_peer is None


def test_with_nopreempt_a_lower_master_is_certain_beside_a_silent_higher_node() -> None:
    assert master(100).at(10.5).is_master


def test_with_nopreempt_the_higher_node_acts_when_the_lower_master_dies() -> None:
    node = Node()
    node.told(0.0, "BACKUP")
    node.hears(1.0)
    node.told(4.42, "MASTER")
    assert node.at(4.42).is_master


def test_a_priority_that_tracking_lowers_makes_the_peer_the_better_one() -> None:
    node = master(150)
    node.sends(11.0, priority=80)
    assert node.at(11.0).is_master
    node.hears(11.1, priority=100)
    assert node.at(11.1).doubt == "10.0.1.10 advertises with priority 100, ours is 80"


def test_a_priority_is_known_from_its_line_before_its_advert() -> None:
    node = master(150)
    assert node.told(10.1, "MASTER_PRIORITY", 80) is Meaning.NOTHING
    node.hears(10.2, priority=100)
    assert not node.at(10.2).is_master


def test_a_priority_that_tracking_raises_ends_the_doubt() -> None:
    node = master(100)
    node.hears(10.1, priority=120)
    assert not node.at(10.1).is_master
    node.sends(11.0, priority=150)
    assert node.at(11.0).is_master
    assert node.at(11.0).generation == 2


def test_the_priority_of_the_line_goes_before_that_of_an_older_mastership() -> None:
    node = master(100)
    node.told(11.0, "BACKUP", 100)
    node.hears(12.0, 13.0, priority=120)
    node.told(13.5, "MASTER", 150)
    assert node.at(13.5).is_master


def test_a_peer_whose_priority_fell_is_no_longer_better() -> None:
    """A master whose priority tracking lowers is preempted at its next advert."""
    node = Node()
    node.told(0.0, "BACKUP", 100)
    node.hears(1.0, priority=150)
    node.hears(2.0, priority=80)
    node.told(2.7, "MASTER", 100)
    assert node.at(2.7).is_master


@pytest.mark.parametrize("every", INTERVALS)
def test_silence_is_three_intervals_whatever_they_are(every: float) -> None:
    node = master(every=every, until=10 * every)
    assert node.at(12.99 * every).is_master
    assert not node.at(13.01 * every).is_master


@pytest.mark.parametrize("every", INTERVALS)
def test_a_better_peer_counts_for_three_intervals_whatever_they_are(every: float) -> None:
    node = master(100, every=every, until=10 * every)
    node.hears(10 * every, priority=150)
    node.sends(*(index * every for index in range(11, 14)), priority=100)
    assert not node.at(12.99 * every).is_master
    assert node.at(13.01 * every).is_master


@pytest.mark.parametrize("every", INTERVALS)
def test_a_master_is_never_doubted_while_its_adverts_leave(every: float) -> None:
    node = Node(every=every)
    node.told(0.0, "MASTER")
    for index in range(50):
        node.sends(index * every)
        for part in (0.0, 0.5, 0.99):
            assert node.at((index + part) * every).is_master


def test_an_adverts_own_interval_goes_before_the_configured_one() -> None:
    """VRRP 3 advertises it; a reload changes it before anybody tells the agent."""
    node = master(every=1.0, until=10.0)
    node.every = 10.0
    node.sends(11.0)
    assert node.at(40.9).is_master
    assert not node.at(41.0).is_master


def test_an_interval_of_nothing_is_the_configured_one() -> None:
    node = Node()
    node.told(0.0, "MASTER")
    node.every = 0.0
    node.sends(0.0)
    assert node.at(2.9).is_master
    assert not node.at(3.0).is_master


def test_the_configuration_may_change_its_interval_and_keep_the_role() -> None:
    node = master(until=10.0)
    before = node.at(10.0)
    node.keeper.adopt(Node(every=5.0).keeper._subject)
    assert node.at(10.0) == before

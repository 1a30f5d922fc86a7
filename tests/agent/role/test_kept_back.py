"""The peers are gone from the subnet, and no advert leaves: the kernel has nowhere to send it to."""

from __future__ import annotations

import pytest

from agent.role.node import Node, master
from agent.role.test_dying import SILENCE


def waits(node: Node, *times: float, is_ours: bool = True) -> None:
    for t in times:
        node.keeper.kept_back(t, is_ours=is_ours)


def test_a_master_whose_adverts_wait_for_a_peer_that_is_gone_stays_master() -> None:
    node = master(until=10.0)
    waits(node, 12.9, 13.9, 14.9)
    assert node.at(17.8).is_master
    assert node.at(14.9).evidence_age == 0.0
    assert node.at(17.9).doubt == SILENCE
    assert node.keeper.next_change(15.0) == pytest.approx(17.9)


def test_one_that_is_told_so_when_nobody_is_left_goes_on_past_the_first_interval() -> None:
    node = Node()
    node.told(5.0, "MASTER")
    waits(node, 5.2, 6.0, 7.0)
    assert node.at(9.9).is_master


def test_a_better_peer_that_is_heard_counts_all_the_same() -> None:
    node = master(priority=100, until=10.0)
    waits(node, 13.0)
    node.hears(13.5, priority=150)
    assert not node.at(13.6).is_master


def test_an_agent_that_starts_on_the_last_node_left_finds_its_role() -> None:
    node = Node()
    waits(node, 0.1, 1.1, 2.1, 3.1, 4.1)
    assert node.word(3.0) == "unknown", "a master-down interval is listened for first"
    assert node.at(4.5).is_master


@pytest.mark.parametrize("state", ["BACKUP", "FAULT", "STOP"])
def test_what_keepalived_said_before_goes_before_it(state: str) -> None:
    node = Node()
    node.told(0.0, state, drained=True)
    waits(node, 0.1, 1.1, 2.1, 3.1, 4.1)
    assert node.word(4.5) == state


@pytest.mark.parametrize("state", ["BACKUP", "FAULT", "STOP"])
def test_it_makes_nobody_master_who_was_told_another_role(state: str) -> None:
    node = master(until=10.0)
    node.told(11.0, state)
    waits(node, 11.1, 12.1, 13.1, 14.1)
    assert node.word(14.5) == state


def test_of_several_instances_it_makes_none_master() -> None:
    """They send through one socket: whose adverts wait, nobody can tell."""
    node = Node()
    waits(node, 0.1, 1.1, 2.1, 3.1, 4.1, is_ours=False)
    assert node.word(4.5) == "unknown"
    node.told(5.0, "MASTER")
    waits(node, 6.0, 7.0, is_ours=False)
    assert node.at(8.0).is_master


def test_after_a_standstill_it_proves_the_role_once_a_master_down_interval_was_listened() -> None:
    node = master(until=10.0)
    node.keeper.woke_late(60.0, 50.0)
    waits(node, 60.5, 61.5, 62.5, 63.5, 64.5)
    assert not node.at(63.0).is_master
    assert node.at(64.5).is_master


def test_it_is_asked_for_only_while_adverts_are_missed() -> None:
    node = master(until=10.0)
    assert not node.keeper.needs_more(11.4)
    assert node.keeper.needs_more(11.6)
    node.told(12.0, "BACKUP")
    assert not node.keeper.needs_more(20.0)
    assert Node().keeper.needs_more(0.0)

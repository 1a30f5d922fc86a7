"""The pipe was full, or its file removed: the wire finds what the FIFO lost."""

from __future__ import annotations

import pytest
from cloudfail.agent.role.keeper import Meaning

from agent.role.node import Node, master


@pytest.mark.parametrize("every", [0.01, 0.1, 1.0, 40.0])
@pytest.mark.parametrize("state", ["BACKUP", "FAULT", "STOP"])
def test_a_lost_master_is_found_within_three_intervals(state: str, every: float) -> None:
    node = Node(every=every)
    node.told(0.0, state)
    node.sends(100.0)
    assert node.word(100.0) == state
    node.sends(100.0 + every)
    standing = node.at(100.0 + every)
    assert standing.is_master
    assert (standing.generation, standing.since) == (2, 100.0 + every)


def test_a_lost_master_is_not_found_while_a_better_peer_advertises() -> None:
    node = Node()
    node.told(0.0, "BACKUP", 100)
    node.hears(9.0, priority=150)
    node.sends(10.0, 11.0, priority=100)
    assert node.word(11.9) == "BACKUP"
    assert node.at(12.0).is_master


def test_a_lost_master_is_found_beside_a_lower_peer() -> None:
    node = Node()
    node.told(0.0, "BACKUP")
    node.hears(9.5)
    node.sends(10.0, 11.0)
    assert node.at(11.0).is_master


def test_adverts_that_are_silent_again_find_no_master() -> None:
    node = Node()
    node.told(0.0, "BACKUP")
    node.hears(10.0, priority=200)
    node.sends(10.0, 11.0)
    assert node.word(20.0) == "BACKUP"


def test_a_lost_backup_leaves_a_doubt_for_ever_and_never_a_role() -> None:
    """Is it keepalived that is dead, or the line that is lost? Neither may act."""
    node = master(100, until=10.0)
    for t in range(11, 100):
        node.hears(float(t), priority=150)
    standing = node.at(99.5)
    assert (standing.word, standing.generation) == ("doubtful", 2)


def test_a_lost_backup_and_a_lost_master_end_as_master() -> None:
    node = master(100, until=10.0)
    node.hears(11.0, 12.0, priority=150)
    node.sends(15.6, priority=100)
    assert node.at(15.6).is_master


def test_a_second_master_without_another_role_between_means_look_again() -> None:
    node = master(100, until=10.0)
    node.hears(11.0, 12.0, priority=150)
    assert node.told(15.6, "MASTER", 100) is Meaning.AGAIN
    assert node.at(15.6).is_master
    assert node.at(15.6).generation == 2


def test_a_late_read_line_of_what_the_wire_found_is_no_other_role() -> None:
    node = Node()
    node.told(0.0, "BACKUP")
    node.sends(10.0, 11.0)
    assert node.told(11.1, "MASTER") is Meaning.AGAIN
    assert node.at(11.1).generation == 2


def test_rx_lower_pri_on_a_backup_waits_for_the_wire() -> None:
    node = Node()
    node.told(0.0, "BACKUP")
    assert node.told(10.0, "MASTER_RX_LOWER_PRI") is Meaning.NOTHING
    assert node.word(10.0) == "BACKUP"
    node.sends(10.0, 11.0)
    assert node.at(11.0).is_master


def test_a_lost_stop_is_a_dead_keepalived() -> None:
    assert not master(until=10.0).at(13.0).is_master


def test_a_new_line_of_another_role_starts_the_proof_anew() -> None:
    node = Node()
    node.told(0.0, "BACKUP")
    node.sends(10.0)
    node.told(10.5, "FAULT")
    node.sends(11.0)
    assert node.word(11.0) == "FAULT"


def test_adverts_from_before_the_line_of_another_role_find_no_master_however_late_they_are_read() -> (
    None
):
    node = master(100, until=10.0)
    node.told(12.0, "BACKUP", 100)
    node.sends(10.5, 11.5, priority=100)  # had waited in the socket behind many others
    assert node.word(12.0) == "BACKUP"
    node.sends(13.0, 14.0, priority=100)
    assert node.at(14.0).is_master

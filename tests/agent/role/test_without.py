"""Without CAP_NET_RAW, without a FIFO, or without both."""

from __future__ import annotations

import msgspec
from cloudfail.agent.role.keeper import Meaning

from agent.role.node import SUBJECT, Node

DEAF = msgspec.structs.replace(SUBJECT, hears_wire=False)
NO_FIFO = msgspec.structs.replace(SUBJECT, has_fifo=False)
NEITHER = msgspec.structs.replace(SUBJECT, has_fifo=False, hears_wire=False)


def test_without_the_wire_a_master_is_certain_for_one_interval() -> None:
    node = Node(DEAF)
    node.told(5.0, "MASTER")
    assert node.at(5.9).is_master
    assert node.at(6.1).doubt.startswith("the wire is not heard")
    assert "CAP_NET_RAW" in node.at(6.1).doubt


def test_without_the_wire_rx_lower_pri_is_keepalived_saying_it_is_master_now() -> None:
    node = Node(DEAF)
    node.told(5.0, "MASTER")
    assert node.told(20.0, "MASTER_RX_LOWER_PRI") is Meaning.AGAIN
    assert node.at(20.9).is_master
    assert not node.at(21.1).is_master


def test_without_the_wire_nothing_is_found_by_listening() -> None:
    node = Node(DEAF)
    node.told(0.0, "MASTER", drained=True)
    assert node.word(100.0) == "unknown"


def test_without_the_wire_a_drained_backup_is_shown() -> None:
    node = Node(DEAF)
    node.told(0.0, "BACKUP", drained=True)
    assert node.word(4.0) == "BACKUP"


def test_with_a_fifo_a_process_only_brings_the_next_look_forward() -> None:
    node = Node()
    assert node.process(1.0, "MASTER", 10) is Meaning.NOTHING
    assert node.word(1.0) == "unknown"
    node.told(2.0, "MASTER")
    assert node.process(2.1, "MASTER", 20) is Meaning.AGAIN
    assert node.process(2.2, "BACKUP", 30) is Meaning.NOTHING
    assert node.at(2.2).is_master


def test_without_a_fifo_the_newest_process_is_the_role() -> None:
    node = Node(NO_FIFO)
    assert node.process(1.0, "BACKUP", 10) is Meaning.ROLE
    assert node.process(2.0, "MASTER", 20) is Meaning.ROLE
    assert node.at(2.0).is_master


def test_without_a_fifo_a_process_that_started_earlier_says_nothing() -> None:
    """Two processes 3 ms apart are scheduled in either order."""
    node = Node(NO_FIFO)
    node.process(2.0, "MASTER", 20)
    assert node.process(2.1, "BACKUP", 19) is Meaning.NOTHING
    assert node.at(2.1).is_master


def test_without_a_fifo_master_said_again_means_look_again() -> None:
    node = Node(NO_FIFO)
    node.process(2.0, "MASTER", 20)
    assert node.process(3.0, "MASTER", 30) is Meaning.AGAIN


def test_without_a_fifo_the_wire_is_needed_after_an_interval() -> None:
    node = Node(NO_FIFO)
    node.process(2.0, "MASTER", 20)
    assert not node.at(3.1).is_master
    node.sends(3.2)
    assert node.at(3.2).is_master


def test_without_a_fifo_a_peer_is_better_while_our_priority_is_not_known() -> None:
    node = Node(NO_FIFO)
    node.hears(1.9, priority=100)
    node.process(2.0, "MASTER", 20)
    assert node.at(2.0).doubt == "10.0.1.10 advertises with priority 100, ours is not known"
    node.sends(2.001)
    assert node.at(2.001).is_master


def test_without_a_fifo_a_lost_process_is_found_by_the_wire() -> None:
    node = Node(NO_FIFO)
    node.process(2.0, "BACKUP", 20)
    node.sends(10.0, 11.0)
    assert node.at(11.0).is_master


def test_with_neither_the_process_is_believed_for_an_interval() -> None:
    node = Node(NEITHER)
    node.process(2.0, "MASTER", 20)
    assert node.at(2.9).is_master
    assert not node.at(3.1).is_master

"""The first seconds of a keeper: nothing is believed but what is said, or shown, from now on."""

from __future__ import annotations

import pytest
from cloudfail.agent.hearing.lines import FifoLine, State
from cloudfail.agent.role.keeper import Meaning
from cloudfail.keepalived.notify import Kind
from cloudfail.role import Role

from agent.role.node import Node

MASTER_DOWN = 4.0  # 3 intervals and the skew of a priority that is not known


def test_nothing_is_known_before_anything_was_heard() -> None:
    standing = Node().at(1.0)
    assert (standing.role, standing.generation, standing.word) == (None, 0, "unknown")
    assert standing.evidence_age is None
    assert not standing.is_master


def test_nothing_is_known_however_long_nothing_is_heard() -> None:
    assert Node().word(1e6) == "unknown"


def test_a_line_master_is_acted_on_at_once() -> None:
    node = Node()
    assert node.told(0.1, "MASTER") is Meaning.ROLE
    standing = node.at(0.1)
    assert standing.is_master
    assert (standing.generation, standing.since, standing.priority) == (1, 0.1, 150)


@pytest.mark.parametrize("state", ["BACKUP", "FAULT", "STOP"])
def test_a_line_of_another_role_is_the_role(state: str) -> None:
    node = Node()
    assert node.told(0.1, state) is Meaning.ROLE
    assert node.word(0.1) == state


def test_a_deleted_instance_is_stopped() -> None:
    node = Node()
    node.told(0.1, "DELETED")
    assert node.at(0.1).role is Role.STOP


def test_a_drained_master_is_not_believed() -> None:
    node = Node()
    assert node.told(0.0, "MASTER", drained=True) is Meaning.NOTHING
    assert node.word(0.1) == "unknown"
    assert node.word(100.0) == "unknown"


@pytest.mark.parametrize("state", ["BACKUP", "FAULT", "STOP"])
def test_a_drained_line_is_shown_once_the_wire_was_listened_to(state: str) -> None:
    node = Node()
    node.told(0.0, state, drained=True)
    assert node.word(3.0) == "unknown"
    assert node.word(MASTER_DOWN) == state


@pytest.mark.parametrize("state", ["MASTER", "BACKUP", "FAULT", "STOP"])
def test_the_wire_decides_against_a_drained_line(state: str) -> None:
    node = Node()
    node.told(0.0, state, drained=True)
    node.sends(0.4, 1.4, 2.4)
    assert node.word(3.0) == "unknown"
    node.sends(3.4)
    assert node.at(3.42).is_master


def test_an_agent_that_restarts_in_master_knows_it_after_a_master_down_interval() -> None:
    node = Node()
    node.sends(0.2, 1.2, 2.2, 3.2, priority=100)
    assert node.word(3.6) == "unknown"
    standing = node.at(3.0 + 156 / 256)
    assert standing.is_master
    assert (standing.generation, standing.priority) == (1, 100)
    assert standing.since == 0.0  # it was before: no failover of now


def test_an_agent_that_restarts_in_backup_knows_it_from_the_masters_adverts() -> None:
    node = Node()
    node.told(0.0, "MASTER", drained=True)
    node.hears(0.3, 1.3, 2.3, 3.3)
    assert node.word(3.4) == "unknown"
    assert node.word(MASTER_DOWN) == "BACKUP"


def test_of_two_masters_that_hear_each_other_the_lower_is_doubtful_from_the_start() -> None:
    node = Node()
    for t in (0.2, 1.2, 2.2, 3.2):
        node.sends(t, priority=100)
        node.hears(t + 0.1, priority=150)
    assert node.word(MASTER_DOWN) == "doubtful"
    assert node.at(MASTER_DOWN).doubt == "10.0.1.10 advertises with priority 150, ours is 100"


def test_rx_lower_pri_is_said_by_a_master_only() -> None:
    node = Node()
    assert node.told(0.1, "MASTER_RX_LOWER_PRI") is Meaning.ROLE
    assert node.at(0.1).is_master


def test_drained_rx_lower_pri_says_nothing() -> None:
    node = Node()
    assert node.told(0.1, "MASTER_RX_LOWER_PRI", drained=True) is Meaning.NOTHING
    assert node.word(9.0) == "unknown"


@pytest.mark.parametrize("state", ["MASTER_PRIORITY", "BACKUP_PRIORITY"])
def test_a_priority_is_no_role(state: str) -> None:
    node = Node()
    assert node.told(0.1, state, 130) is Meaning.NOTHING
    assert (node.word(0.1), node.at(0.1).priority) == ("unknown", 130)


def test_what_is_said_of_a_group_concerns_no_instance() -> None:
    node = Node()
    line = FifoLine(Kind.GROUP, "SG", State.MASTER, 0)
    assert node.keeper.told(line, 0.1) is Meaning.NOTHING
    assert node.word(0.1) == "unknown"


def test_listening_begins_anew_after_a_late_wake() -> None:
    node = Node()
    node.told(0.0, "STOP", drained=True)
    node.keeper.woke_late(3.0, 2.5)
    assert node.word(MASTER_DOWN) == "unknown"
    assert node.word(3.0 + MASTER_DOWN) == "STOP"

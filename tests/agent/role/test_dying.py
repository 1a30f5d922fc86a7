"""keepalived stops, dies, hangs, is restarted: the last line it wrote stays MASTER."""

from __future__ import annotations

import pytest
from cloudfail.agent.role.keeper import ALLOWANCE, Meaning

from agent.role.node import Node, master

SILENCE = "no advert of ours left for 3 intervals (3 s): keepalived is dead or hangs"


def test_a_killed_or_hanging_keepalived_is_doubted_after_three_intervals() -> None:
    node = master(until=10.0)
    assert node.at(12.99).is_master
    assert node.at(13.0).doubt == SILENCE
    assert node.word(1000.0) == "doubtful"


def test_a_doubt_keeps_its_words_while_it_holds() -> None:
    node = master(until=10.0)
    assert node.at(13.0).doubt == node.at(99.0).doubt


def test_the_new_master_with_the_lower_priority_is_not_robbed() -> None:
    """kill -9 of the higher node's keepalived: the FIFO stays at MASTER, the peer takes over."""
    node = master(until=10.0)
    for t in range(14, 40):
        node.hears(float(t), priority=100)
        assert not node.at(t + 0.5).is_master
    assert node.word(40.0) == "doubtful"


def test_a_keepalived_that_died_right_after_its_line_is_believed_for_an_interval() -> None:
    node = Node()
    node.told(5.0, "MASTER")
    assert node.at(5.99).is_master
    assert node.at(6.0 + ALLOWANCE).doubt == SILENCE


def test_a_hanging_keepalived_that_goes_on_as_master_is_believed_again() -> None:
    """SIGSTOP and SIGCONT of keepalived alone, with no peer: no line is written."""
    node = master(until=10.0)
    before = node.at(10.0).generation
    assert not node.at(20.0).is_master
    node.sends(20.1)
    assert node.at(20.1).is_master
    assert node.at(20.1).generation == before


def test_a_hanging_keepalived_that_wakes_beside_a_better_master_is_not_believed() -> None:
    """It sends before it reads what came meanwhile."""
    node = master(priority=100, until=10.0)
    for t in range(14, 20):
        node.hears(float(t), priority=150)
    node.sends(19.5, priority=100)
    assert node.at(19.5).doubt == "10.0.1.10 advertises with priority 150, ours is 100"
    assert node.told(19.6, "BACKUP", 100) is Meaning.ROLE
    assert node.word(19.6) == "BACKUP"


def test_a_hanging_keepalived_that_wakes_beside_a_lower_master_is_told_to_look() -> None:
    node = master(until=10.0)
    node.hears(14.0, 15.0, 16.0)
    node.sends(16.5)
    node.hears(17.0)
    assert node.told(17.0, "MASTER_RX_LOWER_PRI") is Meaning.AGAIN
    assert node.at(17.0).is_master
    assert node.at(17.0).lower_peer is not None


def test_a_restarted_keepalived_is_backup_until_it_says_master() -> None:
    """The parent restarts its killed child: BACKUP at once, MASTER after 3 intervals and more."""
    node = master(until=10.0)
    assert node.told(10.5, "BACKUP") is Meaning.ROLE
    assert node.word(10.5) == "BACKUP"
    assert node.told(13.9, "MASTER") is Meaning.ROLE
    assert node.at(13.9).is_master
    assert node.at(13.9).generation == 4


def test_the_adverts_before_another_role_prove_nothing_afterwards() -> None:
    node = master(until=10.0)
    node.told(10.1, "BACKUP")
    node.told(10.2, "MASTER")
    assert node.at(10.3).evidence_age is None
    assert not node.at(11.2 + ALLOWANCE).is_master


def test_a_farewell_of_ours_ends_the_evidence_at_once() -> None:
    node = master(until=10.0)
    node.sends(10.2, priority=0)
    assert node.at(10.2).doubt == "our farewell left: keepalived stops, or is in FAULT"
    assert node.at(10.2).priority == 150


def test_a_farewell_ends_also_what_the_line_still_granted() -> None:
    node = Node()
    node.told(5.0, "MASTER")
    node.sends(5.01)
    node.sends(5.3, priority=0)
    assert not node.at(5.3).is_master
    node.told(5.31, "STOP")
    assert node.word(5.31) == "STOP"


def test_a_peers_farewell_removes_it_at_once() -> None:
    """systemctl stop on the master: the peer takes over after the skew, 0.6 s at 1 s adverts."""
    node = Node()
    node.told(0.0, "BACKUP", 100)
    node.hears(1.0, 2.0, priority=150)
    node.hears(2.3, priority=0)
    assert node.told(2.9, "MASTER", 100) is Meaning.ROLE
    assert node.at(2.9).is_master
    assert node.at(2.9).peers == ()


def test_a_failover_is_acted_on_at_once() -> None:
    """The last advert came 3 intervals and the skew ago: kill -9 of the master."""
    node = Node()
    node.told(0.0, "BACKUP", 254)
    node.hears(1.0, 2.0, priority=255)
    assert node.told(2.0 + 3.0 + 2 / 256, "MASTER", 254) is Meaning.ROLE
    assert node.at(2.0 + 3.0 + 2 / 256).is_master


def test_a_reload_in_master_changes_nothing() -> None:
    """SIGHUP: no line is written, the adverts go on."""
    node = master(until=10.0)
    before = node.at(10.0)
    node.sends(11.3, 12.3)
    assert node.at(12.3).generation == before.generation
    assert node.at(12.3).is_master


@pytest.mark.parametrize("state", ["FAULT", "STOP", "BACKUP", "DELETED"])
def test_another_role_ends_everything_at_once(state: str) -> None:
    node = master(until=10.0)
    node.told(10.001, state)
    assert not node.at(10.001).is_master
    assert node.at(10.001).doubt == ""

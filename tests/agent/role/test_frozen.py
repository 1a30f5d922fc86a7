"""The machine, or this process, stood still: what it believed may be long untrue."""

from __future__ import annotations

from agent.role.node import LEFT, RIGHT, SUBJECT, Node, master

WOKE = "this process or its machine stood still; it is not known yet who became master meanwhile"
MASTER_DOWN_150 = 3.0 + 106 / 256


def frozen(priority: int) -> Node:
    """MASTER from 0.0 to 10.0, then everything stands still; at 40.0 the loop wakes."""
    node = master(priority, until=10.0)
    node.keeper.woke_late(40.0, 29.75)
    assert node.at(40.0).doubt == WOKE
    return node


def test_a_resumed_node_with_the_lower_priority_never_acts() -> None:
    """Its keepalived sends on at once, then reads the better adverts that waited."""
    node = frozen(100)
    for t in range(14, 40):
        node.hears(float(t), priority=150)
    node.sends(40.001, priority=100)
    assert not node.at(40.002).is_master
    node.told(40.003, "BACKUP", 100)
    assert node.word(40.003) == "BACKUP"
    node.hears(*(float(t) for t in range(41, 60)), priority=150)
    assert node.word(60.0) == "BACKUP"


def test_a_resumed_node_with_the_lower_priority_never_acts_though_nothing_waited() -> None:
    """A frozen virtual machine receives nothing meanwhile: the next advert comes within one."""
    node = frozen(100)
    node.sends(40.001, priority=100)
    for t in (40.1, 40.5, 40.9):
        assert not node.at(t).is_master
    node.hears(40.95, priority=150)
    node.sends(41.001, priority=100)
    assert not node.at(41.001).is_master


def test_a_line_master_that_waited_meanwhile_is_not_acted_on() -> None:
    node = Node()
    node.told(0.0, "BACKUP", 100)
    node.keeper.woke_late(40.0, 30.0)
    node.told(40.0, "MASTER", 100)
    assert node.at(40.0).doubt == WOKE
    node.hears(40.5, priority=150)
    node.told(40.5, "BACKUP", 100)
    assert node.word(40.5) == "BACKUP"


def test_a_resumed_node_with_the_higher_priority_acts_once_both_were_heard() -> None:
    """The lower peer's adverts waited in the socket: it has to yield."""
    node = frozen(150)
    for t in range(14, 40):
        node.hears(t + 0.2)
        assert not node.at(40.0).is_master
    node.sends(40.001)
    assert node.at(40.001).is_master
    assert node.told(40.01, "MASTER_RX_LOWER_PRI").value == "again"
    assert node.at(40.01).generation == 2


def test_a_resumed_node_acts_when_the_lower_peers_advert_comes_first_after_its_own() -> None:
    node = frozen(150)
    node.sends(40.001)
    assert not node.at(40.1).is_master
    node.hears(40.3)
    assert node.at(40.3).is_master


def test_what_proved_the_role_once_need_not_go_on() -> None:
    """The lower peer yields, and is silent from then on."""
    node = frozen(150)
    node.sends(40.001)
    node.hears(40.3)
    node.sends(41.001, 42.001, 43.001)
    assert node.at(43.2).is_master


def test_a_resumed_node_that_hears_nobody_acts_after_a_master_down_interval() -> None:
    node = frozen(150)
    node.sends(40.001, 41.001, 42.001, 43.001)
    assert not node.at(40.0 + MASTER_DOWN_150 - 0.01).is_master
    assert node.at(40.0 + MASTER_DOWN_150).is_master


def test_a_resumed_node_whose_keepalived_stays_frozen_never_acts() -> None:
    node = frozen(150)
    node.hears(40.3, 41.3)
    for t in (41.4, 43.9, 90.0):
        assert not node.at(t).is_master


def test_a_lower_peer_proves_nothing_while_a_better_one_advertises() -> None:
    node = frozen(100)
    node.sends(40.001, priority=100)
    node.hears(40.1, priority=150, of=RIGHT)
    node.hears(40.2, priority=50, of=LEFT)
    assert not node.at(40.3).is_master
    node.sends(41.001, 42.001, 43.001, priority=100)
    assert not node.at(43.05).is_master
    assert node.at(43.3).doubt == WOKE
    assert node.at(43.7).is_master  # the better one is silent, and the wire was heard out


def test_a_lower_advert_older_than_two_intervals_proves_nothing() -> None:
    node = frozen(150)
    node.hears(37.9)
    node.sends(40.001)
    assert not node.at(40.002).is_master


def test_each_late_wake_begins_the_doubt_anew() -> None:
    node = frozen(150)
    node.sends(40.001, 41.001, 42.001)
    node.keeper.woke_late(43.0, 1.1)
    node.sends(43.001, 44.001)
    assert not node.at(44.0).is_master
    node.sends(45.001, 46.001)
    assert node.at(43.0 + MASTER_DOWN_150).is_master


def test_only_this_process_stood_still_when_adverts_of_ours_left_all_the_time() -> None:
    """A busy interpreter must not hold up a real master."""
    node = master(150, until=10.0)
    node.keeper.woke_late(14.5, 4.0)
    assert not node.at(14.5).is_master
    node.sends(11.0, 12.0, 13.0)
    assert not node.at(14.5).is_master
    node.sends(14.0)
    assert node.at(14.5).is_master


def test_without_how_late_it_was_nothing_of_before_counts() -> None:
    node = master(150, until=10.0)
    node.keeper.woke_late(14.5)
    node.sends(11.0, 12.0, 13.0, 14.0)
    assert node.at(14.5).doubt == WOKE


def test_a_suspended_machine_is_none_whose_adverts_left_all_the_time() -> None:
    """Its monotonic clock stood still too: keepalived sends on as if nothing had been."""
    node = master(150, until=10.0)
    node.keeper.woke_late(10.5, 30.0)
    node.sends(11.0, 12.0, 13.0)
    assert node.at(10.5 + MASTER_DOWN_150 - 0.01).doubt == WOKE
    assert node.at(10.5 + MASTER_DOWN_150).is_master


def test_a_suspended_machine_hears_the_new_master_within_an_interval() -> None:
    node = master(100, until=10.0)
    node.hears(9.9, priority=50)
    node.keeper.woke_late(10.5, 30.0)
    assert node.at(10.6).doubt == WOKE
    node.hears(11.2, priority=150)
    node.sends(11.3, priority=100)
    assert not node.at(11.3).is_master


def test_what_a_suspended_machine_left_unproven_another_late_wake_does_not_prove() -> None:
    node = master(150, until=10.0)
    node.keeper.woke_late(10.5, 30.0)
    node.sends(11.0)
    node.keeper.woke_late(13.0, 1.9)
    node.sends(12.0, 13.0)
    assert node.at(13.5).doubt == WOKE


def test_a_gap_in_our_adverts_shows_that_the_machine_stood_still() -> None:
    node = master(150, until=10.0)
    node.keeper.woke_late(13.0, 2.9)
    node.sends(12.7)
    assert node.at(13.0).doubt == WOKE


def test_a_line_master_long_after_a_late_wake_is_acted_on_at_once() -> None:
    node = Node()
    node.told(0.0, "BACKUP", 150)
    node.keeper.woke_late(40.0, 30.0)
    assert node.at(40.0).doubt == ""
    node.told(40.0 + MASTER_DOWN_150, "MASTER", 150)
    assert node.at(40.0 + MASTER_DOWN_150).is_master


def test_the_slowest_peer_is_waited_for() -> None:
    node = master(150, until=10.0)
    node.hears(9.0, priority=200, every=0.1)
    node.hears(9.1, priority=100, every=5.0)
    node.keeper.woke_late(40.0, 30.0)
    node.sends(*(float(t) for t in range(41, 56)))
    assert not node.at(54.9).is_master
    node.sends(56.0, 57.0, 58.0)
    assert node.at(58.0).is_master


def test_without_the_wire_a_line_counts_from_an_interval_after_the_wake() -> None:
    """Older lines, and a BACKUP that follows on hearing the master, are read until then."""
    node = Node(SUBJECT_WITHOUT_WIRE)
    node.told(0.0, "BACKUP")
    node.keeper.woke_late(40.0, 30.0)
    node.told(40.0, "MASTER")
    assert node.at(40.9).doubt == WOKE
    assert node.at(41.5).is_master
    assert not node.at(42.1).is_master


def test_without_the_wire_what_was_told_before_the_wake_counts_no_more() -> None:
    node = Node(SUBJECT_WITHOUT_WIRE)
    node.told(39.9, "MASTER")
    node.keeper.woke_late(40.0, 30.0)
    for t in (40.0, 41.0, 42.0):
        assert not node.at(t).is_master


SUBJECT_WITHOUT_WIRE = type(SUBJECT)("VI_1", 51, 1.0, None, (), has_fifo=True, hears_wire=False)

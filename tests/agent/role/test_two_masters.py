"""Partitions and how they heal: who may act, in both orders, one-way, with three nodes."""

from __future__ import annotations

from cloudfail.agent.role.keeper import Meaning

from agent.role.node import LEFT, OURS, RIGHT, Node, master


def test_heal_with_the_lower_nodes_advert_first() -> None:
    higher, lower = master(150), master(100)
    higher.hears(10.4)
    assert higher.told(10.4, "MASTER_RX_LOWER_PRI") is Meaning.AGAIN
    assert higher.at(10.4).is_master
    lower.hears(10.41, priority=150, of=RIGHT)
    assert lower.word(10.41) == "doubtful"
    lower.told(10.42, "BACKUP", 100)
    assert lower.word(10.42) == "BACKUP"


def test_heal_with_the_higher_nodes_advert_first_tells_the_survivor_nothing() -> None:
    """The lower one is stopped by the wire, before its FIFO says it."""
    higher, lower = master(150), master(100)
    lower.hears(10.4, priority=150, of=RIGHT)
    assert lower.at(10.4).doubt == "10.0.1.30 advertises with priority 150, ours is 100"
    lower.told(10.41, "BACKUP", 100)
    higher.sends(11.0)
    assert higher.at(11.0).is_master
    assert higher.at(11.0).peers == ()
    assert lower.word(11.0) == "BACKUP"


def test_the_advert_before_stepping_down_does_not_make_a_master() -> None:
    """`vrrp_higher_prio_send_advert`: the loser answers once, then goes BACKUP."""
    lower = master(100)
    lower.hears(10.4, priority=150)
    lower.sends(10.401, priority=100)
    assert not lower.at(10.401).is_master
    lower.told(10.402, "BACKUP", 100)
    lower.hears(11.4, 12.4, priority=150)
    assert lower.word(20.0) == "BACKUP"


def test_a_late_read_last_word_does_not_make_a_master() -> None:
    lower = master(100)
    lower.told(10.4, "BACKUP", 100)
    lower.sends(10.401, priority=100)
    assert lower.word(10.5) == "BACKUP"
    assert lower.word(99.0) == "BACKUP"


def test_two_adverts_with_silence_between_them_are_no_run() -> None:
    node = master(100)
    node.told(10.4, "BACKUP", 100)
    node.sends(10.5, priority=100)
    node.sends(500.0, priority=100)
    assert node.word(500.0) == "BACKUP"


def test_one_way_with_the_masters_adverts_lost_lets_it_act_for_ever() -> None:
    """A hears b and is told so each second; a outranks it."""
    node = master(150)
    for second in range(10, 60):
        node.sends(second + 0.5)
        node.hears(second + 0.6)
        assert node.told(second + 0.6, "MASTER_RX_LOWER_PRI") is Meaning.AGAIN
        assert node.at(second + 0.7).is_master
    assert node.at(60.0).generation == 2


def test_one_way_with_the_masters_adverts_lost_leaves_the_lower_alone() -> None:
    """It hears nothing: it cannot know. Its own adverts leave."""
    assert master(100).at(10.5).is_master


def test_one_way_with_the_backups_adverts_lost_changes_nothing() -> None:
    node = Node()
    node.told(0.0, "BACKUP", 100)
    for second in range(30):
        node.hears(float(second), priority=150)
        assert node.word(second + 0.5) == "BACKUP"


def test_a_better_peer_is_remembered_for_three_of_its_own_intervals() -> None:
    node = master(100)
    node.hears(10.0, priority=150, every=4.0)
    node.sends(*(float(t) for t in range(11, 23)), priority=100)
    assert node.word(21.99) == "doubtful"
    assert node.at(22.0).is_master


def test_the_higher_address_wins_at_equal_priority() -> None:
    node = master(150)
    node.hears(10.1, priority=150, of=LEFT)
    assert node.at(10.1).is_master
    node.hears(10.2, priority=150, of=RIGHT)
    assert node.at(10.2).doubt == "10.0.1.30 advertises with priority 150, ours is 150"


def test_addresses_are_compared_as_numbers() -> None:
    node = Node(ours="10.0.1.100")
    node.told(0.0, "MASTER")
    node.sends(0.0)
    node.hears(0.1, priority=150, of="10.0.1.20")
    assert node.at(0.1).is_master


def test_the_address_that_the_adverts_leave_from_goes_before_the_configured_one() -> None:
    """Over IPv6 a VMAC advertises from its own link-local address."""
    node = Node()
    node.ours = "fe80::20"
    node.told(0.0, "MASTER")
    node.hears(0.1, priority=150, of="fe80::10")
    assert not node.at(0.1).is_master
    node.sends(0.1)
    assert node.at(0.1).is_master
    node.hears(0.2, priority=150, of="fe80::30")
    assert not node.at(0.2).is_master


def test_an_advert_of_ours_that_comes_back_is_no_peer() -> None:
    node = master(150)
    node.hears(10.1, priority=150, of=OURS)
    assert node.at(10.1).is_master
    assert node.at(10.1).peers == ()


def test_the_middle_of_three_is_stopped_by_the_better_one() -> None:
    """It is told of the lower one 3 ms before its own BACKUP."""
    node = master(100)
    node.hears(10.1, priority=50, of=LEFT)
    assert node.told(10.1, "MASTER_RX_LOWER_PRI", 100) is Meaning.AGAIN
    node.hears(10.101, priority=150, of=RIGHT)
    standing = node.at(10.101)
    assert standing.word == "doubtful"
    assert [peer.better for peer in standing.peers] == [False, True]
    node.told(10.103, "BACKUP", 100)
    assert node.word(10.103) == "BACKUP"


def test_the_best_of_several_better_peers_is_named() -> None:
    node = master(100)
    node.hears(10.1, priority=150, of=LEFT)
    node.hears(10.2, priority=200, of=RIGHT)
    node.hears(10.3, priority=150, of=LEFT)
    assert node.at(10.3).doubt.startswith("10.0.1.30 ")


def test_a_dead_keepalived_beside_a_better_master_is_told_in_one_sentence() -> None:
    node = master(100)
    node.hears(12.0, 13.0, 14.0, priority=150)
    assert node.at(14.0).doubt == (
        "10.0.1.10 advertises with priority 150, ours is 100; "
        "no advert of ours left for 3 intervals (3 s): keepalived is dead or hangs"
    )


def test_a_thousand_senders_leave_a_bounded_memory_and_the_best_in_it() -> None:
    node = master(100)
    node.hears(10.0, priority=150, of=RIGHT)
    for index in range(1000):
        node.hears(10.1, priority=50, of=f"10.9.{index // 250}.{index % 250}")
    standing = node.at(10.2)
    assert len(standing.peers) <= 64
    assert standing.better_peer is not None

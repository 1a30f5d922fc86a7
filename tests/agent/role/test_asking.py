"""How a keeper is asked: at any time, by any thread, and when to ask again."""

from __future__ import annotations

import threading

from cloudfail.agent.role.keeper import ALLOWANCE, Keeper

from agent.role.node import SUBJECT, Node, advert, master


def test_nothing_changes_by_itself_where_nothing_is_known_and_all_was_listened_to() -> None:
    node = Node()
    assert node.keeper.next_change(0.0) == 4.0
    assert node.keeper.next_change(4.0) is None


def test_a_line_is_enough_until_an_interval_and_an_allowance_have_passed() -> None:
    node = Node()
    node.told(5.0, "MASTER")
    assert node.keeper.next_change(5.0) == 6.0 + ALLOWANCE
    assert node.at(6.0 + ALLOWANCE).doubt


def test_a_master_changes_when_its_adverts_are_silent() -> None:
    node = master(until=10.0)
    assert node.keeper.next_change(10.0) == 13.0
    assert node.at(13.0).doubt


def test_a_doubtful_master_changes_when_the_better_peer_is_silent() -> None:
    node = master(100, until=10.0)
    node.hears(9.5, priority=150)
    assert node.keeper.next_change(10.0) == 12.5
    assert not node.at(12.4999).is_master
    assert node.at(12.5).is_master


def test_a_late_wake_changes_when_the_wire_was_heard_out() -> None:
    node = master(150, until=10.0)
    node.keeper.woke_late(10.5)
    node.sends(11.0, 12.0, 13.0)
    change = node.keeper.next_change(13.2)
    assert change == 10.5 + 3.0 + 106 / 256
    assert not node.at(change - 0.001).is_master
    assert node.at(change).is_master


def test_a_time_before_what_was_told_is_answered_too() -> None:
    node = master(until=10.0)
    node.hears(10.0)
    standing = node.at(-5.0)
    assert standing.evidence_age == 0.0
    assert standing.peers[0].age == 0.0
    assert node.keeper.next_change(-5.0) == 1.0 + ALLOWANCE


def test_the_clock_is_asked_when_no_time_is_given() -> None:
    node = master(until=10.0)
    assert node.keeper.standing() == node.at(0.0)


def test_a_wall_clock_set_forward_makes_no_better_peer_older_than_it_was() -> None:
    """The kernel stamps by it: one advert seems to have waited for an hour."""
    node = master(100, until=10.0)
    node.hears(10.0, priority=150)
    node.hears(10.9 - 3600.0, priority=150)
    assert not node.at(12.9).is_master


def test_a_wall_clock_set_forward_makes_no_advert_of_ours_older_than_the_last() -> None:
    node = master(until=10.0)
    node.sends(11.0 - 3600.0)
    assert node.at(12.9).is_master


def test_workers_that_ask_while_the_loop_tells_see_whole_standings() -> None:
    node = Node()
    is_done = threading.Event()
    wrong: list[object] = []

    def ask(keeper: Keeper) -> None:
        while not is_done.is_set():
            standing = keeper.standing(1.0)
            if standing.is_master != (standing.generation % 2 == 1):
                wrong.append(standing)

    threads = [threading.Thread(target=ask, args=(node.keeper,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for index in range(2000):
        node.told(1.0, "BACKUP" if index % 2 else "MASTER")
        node.keeper.heard(advert(1.0, str(SUBJECT.own), 150, outgoing=True))
    is_done.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert node.at(1.0).generation == 2000


def test_the_age_of_the_evidence_is_that_of_the_last_advert() -> None:
    node = master(until=10.0)
    assert node.at(12.0).evidence_age == 2.0
    assert node.at(60.0).evidence_age == 50.0
    node.told(60.0, "BACKUP")
    assert node.at(60.0).evidence_age is None
    node.hears(61.0)
    assert node.at(61.5).evidence_age == 0.5
    node.told(62.0, "FAULT")
    assert node.at(62.0).evidence_age is None

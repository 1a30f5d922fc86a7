"""The figures of a rehearsal follow from its record alone."""

from __future__ import annotations

from cloudfail.lab.client import Packet
from cloudfail.lab.cloudlink import NodeCall
from cloudfail.lab.timeline import Event, Kind
from cloudfail.lab.verdict import FAULT, Record, figures, longest_loss

TARGET = "203.0.113.7"


def vrrp(t: float, node: str, role: str) -> Event:
    return Event(t, node, Kind.VRRP, role, role)


def holder(t: float, node: str) -> Event:
    return Event(t, node, Kind.HOLDER, "moved", TARGET)


def lab(t: float, node: str, detail: str) -> Event:
    return Event(t, node, Kind.LAB, detail, detail)


SET_UP = (lab(1, "a", "booted"), vrrp(2, "a", "MASTER"), holder(3, "a"), vrrp(4, "b", "BACKUP"))


def record(
    *events: Event,
    calls: tuple[NodeCall, ...] = (),
    packets: tuple[Packet, ...] = (),
    end: float = 20.0,
) -> Record:
    return Record((*SET_UP, *events), calls, packets, TARGET, 10.0, end)


def test_a_take_is_split_into_detection_cloudfail_and_api() -> None:
    seen = figures(
        record(
            lab(10, "a", FAULT),
            lab(10, "a", "dead"),
            vrrp(13, "b", "MASTER"),
            holder(14, "b"),
            calls=(
                NodeCall("a", "AssociateAddress", mutating=True, t=2.5, seconds=0.1),
                NodeCall("b", "DescribeAddresses", mutating=False, t=13.4, seconds=0.1),
                NodeCall("b", "DescribeAddresses", mutating=False, t=13.45, seconds=0.1),
                NodeCall("b", "AssociateAddress", mutating=True, t=13.8, seconds=0.25),
                NodeCall("b", "DescribeAddresses", mutating=False, t=14.1, seconds=0.1),
            ),
        )
    )
    assert seen.detection_ms == 3000
    assert seen.api_ms == 350  # overlapping calls once, and nothing after the take
    assert seen.cloudfail_ms == 650
    assert (seen.api_calls, seen.api_writes) == (4, 1)


def test_a_dead_holder_is_a_wrong_one_until_the_address_has_moved() -> None:
    seen = figures(record(lab(10, "a", "dead"), vrrp(13, "b", "MASTER"), holder(14, "b"), end=20))
    assert seen.wrong_owner_ms == 4000
    assert seen.unowned_ms == 0


def test_a_frozen_master_is_none_and_a_thawed_one_is_again() -> None:
    seen = figures(record(lab(11, "a", "frozen"), lab(13, "a", "thawed"), end=15))
    assert seen.wrong_owner_ms == 2000


def test_of_two_masters_either_may_hold() -> None:
    assert figures(record(vrrp(11, "b", "MASTER"), holder(12, "b"))).wrong_owner_ms == 0


def test_time_with_nobody_counts_as_unowned_only() -> None:
    seen = figures(record(holder(12, ""), holder(12.5, "a"), end=15))
    assert (seen.unowned_ms, seen.wrong_owner_ms) == (500, 0)


def test_nobody_took_it_so_there_is_nothing_to_split() -> None:
    seen = figures(record())
    assert (seen.detection_ms, seen.cloudfail_ms, seen.api_ms) == (None, None, None)


def test_a_take_that_keepalived_did_not_ask_for_is_not_split() -> None:
    assert figures(record(holder(14, "b"))).detection_ms is None


def test_detection_counts_from_the_latest_fault_before_it() -> None:
    seen = figures(
        record(
            lab(10, "", FAULT),
            vrrp(11, "b", "MASTER"),
            holder(12, "b"),
            lab(15, "", FAULT),
            vrrp(15.5, "a", "RX_LOWER_PRI"),
            vrrp(15.7, "a", "RX_LOWER_PRI"),
            holder(16, "a"),
        )
    )
    assert seen.detection_ms == 500
    assert seen.cloudfail_ms == 500


def test_other_targets_do_not_count() -> None:
    other = Event(12, "b", Kind.HOLDER, "moved", "203.0.113.8")
    assert figures(record(other)).wrong_owner_ms == 0


def test_the_longest_loss_is_a_run_and_not_a_sum() -> None:
    answers = [True, False, False, True, False, False, False, True]
    packets = [Packet(10 + n / 100, answered) for n, answered in enumerate(answers)]
    assert round(longest_loss(packets, 10.0), 3) == 0.03


def test_what_was_lost_before_the_fault_does_not_count() -> None:
    packets = [
        Packet(9.0, answered=False),
        Packet(9.5, answered=False),
        Packet(10.5, answered=True),
    ]
    assert longest_loss(packets, 10.0) == 0

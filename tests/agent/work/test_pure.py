"""When to look, what is a drift, and who gives way: decided without a thread or a clock."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from cloudfail.agent.work.drift import Drift, Quarrel
from cloudfail.agent.work.pace import Intervals, Pace
from cloudfail.model import Holding, Owner, PrivateIp
from hypothesis import given
from hypothesis import strategies as st

CLAIM = PrivateIp(address=ip_address("10.0.0.100"))
INTERVALS = Intervals(standby=10.0, reconcile=5.0, advert=1.0)


def steady() -> Pace:
    return Pace(INTERVALS, 0.0, jitter=lambda: 0.5)


def looks_of(
    pace: Pace, adverts: list[float], lasting: float, *, until: float, is_fine: bool
) -> list[float]:
    """Return when looks of that length begin, from just before the first of these adverts on."""
    now, waiting, begun = adverts[0] - 0.01, list(adverts), []
    while now < until:
        if waiting and waiting[0] <= max(now, pace.due):
            now = max(now, waiting.pop(0))
            pace.again(now)
            continue
        now = max(now, pace.due)
        if now >= until:
            break
        begun.append(now)
        pace.begun(now)
        while waiting and waiting[0] <= now + lasting:
            pace.again(waiting.pop(0))
        now += lasting
        pace.looked(now, is_master=True, is_fine=is_fine)
    return begun


def seen(owner: Owner, obstacle: str = "") -> tuple[Holding, ...]:
    return (Holding(claim=CLAIM, owner=owner, obstacle=obstacle),)


class TestPace:
    def test_a_standby_looks_every_ten_seconds_and_a_master_every_five(self) -> None:
        pace = steady()
        pace.looked(100.0, is_master=False, is_fine=True)
        assert pace.due == 110.0
        pace.looked(100.0, is_master=True, is_fine=True)
        assert pace.due == 105.0

    def test_a_lower_advert_looks_now_and_once_more_an_interval_later(self) -> None:
        pace = steady()
        pace.looked(100.0, is_master=True, is_fine=True)
        pace.again(101.0)
        assert pace.due == 101.0
        pace.begun(101.0)
        pace.looked(101.1, is_master=True, is_fine=True)
        assert pace.due == 102.0
        pace.begun(102.0)
        pace.looked(102.1, is_master=True, is_fine=True)
        assert pace.due == 107.1

    @given(
        st.lists(st.integers(1, 30), max_size=12), st.floats(0.0, 3.0), st.booleans(), st.booleans()
    )
    def test_the_last_look_begins_an_interval_after_the_last_lower_advert(
        self,
        tenths: list[int],
        lasting: float,
        is_fine: bool,
        is_jittered: bool,
    ) -> None:
        pace = Pace(INTERVALS, 0.0, jitter=(lambda: 0.9) if is_jittered else (lambda: 0.5))
        pace.begun(0.0)
        pace.looked(0.0, is_master=True, is_fine=True)
        adverts = [100.0]
        for apart in tenths:
            adverts.append(adverts[-1] + apart / 10)
        begun = looks_of(pace, adverts, lasting, until=adverts[-1] + 20.0, is_fine=is_fine)
        after = [at for at in begun if at >= adverts[-1] + INTERVALS.advert]
        assert after[0] - adverts[-1] <= INTERVALS.reconcile + lasting

    @pytest.mark.parametrize(("second", "lasting"), [(0.9, 0.05), (0.9, 0.5), (1.2, 0.5)])
    def test_a_second_advert_is_looked_at_as_late_as_the_first(
        self, second: float, lasting: float
    ) -> None:
        adverts = [100.0, 100.0 + second]
        begun = looks_of(steady(), adverts, lasting, until=adverts[-1] + 2.5, is_fine=True)
        assert adverts[-1] + 1.0 <= begun[-1] <= adverts[-1] + 1.51

    def test_one_a_second_for_ever_costs_no_more_than_the_reconcile_interval(self) -> None:
        pace, looks, now = steady(), 0, 0.0
        for tick in range(6000):
            now = tick / 10
            if tick % 10 == 0:
                pace.again(now)
            if now >= pace.due:
                looks += 1
                pace.begun(now)
                pace.looked(now, is_master=True, is_fine=True)
        assert looks <= 600 / 5 + 10

    def test_a_master_that_cannot_look_waits_no_longer_than_two_intervals(self) -> None:
        pace, now = steady(), 0.0
        for _ in range(20):
            pace.failed(now, is_master=True, throttled=False)
            assert pace.due - now <= 10.0
            now = pace.due

    def test_throttling_slows_the_looks_and_success_recovers(self) -> None:
        pace = steady()
        for _ in range(3):
            pace.failed(0.0, is_master=True, throttled=True)
        pace.looked(0.0, is_master=True, is_fine=True)
        assert pace.due == 20.0
        for _ in range(3):
            pace.looked(0.0, is_master=True, is_fine=True)
        assert pace.due == 5.0

    @given(st.lists(st.sampled_from(["again", "look", "fail", "throttled", "role", "confirm"])))
    def test_there_is_always_a_next_look(self, events: list[str]) -> None:
        pace, now = steady(), 0.0
        for event in events:
            now += 0.1
            match event:
                case "again":
                    pace.again(now)
                case "look":
                    pace.looked(now, is_master=True, is_fine=False)
                case "confirm":
                    pace.confirm(now)
                case "role":
                    pace.role_changed(now, is_master=True)
                case _:
                    pace.failed(now, is_master=True, throttled=event == "throttled")
            assert pace.due - now <= 10.0 * 12


class TestDrift:
    def test_one_look_is_not_certain(self) -> None:
        drift = Drift()
        drift.see(seen(Owner.PEER), 10.0)
        assert not drift.is_certain(10.5, 1.0)
        assert drift.is_certain(11.0, 1.0)

    def test_unknown_says_nothing_neither_way(self) -> None:
        drift = Drift()
        drift.see(seen(Owner.UNKNOWN), 10.0)
        assert not drift
        drift.see(seen(Owner.PEER), 11.0)
        drift.see(seen(Owner.UNKNOWN), 12.0)
        assert drift.seconds(CLAIM, 13.0) == 2.0

    def test_a_stranger_and_an_obstacle_are_nothing_to_repair(self) -> None:
        drift = Drift()
        drift.see(seen(Owner.STRANGER), 1.0)
        assert not drift
        drift.see(seen(Owner.PEER, obstacle="another subnet"), 2.0)
        assert not drift


class TestQuarrel:
    def test_the_first_repair_is_at_once(self) -> None:
        assert Quarrel(5.0).may_repair_at(outranks=False) == 0.0

    def test_each_repair_that_did_not_last_doubles_the_wait_up_to_five_minutes(self) -> None:
        quarrel, now, waits = Quarrel(5.0), 0.0, []
        for _ in range(9):
            quarrel.repaired(now)
            quarrel.lost()
            quarrel.lost()  # the same repair, seen again
            waits.append(quarrel.may_repair_at(outranks=False) - now)
            now += waits[-1]
        assert waits == [10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0, 300.0, 300.0]

    def test_who_outranks_the_other_does_not_wait(self) -> None:
        quarrel = Quarrel(5.0)
        quarrel.repaired(100.0)
        quarrel.lost()
        assert quarrel.may_repair_at(outranks=True) == 0.0

    def test_what_holds_for_ten_minutes_ends_it(self) -> None:
        quarrel = Quarrel(5.0)
        for _ in range(3):
            quarrel.repaired(100.0)
            quarrel.lost()
        assert quarrel.is_to_be_told
        quarrel.held(699.0)
        assert quarrel.is_to_be_told
        quarrel.held(700.0)
        assert not quarrel.is_to_be_told

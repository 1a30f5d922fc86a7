"""Whose advert comes first after a heal: two masters' timers, played."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace

import pytest
from cloudfail.clock import SystemClock
from cloudfail.lab.adverts import Advert
from cloudfail.lab.site import RealSite
from cloudfail.lab.topology import Topology
from cloudfail.lab.turn import await_turn

INTERVAL = 0.25
SPARE = (
    0.2 * INTERVAL
)  # from the end of the partition to the one's advert, from that to the other's


class Masters:
    """a and b advertise as keepalived does: an interval after the last one, at once when late."""

    def __init__(self, gap: float, late: float = 0.0) -> None:
        self.now = 0.0
        self.due = {"a": 100.0 + gap, "b": 100.0}
        self.last: dict[str, float] = {}
        self.late = late  # seconds, of the listener's next wake-up

    def next_of(self, node: str, seconds: float) -> Advert | None:
        while True:
            sender = min(self.due, key=self.due.__getitem__)
            self.now = max(self.now, self.due[sender])
            self.last[sender] = self.now
            self.due[sender] = self.now + INTERVAL
            if sender == node and len(self.last) == len(self.due):
                self.now += self.late
                self.late = 0.0
                return self.last_of(node)

    def last_of(self, node: str) -> Advert | None:
        return Advert(self.last[node], node, 1)

    def hold_until(self, t: float) -> None:
        """Stop b until then."""
        while self.due["a"] <= t:
            self.last["a"] = self.due["a"]
            self.due["a"] += INTERVAL
        self.due["b"] = max(self.due["b"], t)
        self.now = t


def await_a(masters: Masters) -> bool:
    return await_turn(masters, INTERVAL, "a", "b", masters.hold_until, lambda: masters.now)  # type: ignore[arg-type]


@pytest.mark.parametrize("late", [0.0, 0.4 * INTERVAL])
@pytest.mark.parametrize("phase", range(0, 100, 5))
def test_the_named_advert_is_next_with_time_to_spare(phase: int, late: float) -> None:
    masters = Masters(phase / 100 * INTERVAL, late)
    assert await_a(masters)
    assert masters.now + SPARE <= masters.due["a"] <= masters.due["b"] - SPARE


class Silent:
    """An ear that hears no more than it has heard."""

    def __init__(self, heard: float) -> None:
        self.heard = heard

    def next_of(self, node: str, seconds: float) -> Advert | None:
        return None if math.isnan(self.heard) else Advert(self.heard, node, 1)

    def last_of(self, node: str) -> Advert | None:
        return Advert(self.heard, node, 1) if node == "b" else None


@pytest.mark.parametrize("heard", [math.nan, 1.0])
def test_a_silent_master_leaves_the_order_to_chance_and_says_so(
    heard: float, tmp_path: Path
) -> None:
    site = RealSite(Topology(), SystemClock(), tmp_path)
    site._ear = Silent(heard)  # type: ignore[assignment]
    site._await_turn("a", "b")
    assert "would not fall into the order" in site.timeline.events()[0].text


def test_adverts_that_cannot_be_moved_apart_are_given_up(tmp_path: Path) -> None:
    masters = Masters(0.0)
    held: list[float] = []
    site = RealSite(Topology(advert_interval=INTERVAL), SystemClock(), tmp_path)
    site._ear = masters  # type: ignore[assignment]
    keepalived = SimpleNamespace(hold=held.append)
    site.machines = {"b": SimpleNamespace(keepalived=keepalived)}  # type: ignore[dict-item]
    site._await_turn("a", "b")
    assert len(held) > 3
    assert "would not fall into the order" in site.timeline.events()[0].text

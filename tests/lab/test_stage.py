"""What a scenario may expect of what it hears from several sides."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from cloudfail.clock import SystemClock
from cloudfail.lab.site import Site
from cloudfail.lab.stage import Stage
from cloudfail.lab.timeline import Timeline
from cloudfail.lab.topology import Topology


def test_an_advert_that_is_read_late_is_waited_for() -> None:
    answers = iter(["", ""])
    clock = SystemClock()
    site = SimpleNamespace(
        topology=Topology(advert_interval=5.0),
        timeline=Timeline(clock),
        first_advert=lambda since: next(answers, "a"),
    )
    stage = Stage(cast("Site", site), clock)
    stage.expect_first_advert("a")
    assert stage.reasons == []


def test_no_advert_within_an_interval_is_a_reason() -> None:
    clock = SystemClock()
    site = SimpleNamespace(
        topology=Topology(advert_interval=0.01),
        timeline=Timeline(clock),
        first_advert=lambda since: "",
    )
    stage = Stage(cast("Site", site), clock)
    stage.expect_first_advert("a")
    assert stage.reasons == ["the first advert was nobody's, not a's"]

"""A storm of roles costs few looks, and its last role waits a quarter of a second at most."""

from __future__ import annotations

import pytest
from cloudfail.agent.work.calm import Calm


def test_the_first_run_waits_for_nothing() -> None:
    assert Calm().until == 0.0


def test_runs_that_wrote_nothing_come_further_and_further_apart() -> None:
    calm, pauses = Calm(), []
    for _ in range(6):
        began = calm.until
        calm.ended(began, has_written=False)
        pauses.append(calm.until - began)
    assert pauses == pytest.approx([0.04, 0.08, 0.16, 0.25, 0.25, 0.25])


def test_a_run_that_wrote_ends_it() -> None:
    calm = Calm()
    for began in (10.0, 10.1, 10.3):
        calm.ended(began, has_written=False)
    calm.ended(10.6, has_written=True)
    assert calm.until == 0.0


def test_a_second_of_quiet_ends_it() -> None:
    calm = Calm()
    for began in (10.0, 10.1, 10.3):
        calm.ended(began, has_written=False)
    calm.ended(12.0, has_written=False)
    assert calm.until == pytest.approx(12.04)

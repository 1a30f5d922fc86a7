"""What has to keep real time is played again where it failed while this machine stood still.

keepalived's timers are the point of such tests: a master that is not run for four of its intervals
loses the role, whoever is right. A failure on a machine that ran all the time stays one.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from _pytest.runner import runtestprotocol

from busy import STOOD_STILL, TRIES, Watch


class PlaysAgain:
    """A plugin of pytest, for the tests that `needs_the_machine` names."""

    def __init__(self, needs_the_machine: Callable[[pytest.Item], bool]) -> None:
        self._needs = needs_the_machine

    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> bool | None:
        if not self._needs(item):
            return None
        hooks, place = item.ihook, {"nodeid": item.nodeid, "location": item.location}
        hooks.pytest_runtest_logstart(**place)
        for report in reports_of(item, nextitem):
            hooks.pytest_runtest_logreport(report=report)
        hooks.pytest_runtest_logfinish(**place)
        return True


def reports_of(item: pytest.Item, nextitem: pytest.Item | None) -> list[pytest.TestReport]:
    """Run a test, anew where the machine may have spoilt it; return the reports of the last time."""
    reports, late = _run(item, nextitem)
    for _ in range(TRIES - 1):
        if late <= STOOD_STILL or not any(report.failed for report in reports):
            break
        reports, late = _run(item, nextitem)
    told = f"a thread that only sleeps was late by {late:.2f} s, at the most"
    for report in reports:
        if report.failed:
            report.sections.append(("this machine", told))
    return reports


def _run(item: pytest.Item, nextitem: pytest.Item | None) -> tuple[list[pytest.TestReport], float]:
    with Watch() as watch:
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
    return reports, watch.worst

"""What holds for every test: how they share two workers, and that CI skips nothing it could run."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

# Real keepalived nodes compete for the machine's time: one lab at a time keeps their timers honest.
NEEDS_THE_MACHINE = ("netns", "rootless")
# Against the built wheel, outside this tree: script/smoke.
collect_ignore = ["wheel"]


def needs_the_machine(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in NEEDS_THE_MACHINE)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if needs_the_machine(item):
            item.add_marker(pytest.mark.xdist_group("lab"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    expected = hasattr(report, "wasxfail") or os.environ.get("CI") != "true"
    if report.skipped and not expected and needs_the_machine(item):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where it has to run: {report.longrepr}"
    return report

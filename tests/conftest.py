"""What holds for every test: how they share workers, what is measured, what CI may not skip."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Generator, Iterator
from typing import Any

import pytest

import again

# Real keepalived nodes compete for the machine's time: one lab at a time keeps their timers honest.
NEEDS_THE_MACHINE = ("netns", "rootless")
RUN_IN_CI = (*NEEDS_THE_MACHINE, "keepalived")
NICENESS = os.getpriority(os.PRIO_PROCESS, 0)
GIVE_WAY = 10
# By this variable coverage measures the processes that a measured one starts (`patch = subprocess`).
COVERAGE = "COVERAGE_PROCESS_CONFIG"
# A job in the background has SIGINT ignored, and under nohup SIGHUP; so would have every process
# that a test starts, and ends by one of them.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
# Against the built wheel, outside this tree: script/smoke.
collect_ignore = ["wheel"]


def is_marked(item: pytest.Item, names: tuple[str, ...]) -> bool:
    return any(item.get_closest_marker(name) for name in names)


def needs_the_machine(item: pytest.Item) -> bool:
    return is_marked(item, NEEDS_THE_MACHINE)


def keeps_time(item: pytest.Item) -> bool:
    return needs_the_machine(item) or is_marked(item, ("timed",))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the tests of a file together, beside the groups': they share what is slow to set up."""
    if config.getoption("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadGroupScheduling  # type: ignore[import-untyped]

    config.option.loadscopereorder = False  # else by numbers of tests: few and long ones come last
    scheduler = LoadGroupScheduling(config, log)
    group_or_test = scheduler._split_scope
    scheduler._split_scope = lambda nodeid: group_or_test(nodeid).partition("::")[0]
    return scheduler


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(again.PlaysAgain(keeps_time))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say who shares a worker, and who begins: a run ends with what is soon over."""
    for number, item in enumerate(items):
        if needs_the_machine(item):
            item.add_marker(pytest.mark.xdist_group("lab"))
        elif is_marked(item, ("long",)):
            item.add_marker(pytest.mark.xdist_group(f"long-{number}"))
    if "PYTEST_XDIST_WORKER" in os.environ:
        in_file = Counter(item.path for item in items)
        items.sort(key=lambda item: _turn(item) or (2, -in_file[item.path]))


def _turn(item: pytest.Item) -> tuple[int, int] | None:
    if needs_the_machine(item):
        return (0, 0)
    return (1, 0) if is_marked(item, ("long",)) else None


def refuse_to_share(item: pytest.Item) -> None:
    """Labs beside each other would be seen by tests that fail sometimes, and by nothing else."""
    is_grouped = getattr(item.config.option, "loadgroup", False)
    if is_grouped and needs_the_machine(item) and not item.nodeid.endswith("@lab"):
        pytest.fail("xdist groups nothing: see what pyproject.toml says of pytest", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let keepalived's timers go before whatever only needs a processor, as root can."""
    if os.geteuid() == 0 and "PYTEST_XDIST_WORKER" in os.environ:
        behind = 0 if needs_the_machine(item) else GIVE_WAY
        os.setpriority(os.PRIO_PROCESS, 0, min(19, NICENESS + behind))
    return (yield)


def repeats_itself(item: pytest.Item) -> bool:
    """True for a property and for a sweep: hundreds of times through the same lines."""
    function = getattr(item, "obj", None)
    return getattr(function, "is_hypothesis_test", False) or _is_sweep(item)


def _is_sweep(item: pytest.Item) -> bool:
    return item.get_closest_marker("sweep") is not None


@contextlib.contextmanager
def unmeasured() -> Iterator[None]:
    """Do without coverage, here and in processes that are started: it doubles their time.

    A line that has only been met by chance has no test of its own; so the limit is kept without.
    """
    tracer, threads = sys.gettrace(), threading.gettrace()
    config = os.environ.pop(COVERAGE, None)
    sys.settrace(None)
    threading.settrace(None)
    try:
        yield
    finally:
        threading.settrace(threads)
        sys.settrace(tracer)
        if config is not None:
            os.environ[COVERAGE] = config


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    refuse_to_share(item)
    with unmeasured() if _is_sweep(item) else contextlib.nullcontext():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    with unmeasured() if repeats_itself(item) else contextlib.nullcontext():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    expected = hasattr(report, "wasxfail") or os.environ.get("CI") != "true"
    if report.skipped and not expected and is_marked(item, RUN_IN_CI):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where it has to run: {report.longrepr}"
    return report

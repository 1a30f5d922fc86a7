"""However a lab ends, the kernel takes everything down with it."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloudfail import process
from cloudfail.clock import SystemClock

from lab.conftest import LAB, PATH

pytestmark = [pytest.mark.netns, pytest.mark.sweep, pytest.mark.usefixtures("real_lab")]

MARK = "LAB_UNDER_TEST"


def processes_of(mark: str) -> list[Path]:
    """Processes that have the mark in their environment: the lab's, whoever else runs one."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and wanted in (entry / "environ").read_bytes():
                found.append(entry)
        except OSError:
            continue
    return found


def networks_of(processes: list[Path]) -> set[str]:
    own = str(Path("/proc/self/ns/net").readlink())
    found = set()
    for entry in processes:
        try:
            found.add(str((entry / "ns/net").readlink()))
        except OSError:
            continue
    return found - {own}


def networks() -> set[str]:
    listed = process.run(
        ["lsns", "--type", "net", "--noheadings", "--output", "NS"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {f"net:[{number.strip()}]" for number in listed.stdout.splitlines()}


class Running:
    def __init__(self, scenario: str) -> None:
        self.mark = uuid.uuid4().hex
        self.process = process.Popen(
            [*LAB, "run", scenario, "--advert-int", "0.3"],
            stdin=process.DEVNULL,
            stdout=process.DEVNULL,
            stderr=process.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "PATH": PATH, MARK: self.mark},
        )

    def until(self, text: str) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if text in line:
                return
        pytest.fail(f"the lab ended before it said {text!r}")

    def gone(self, its_networks: set[str]) -> bool:
        """Wait until nothing is left of it."""
        clock = SystemClock()
        until = clock.now() + 10
        while processes_of(self.mark) or its_networks & networks():
            if clock.now() > until:
                return False
            clock.sleep(0.1)
        return True


@pytest.fixture
def running() -> Iterator[Running]:
    started = Running("stop-master")
    yield started
    started.process.kill()
    started.process.wait()
    assert started.process.stderr is not None
    started.process.stderr.close()


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 143), (signal.SIGINT, 130)],
)
def test_a_lab_that_is_ended_takes_everything_with_it(
    running: Running, number: signal.Signals, code: int
) -> None:
    running.until("Entering MASTER STATE")
    its_networks = networks_of(processes_of(running.mark))
    assert len(its_networks) >= 3, "the router's and two nodes'"
    end = os.killpg if number is signal.SIGINT else os.kill
    end(running.process.pid, number)  # Ctrl-C reaches the whole foreground group
    assert running.process.wait(20) == code
    assert running.gone(its_networks)


def test_a_lab_that_has_played_leaves_nothing_behind(running: Running) -> None:
    running.until("Entering MASTER STATE")
    its_networks = networks_of(processes_of(running.mark))
    running.until("is told to stop")
    assert running.process.stderr is not None
    running.process.stderr.read()
    assert running.process.wait(20) == 0
    assert running.gone(its_networks)

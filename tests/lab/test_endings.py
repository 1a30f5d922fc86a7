"""However a lab ends, the kernel takes everything down with it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cloudfail import process
from cloudfail.clock import SystemClock

from lab.conftest import LAB, PATH

pytestmark = pytest.mark.netns


def network_of(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/ns/net").readlink())
    except OSError:
        return ""


def strangers() -> set[str]:
    """Network namespaces other than this test's."""
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return {network_of(pid) for pid in pids} - {"", network_of(os.getpid())}


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 143), (signal.SIGINT, 130)],
)
@pytest.mark.usefixtures("real_lab")
def test_a_lab_that_is_ended_takes_everything_with_it(number: signal.Signals, code: int) -> None:
    before = strangers()
    started: Callable[..., Any] = process.Popen
    lab = started(
        [*LAB, "run", "kill-master", "--advert-int", "1"],
        stdin=process.DEVNULL,
        stdout=process.DEVNULL,
        stderr=process.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PATH": PATH},
    )
    for line in lab.stderr:
        if "Entering MASTER STATE" in line:
            break
    assert strangers() - before, "the lab had no network of its own"
    end = os.killpg if number is signal.SIGINT else os.kill
    end(lab.pid, number)  # Ctrl-C reaches the whole foreground group
    assert lab.wait(20) == code
    lab.stderr.close()
    clock = SystemClock()
    until = clock.now() + 10
    while strangers() - before and clock.now() < until:
        clock.sleep(0.1)
    assert strangers() <= before

"""What systemd would hear on its socket."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloudfail import process
from cloudfail.agent.systemd import Systemd


class Manager:
    """The end of the socket that is systemd's."""

    def __init__(self, address: str) -> None:
        self.opened = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.opened.bind(address)
        self.opened.settimeout(30)

    def heard(self) -> dict[str, str]:
        lines = self.opened.recv(4096).decode().split("\n")
        return dict(line.split("=", 1) for line in lines)


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Manager, Systemd]]:
    name = str(tmp_path / "notify") if request.param == "path" else f"@cloudfail-{os.getpid()}"
    made = Manager(name.replace("@", "\0"))
    with made.opened:
        yield made, Systemd({"NOTIFY_SOCKET": name})


def test_ready_status_stopping_and_watchdog_are_told(manager: tuple[Manager, Systemd]) -> None:
    its, systemd = manager
    assert systemd.is_there
    assert systemd.ready("reads the FIFO")
    assert its.heard() == {"READY": "1", "STATUS": "reads the FIFO"}
    assert systemd.ready()
    assert its.heard() == {"READY": "1"}
    assert systemd.status("edge is MASTER")
    assert its.heard() == {"STATUS": "edge is MASTER"}
    assert systemd.alive()
    assert its.heard() == {"WATCHDOG": "1"}
    assert systemd.stopping("finishes")
    assert its.heard() == {"STOPPING": "1", "STATUS": "finishes"}


def test_a_reload_is_told_with_its_time(manager: tuple[Manager, Systemd]) -> None:
    its, systemd = manager
    before = time.clock_gettime(time.CLOCK_MONOTONIC)
    assert systemd.reloading()
    heard = its.heard()
    assert heard["RELOADING"] == "1"
    after = time.clock_gettime(time.CLOCK_MONOTONIC)
    assert int(before * 1e6) <= int(heard["MONOTONIC_USEC"]) <= after * 1e6


def test_a_status_cannot_say_anything_else(manager: tuple[Manager, Systemd]) -> None:
    its, systemd = manager
    assert systemd.status("one\nMAINPID=1")
    assert its.heard() == {"STATUS": "one\\nMAINPID=1"}


@pytest.mark.parametrize("named", ["", "@", "vsock:2:1", "relative", "/nowhere/notify", "/" * 200])
def test_without_a_socket_nothing_happens(named: str) -> None:
    systemd = Systemd({"NOTIFY_SOCKET": named})
    assert not systemd.ready("x")
    assert not systemd.alive()


def test_a_manager_that_does_not_read_holds_nobody_up(manager: tuple[Manager, Systemd]) -> None:
    _, systemd = manager
    for _ in range(10_000):
        if not systemd.alive():
            return
    raise AssertionError("the queue of the socket has no end")


def test_a_manager_that_is_gone_and_back_is_told_again(tmp_path: Path) -> None:
    path = tmp_path / "notify"
    systemd = Systemd({"NOTIFY_SOCKET": str(path)})
    first = Manager(str(path))
    first.opened.close()
    assert not systemd.ready()
    path.unlink()
    second = Manager(str(path))
    assert systemd.ready()
    assert second.heard() == {"READY": "1"}
    second.opened.close()


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "10000000"}, 10.0),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
    ],
)
def test_the_watchdog_is_this_processs_own(environ: dict[str, str], seconds: float | None) -> None:
    assert Systemd(environ).watchdog == seconds


def test_the_environment_of_the_process_is_what_counts(tmp_path: Path) -> None:
    path = tmp_path / "notify"
    its = Manager(str(path))
    code = "from cloudfail.agent.systemd import Systemd; assert Systemd().ready('up')"
    process.run(
        [sys.executable, "-c", code],
        env={**os.environ, "NOTIFY_SOCKET": str(path)},
        check=True,
        timeout=60,
    )
    assert its.heard() == {"READY": "1", "STATUS": "up"}
    its.opened.close()

"""What can be done to single parts of a node: keepalived alone, the agent, one direction, the disk."""

from __future__ import annotations

import os
import signal
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from cloudfail import process
from cloudfail.clock import SystemClock
from cloudfail.lab import tmpfiles
from cloudfail.lab.asked_agent import is_acting, is_warm, status_of
from cloudfail.lab.machine import Machine
from cloudfail.lab.network import Network, Port
from cloudfail.lab.resident import Resident
from cloudfail.lab.timeline import Kind, Timeline


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


# ---- the agent's keeper


class Launched:
    """Stands for nsenter: a shell whose only child is the stand-in."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, command: object) -> process.Popen[str]:
        del command
        self.count += 1
        return process.Popen(
            ["sh", "-c", "echo here; sleep 60; exit 3"],
            stdin=process.DEVNULL,
            stdout=process.PIPE,
            stderr=process.STDOUT,
            text=True,
        )


@pytest.fixture
def launched() -> Launched:
    return Launched()


@pytest.fixture
def resident(clock: SystemClock, launched: Launched) -> Iterator[Resident]:
    made = Resident("a", Timeline(clock), launched, lambda _: None)
    made.begin()
    yield made
    end(made)


def end(resident: Resident) -> None:
    """As the kernel ends a node: everything at once."""
    resident._over.set()
    for pid in resident.pids:
        os.kill(pid, signal.SIGKILL)
    resident.forget()


def until_there(resident: Resident, clock: SystemClock) -> int:
    while not resident.pids:
        clock.sleep(0.01)
    return resident.pids[0]


def test_an_agent_that_is_killed_is_started_again(
    resident: Resident, launched: Launched, clock: SystemClock
) -> None:
    first = until_there(resident, clock)
    os.kill(first, signal.SIGKILL)
    assert resident._timeline.wait(lambda: launched.count == 2, 10)
    assert until_there(resident, clock) != first
    (told,) = resident._timeline.events()
    assert (told.node, told.kind) == ("a", Kind.LAB)
    assert told.text.startswith("the agent ended (")


def test_an_agent_that_is_stopped_stays_so_until_it_goes_on(
    resident: Resident, launched: Launched, clock: SystemClock
) -> None:
    until_there(resident, clock)
    resident.stop(5)
    clock.sleep(0.5)
    assert (resident.pids, launched.count) == ((), 1)
    resident.go_on()
    until_there(resident, clock)
    assert launched.count == 2


def test_the_agent_of_a_dead_node_stays_dead(
    resident: Resident, launched: Launched, clock: SystemClock
) -> None:
    until_there(resident, clock)
    end(resident)
    assert (resident.pids, launched.count) == ((), 1)
    assert resident._timeline.events() == ()


# ---- what it says of itself


class Answering:
    """An agent's socket that answers everybody with one text."""

    def __init__(self, run: Path, answer: bytes) -> None:
        (run / "cloudfail").mkdir()
        self._answer = answer
        self._door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._door.bind(str(run / "cloudfail/agent.sock"))
        self._door.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._door.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._door.close()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._door.accept()
            except OSError:
                return
            with line:
                line.recv(4096)
                line.sendall(self._answer)


def answer_of(document: object) -> bytes:
    said = {"exit_code": 0, "stdout": msgspec.json.encode(document).decode(), "stderr": ""}
    return b'{"ack":true}\n' + msgspec.json.encode(said) + b"\n"


@pytest.mark.parametrize("busy", [True, False])
def test_whether_the_agent_acts_is_asked_for(
    tmp_path: Path, clock: SystemClock, busy: bool
) -> None:
    agent = Answering(tmp_path, answer_of({"role": "BACKUP", "agent": {"busy": busy}}))
    assert is_acting(status_of(tmp_path, clock)) is busy
    agent.close()


@pytest.mark.parametrize(
    ("status", "warm"),
    [
        (None, False),
        ({"role": "", "holdings": []}, False),
        ({"role": "BACKUP", "holdings": [{"owner": "unknown"}]}, False),
        ({"role": "BACKUP", "holdings": [{"owner": "peer"}, {"owner": "nobody"}]}, True),
    ],
)
def test_an_agent_is_warm_once_it_knows_its_role_and_who_holds_what(
    status: object, warm: bool
) -> None:
    assert is_warm(status) is warm


@pytest.mark.parametrize("said", [b"", b"{]\n", b"[1]\n", b'{"decline":"no"}\n'])
def test_an_agent_that_says_nothing_of_use_does_nothing(
    tmp_path: Path, clock: SystemClock, said: bytes
) -> None:
    assert status_of(tmp_path, clock) is None
    agent = Answering(tmp_path, said)
    assert status_of(tmp_path, clock) is None
    assert not is_acting(status_of(tmp_path, clock))
    agent.close()


# ---- its files


def test_a_boot_makes_what_tmpfiles_names_beneath_run(tmp_path: Path) -> None:
    directory, run = tmp_path / "tmpfiles.d", tmp_path / "run"
    directory.mkdir()
    (directory / "x.conf").write_text(
        "# a comment\n\nd /run/x 0750 u g -\np /run/x/fifo 0600 u g -\n"
        "f /run/x/hand 0644 u g - 0\\n\nd /var/lib/x 0755 u g -\nL /run/x/link - - - - /y\n"
        "d /run/y - - - -\n"
    )
    tmpfiles.make(directory, run)
    assert (run / "x").stat().st_mode & 0o777 == 0o750
    assert stat.S_ISFIFO((run / "x/fifo").stat().st_mode)
    assert (run / "x/hand").read_text() == "0\n"
    assert sorted(entry.name for entry in run.iterdir()) == ["x", "y"]
    assert sorted(entry.name for entry in (run / "x").iterdir()) == ["fifo", "hand"]


def test_names_are_found_until_they_are_not(tmp_path: Path, clock: SystemClock) -> None:
    machine = Machine("a", tmp_path, Timeline(clock), lambda _: None)
    machine.know_hosts({"api.lab.internal": "10.0.0.2"}, "10.0.0.3")
    assert (tmp_path / "hosts").read_text() == "127.0.0.1 localhost\n10.0.0.2 api.lab.internal\n"
    machine.know_hosts({}, "10.0.0.3")
    assert "ec2" not in (tmp_path / "hosts").read_text()
    assert (tmp_path / "resolv.conf").read_text() == "nameserver 10.0.0.3\n"


# ---- the network


def test_a_partition_may_be_of_one_direction() -> None:
    told: list[str] = []
    network = Network()
    network._ip = lambda *commands: told.extend(commands)  # type: ignore[assignment]
    ports = [Port(n, f"10.0.{i}.10", "02::1", f"10.0.{i}.0/24") for i, n in ((1, "a"), (2, "b"))]
    network.know(ports, ())
    network.part("a", "b", one_way=True)
    assert told == ["rule add pref 10 from 10.0.1.10 to 10.0.2.10 blackhole"]
    network.part("a", "b")
    assert len(told) == 3
    told.clear()
    network.join("b", "a")
    assert {line.split()[1] for line in told} == {"del"}
    assert len(told) == 2

"""Processes of keepalived that start slowly: what it told holds before they can say so."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cloudfail import process

from cli.machine import EIP, VIP, Machine
from cli.test_two_at_once import held_up, lines, wait_for

THEIRS = {EIP: "nic-b", VIP: "nic-b"}


@contextmanager
def starting(machine: Machine, *words: str) -> Iterator[process.Popen[str]]:
    """Start a process that comes to nothing until the end of the block."""
    slow = machine.spawn(*words)
    slow.send_signal(signal.SIGSTOP)
    wait_for(lambda: words[-1] in Path(f"/proc/{slow.pid}/cmdline").read_text())
    try:
        yield slow
    finally:
        slow.send_signal(signal.SIGCONT)
        slow.communicate(timeout=30)


def notice(role: str, instance: str = "edge") -> tuple[str, ...]:
    return ("notify", "INSTANCE", instance, role, "150")


@pytest.fixture
def master(machine: Machine) -> Iterator[process.Popen[str]]:
    """A promotion that is about to make its first call as soon as the cloud lets it."""
    machine.config()
    machine.world(THEIRS)
    with held_up(machine):
        running = machine.spawn(*notice("MASTER"))
        wait_for(lambda: bool(lines(machine, "intent")))
        yield running
    running.communicate(timeout=30)


def let_go_on(machine: Machine, master: process.Popen[str]) -> tuple[int, str]:
    machine.path.joinpath("world.json.hold").unlink()
    _, err = master.communicate(timeout=30)
    return master.returncode, err


@pytest.mark.parametrize("role", ["BACKUP", "FAULT", "DELETED"])
def test_a_master_begins_no_call_once_its_loss_was_told(
    machine: Machine, master: process.Popen[str], role: str
) -> None:
    with starting(machine, *notice(role)) as slow:
        code, err = let_go_on(machine, master)
        assert (code, machine.held) == (4, THEIRS)
        assert f"process {slow.pid} was started to record that" in err


def test_the_loss_is_told_under_the_configured_name(
    machine: Machine, master: process.Popen[str]
) -> None:
    words = ("notify", "--instance=edge", "INSTANCE", "VI_1", "BACKUP", "150")
    with starting(machine, *words):
        assert let_go_on(machine, master)[0] == 4


def test_what_else_is_told_stops_no_master(machine: Machine, master: process.Popen[str]) -> None:
    group = ("notify", "GROUP", "edge", "BACKUP", "0")
    with (
        starting(machine, *notice("BACKUP", "other")),
        starting(machine, *notice("MASTER")),
        starting(machine, *group),
    ):
        assert let_go_on(machine, master)[0] == 0
        assert set(machine.held.values()) == {"nic-a"}


def test_a_node_that_is_master_again_heeds_no_loss_from_before(machine: Machine) -> None:
    machine.config()
    machine.world(THEIRS)
    with starting(machine, *notice("BACKUP")):
        assert machine.finish(notice("MASTER")).code == 0
        assert set(machine.held.values()) == {"nic-a"}


def test_another_node_of_the_same_lab_stops_no_master(
    machine: Machine, master: process.Popen[str]
) -> None:
    ours = machine.environ["CLOUDFAIL_STATE_DIR"]
    machine.set("CLOUDFAIL_STATE_DIR", f"{ours}-of-b")
    with starting(machine, *notice("BACKUP")):
        assert let_go_on(machine, master)[0] == 0

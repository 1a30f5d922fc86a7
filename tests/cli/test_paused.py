"""What was paused stays paused while no agent is there to know it."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloudfail.agent.pausing import FILE, Pauses
from cloudfail.errors import RefusedError

from cli.machine import EIP, VIP, Machine
from cli.machine import FILE as CONFIG

REFUSED = RefusedError.exit_code
UNTOUCHED = {EIP: "nic-b", VIP: ""}


@pytest.fixture
def library(machine: Machine, tmp_path: Path) -> Path:
    """Where the agent of this machine keeps its pauses."""
    directory = tmp_path / "lib"
    directory.mkdir(mode=0o755)
    machine.set("STATE_DIRECTORY", str(directory))
    Pauses(directory).pause(["edge"], "root", "moving subnets")()
    return directory


@pytest.mark.parametrize(
    "words",
    [
        ("promote",),
        ("notify", "INSTANCE", "edge", "MASTER", "150"),
        ("notify", "--event", "rx-lower-pri", "--instance", "edge"),
    ],
)
@pytest.mark.usefixtures("library")
def test_without_its_agent_a_paused_instance_is_not_moved(
    machine: Machine, words: tuple[str, ...]
) -> None:
    machine.config()
    answer = machine.run(*words)
    assert answer.code == REFUSED
    assert "moving subnets: nothing is moved; `cloudfail resume`" in answer.err
    assert machine.held == UNTOUCHED


@pytest.mark.usefixtures("library")
def test_force_moves_it(machine: Machine) -> None:
    machine.config()
    assert machine.run("promote", "--force").code == 0
    assert machine.held == {EIP: "nic-a", VIP: "nic-a"}


@pytest.mark.usefixtures("library")
def test_where_no_agent_is_configured_an_old_pause_keeps_nothing(machine: Machine) -> None:
    machine.config(f"[agent]\nenabled = false\n{CONFIG}")
    assert machine.run("promote").code == 0


def test_what_cannot_be_read_pauses_nothing_and_is_said(machine: Machine, library: Path) -> None:
    machine.config()
    (library / FILE).write_text("{")
    answer = machine.run("promote")
    assert answer.code == 0
    assert "so nothing is paused" in answer.err


@pytest.mark.usefixtures("library")
def test_status_says_so_without_the_agent_too(machine: Machine) -> None:
    machine.config()
    machine.world({EIP: "nic-b", VIP: "nic-b"})
    assert ": moving subnets" in machine.run("status").out.splitlines()[-1]
    checked = machine.run("status", "--check")
    assert checked.code == 1
    assert checked.out.startswith("CLOUDFAIL WARNING - edge: paused by root")

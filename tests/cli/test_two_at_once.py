"""Processes and signals that meet: the last role wins, nothing is lost, nothing is joined wrongly."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cli.machine import EIP, FILE, VIP, Machine


def wait_for(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def lines(machine: Machine, event: str = "") -> list[dict[str, Any]]:
    path = Path(machine.environ["CLOUDFAIL_JOURNAL"])
    text = path.read_text() if path.exists() else ""
    found = [json.loads(line) for line in text.splitlines()]
    return [line for line in found if not event or line["event"] == event]


@contextmanager
def held_up(machine: Machine) -> Iterator[Path]:
    """Let every write of the cloud wait until the end of the block."""
    hold = Path(f"{machine.world_file}.hold")
    hold.touch()
    try:
        yield hold
    finally:
        hold.unlink(missing_ok=True)


@pytest.fixture
def peers_world(machine: Machine) -> Machine:
    machine.config()
    machine.world({EIP: "nic-b", VIP: "nic-b"})
    return machine


def test_a_lower_advert_that_joined_looks_again_after_the_peers_last_call(
    peers_world: Machine,
) -> None:
    machine = peers_world
    with held_up(machine):
        one = machine.spawn("promote", "--instance", "edge")
        wait_for(lambda: bool(lines(machine, "intent")))
        words = ("notify", "--event", "rx-lower-pri", "--instance", "edge")
        two = machine.spawn(*words)
        role = machine.path / "state" / "edge.role"
        wait_for(lambda: f'"pid": {two.pid}' in role.read_text())
        two.send_signal(signal.SIGSTOP)  # its second look comes after what follows
    one.communicate(timeout=60)
    world = json.loads(machine.world_file.read_text())
    world["held"][EIP] = "nic-b"
    machine.world_file.write_text(json.dumps(world))
    two.send_signal(signal.SIGCONT)
    two.communicate(timeout=60)
    assert machine.held[EIP] == "nic-a"


def test_a_look_at_other_claims_is_not_joined(peers_world: Machine) -> None:
    machine = peers_world
    with held_up(machine):
        one = machine.spawn("promote", "--instance", "edge", "--public-ip", "203.0.113.7")
        two = machine.spawn("promote", "--instance", "edge", "--private-ip", "10.0.1.100")
        wait_for(lambda: bool(lines(machine, "intent")))
    one.communicate(timeout=60)
    two.communicate(timeout=60)
    assert set(machine.held.values()) == {"nic-a"}


def test_a_run_that_waited_in_vain_is_in_the_journal(peers_world: Machine) -> None:
    machine = peers_world
    with held_up(machine):
        one = machine.spawn("promote", "--instance", "edge")
        wait_for(lambda: bool(lines(machine, "intent")))
        two = machine.finish(["promote", "--instance", "edge", "--deadline", "1"])
    one.communicate(timeout=60)
    assert two.code == 75
    assert 75 in {line["exit_code"] for line in lines(machine, "ended")}


def test_a_lost_role_stops_the_run_even_when_the_file_is_broken_by_now(
    peers_world: Machine,
) -> None:
    machine = peers_world
    file = machine.config()
    with held_up(machine):
        one = machine.spawn("promote", "--instance", "edge")
        wait_for(lambda: bool(lines(machine, "intent")))
        file.write_text(FILE.replace('interface = "eth0"', 'interfac = "eth0"'))
        two = machine.finish(["notify", "INSTANCE", "edge", "BACKUP", "100"])
    one.communicate(timeout=60)
    assert two.code == 78
    assert one.returncode == 4
    assert set(machine.held.values()) != {"nic-a"}


def test_a_signal_while_the_plugin_is_imported_is_no_broken_plugin(
    peers_world: Machine, plugin: Path
) -> None:
    machine = peers_world
    module = plugin / "cloudfail_fake.py"
    importing, told = machine.path / "importing", machine.path / "told"
    slow = (
        f"import time, pathlib\npathlib.Path('{importing}').touch()\n"
        f"while not pathlib.Path('{told}').exists(): time.sleep(0.01)\n"
    )
    module.write_text(module.read_text().replace("import json\n", f"import json\n{slow}", 1))
    process = machine.spawn("promote", "--instance", "edge")
    wait_for(importing.exists)
    process.send_signal(signal.SIGTERM)
    told.touch()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 4
    assert "stopped by SIGTERM" in err


def test_a_signal_between_the_two_looks_loses_nothing(peers_world: Machine) -> None:
    machine = peers_world
    words = ("notify", "--event", "rx-lower-pri", "--instance", "edge", "--output", "json")
    process = machine.spawn(*words)
    wait_for(lambda: bool(lines(machine, "ended")))
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=60)
    assert json.loads(out)["changed"]
    assert set(machine.held.values()) == {"nic-a"}


def test_a_dropped_terminal_ends_a_run_at_a_safe_point(peers_world: Machine) -> None:
    machine = peers_world
    with held_up(machine):
        process = machine.spawn("promote", "--instance", "edge")
        wait_for(lambda: bool(lines(machine, "intent")))
        process.send_signal(signal.SIGHUP)
        wait_for(lambda: process.poll() is None)
    process.communicate(timeout=60)
    assert process.returncode in {0, 4}
    assert lines(machine, "ended")

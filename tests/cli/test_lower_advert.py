"""`notify --event rx-lower-pri`: another master was heard, and may have taken what is ours."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest
from cloudfail import process
from cloudfail.cli import looks
from cloudfail.cli.looks import Looks
from cloudfail.keepalived import one_at_a_time
from cloudfail.role import RoleStore

from cli.machine import EIP, EXECUTABLE, VIP, Machine
from cli.test_two_at_once import held_up, lines, wait_for

LOWER = ("notify", "--event", "rx-lower-pri", "--instance")


needs_flock = pytest.mark.skipif(shutil.which("flock") is None, reason="needs flock (util-linux)")


def told_by_flock(machine: Machine, *more: str) -> process.Popen[str]:
    """Start what keepalived starts for each lower advert."""
    lock = str(machine.path / "edge.lower-advert")
    before = (*one_at_a_time.words("root", "edge")[:-1], lock)
    return process.Popen(
        [*before, EXECUTABLE, *LOWER, "edge", *more],
        env=machine.environ,
        text=True,
        stdin=process.DEVNULL,
        stdout=process.PIPE,
        stderr=process.PIPE,
    )


def ends_at_once(machine: Machine) -> None:
    """Tell of one more lower advert, which flock ends because one is looked at already."""
    out, err = told_by_flock(machine).communicate(timeout=30)
    assert (out, err) == ("", "")


def test_a_lower_advert_looks_twice(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The peer may take the address between our first look and its stepping down."""
    machine.config()
    machine.world({EIP: "nic-a", VIP: "nic-a"})

    times: list[float] = []

    class Clock:
        def sleep(self, seconds: float) -> None:
            times.append(time.monotonic())
            time.sleep(seconds)
            times.append(time.monotonic())
            machine.world({EIP: "nic-b", VIP: "nic-a"})

    monkeypatch.setattr("cloudfail.clock.SystemClock.sleep", Clock.sleep)
    answer = machine.run("notify", "--event", "rx-lower-pri", "--instance", "edge")
    assert answer.code == 0
    assert times[-1] - times[0] > 0.9
    assert machine.held == {EIP: "nic-a", VIP: "nic-a"}
    assert "2 claims taken and verified" in answer.out


def test_the_last_look_settles_after_the_last_advert_that_flock_ended(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The peer was master until a moment before the second look: its call lands after that."""
    machine.config()
    machine.world({EIP: "nic-a", VIP: "nic-a"})
    lock = machine.path / "edge.lower-advert"
    os.open(lock, os.O_RDONLY | os.O_CREAT)  # as flock(1) leaves it; the command closes it
    settled: list[bool] = []

    def settle(_: object) -> None:
        settled.append(is_open(lock))
        if len(settled) == 2:
            machine.world({EIP: "nic-b", VIP: "nic-a"})

    monkeypatch.setattr(Looks, "_settle", settle)
    answer = machine.run("notify", "--event", "rx-lower-pri", "--instance", "edge")
    assert (answer.code, settled) == (0, [True, False])
    assert machine.held == {EIP: "nic-a", VIP: "nic-a"}
    settled.clear()
    assert machine.run("notify", "--event", "rx-lower-pri", "--instance", "edge").code == 0
    assert settled == [False], "where flock ended nobody, two looks are enough"


def is_open(file: Path) -> bool:
    """Say whether this process has the file open."""
    ours = (entry for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink())
    return any(entry.readlink() == file for entry in ours)


def test_one_late_look_does_for_every_lower_advert(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They come once an interval; a look of another run that began late enough is not repeated."""
    machine.config()
    machine.world({EIP: "nic-a", VIP: "nic-a"})
    monkeypatch.setattr(looks, "settle_seconds", lambda _: 0.01)
    # As if this process had settled before the look that is on record.
    monkeypatch.setattr("cloudfail.cli.looks.boottime", lambda: 1.0)
    answer = machine.run("notify", "--event", "rx-lower-pri", "--instance", "edge")
    assert answer.code == 0
    entries = machine.run("history", "--output", "json").json["entries"]
    assert [entry["event"] for entry in entries if entry["event"] in {"observed", "joined"}][
        -1
    ] == "joined"


def test_a_lower_advert_does_not_take_from_a_stranger_either(machine: Machine) -> None:
    machine.config()
    machine.world({EIP: "nic-z", VIP: "nic-a"})
    answer = machine.run("notify", "--event", "rx-lower-pri", "--instance", "edge")
    assert answer.code == 77


def test_a_lower_advert_needs_the_instance_and_nothing_else(machine: Machine) -> None:
    machine.config()
    answer = machine.run("notify", "--event", "rx-lower-pri")
    assert answer.code == 64
    assert "needs --instance NAME" in answer.err
    answer = machine.run("notify", "--event", "rx-lower-pri", "--instance", "edge", "INSTANCE")
    assert answer.code == 64
    assert "takes no further words: INSTANCE" in answer.err


@needs_flock
def test_an_advert_that_flock_ended_is_looked_at_though_the_first_look_failed(
    machine: Machine,
) -> None:
    machine.config()
    machine.world({}, fail={"error": "UnreachableError", "message": "no answer"})
    first = told_by_flock(machine, "--deadline", "1")
    wait_for(lambda: bool(lines(machine, "started")))
    ends_at_once(machine)
    wait_for(lambda: 69 in {line.get("exit_code") for line in lines(machine, "ended")})
    machine.world({EIP: "nic-b", VIP: "nic-a"})
    first.communicate(timeout=30)
    assert (first.returncode, machine.held[EIP]) == (0, "nic-a")


@needs_flock
def test_an_advert_that_flock_ended_is_looked_at_though_the_role_was_lost_in_between(
    machine: Machine,
) -> None:
    """MASTER, BACKUP, MASTER: the process of the first time kept those of the second away."""
    machine.config()
    machine.world({EIP: "nic-b", VIP: "nic-b"})
    with held_up(machine):
        first = told_by_flock(machine)
        wait_for(lambda: bool(lines(machine, "intent")))
        assert machine.finish(("notify", "INSTANCE", "edge", "BACKUP", "150")).code == 0
        second = machine.spawn("notify", "INSTANCE", "edge", "MASTER", "150")
        wait_for(lambda: current(machine) == "MASTER")
        ends_at_once(machine)
    wait_for(lambda: "superseded" in {line["event"] for line in lines(machine)})
    wait_for(lambda: 0 in {line.get("exit_code") for line in lines(machine, "ended")})
    machine.world({EIP: "nic-b", VIP: "nic-a"})  # the last call of the peer's lands
    first.communicate(timeout=30)
    second.communicate(timeout=30)
    assert (first.returncode, machine.held[EIP]) == (0, "nic-a")


def current(machine: Machine) -> str:
    recorded = RoleStore(machine.path / "state").current("edge")
    return recorded.role.value if recorded else ""

"""`notify` and `demote`: keepalived's words become roles."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from cloudfail.cli import mates, notify
from cloudfail.role import RoleStore

from cli.machine import EIP, VIP, Machine


def role(machine: Machine) -> str:
    recorded = RoleStore(machine.path / "state").current("edge")
    return recorded.role.value if recorded else ""


def test_master_promotes(machine: Machine) -> None:
    machine.config()
    answer = machine.run("notify", "INSTANCE", "edge", "MASTER", "150")
    assert answer.code == 0
    assert machine.held == {EIP: "nic-a", VIP: "nic-a"}
    assert role(machine) == "MASTER"


@pytest.mark.parametrize(
    ("state", "recorded"),
    [("BACKUP", "BACKUP"), ("FAULT", "FAULT"), ("STOP", "STOP"), ("DELETED", "STOP")],
)
def test_everything_else_is_recorded_and_releases_nothing(
    machine: Machine, state: str, recorded: str
) -> None:
    machine.config()
    machine.world({EIP: "nic-a", VIP: "nic-a"})
    answer = machine.run("notify", "INSTANCE", "edge", state, "150")
    assert answer.code == 0
    assert role(machine) == recorded
    assert machine.held == {EIP: "nic-a", VIP: "nic-a"}
    assert "Nothing is released" in answer.out
    assert machine.run("history", "--output", "json").json["entries"][-1]["role"] == recorded


def test_demote_records_backup_and_says_why_it_releases_nothing(machine: Machine) -> None:
    machine.config()
    answer = machine.run("demote")
    assert answer.code == 0
    assert role(machine) == "BACKUP"
    assert "the new master takes it over" in answer.out
    found = machine.run("demote", "--output", "json").json
    assert (found["role"], found["changed"], found["generation"]) == ("BACKUP", False, 1)


def test_a_group_is_ignored_with_a_reason(machine: Machine) -> None:
    machine.config()
    answer = machine.run("notify", "GROUP", "SG", "MASTER", "0")
    assert answer.code == 0
    assert "group SG ignored: keepalived notifies each of its instances" in answer.out
    assert role(machine) == ""


def test_a_name_that_is_not_configured_is_an_error(machine: Machine) -> None:
    machine.config()
    for state in ("MASTER", "BACKUP"):
        answer = machine.run("notify", "INSTANCE", "egde", state, "150")
        assert answer.code == 78
        assert 'no instance "egde"; did you mean "edge"?' in answer.err


def test_instance_overrides_keepaliveds_name(machine: Machine) -> None:
    machine.config()
    assert machine.run("notify", "--instance", "edge", "INSTANCE", "VI_1", "MASTER", "1").code == 0
    assert role(machine) == "MASTER"


def test_a_drop_in_without_a_file_takes_keepaliveds_name(machine: Machine) -> None:
    flags = ["notify", "--provider", "fake", "--public-ip", "203.0.113.7"]
    answer = machine.run(*flags, "INSTANCE", "VI_1", "MASTER", "150")
    assert answer.code == 0
    assert machine.held[EIP] == "me"
    assert "VI_1: 1 claim taken and verified" in answer.out
    assert machine.run(*flags, "INSTANCE", "VI_1", "BACKUP", "150").code == 0
    recorded = RoleStore(machine.path / "state").current("VI_1")
    assert recorded is not None
    assert (recorded.role.value, recorded.generation) == ("BACKUP", 2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "keepalived appends four arguments"),
        (["INSTANCE", "edge", "MASTER"], "here are 3: INSTANCE edge MASTER"),
        (["GRUP", "edge", "MASTER", "1"], '"GRUP" is neither INSTANCE nor GROUP'),
        (["INSTANCE", "edge", "master", "1"], '"master" is no state'),
        (["INSTANCE", "edge", "MASTER", "high"], '"high" is no priority'),
    ],
)
def test_words_that_are_not_keepaliveds_are_a_usage_error(
    machine: Machine, words: list[str], said: str
) -> None:
    machine.config()
    answer = machine.run("notify", *words)
    assert answer.code == 64
    assert said in answer.err


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
    assert times[-1] - times[0] > 0.9 * notify.SETTLE_SECONDS
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

    monkeypatch.setattr(notify, "_settle", settle)
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


@pytest.mark.parametrize("instance", ["v4", "v6"])
def test_it_looks_until_no_call_of_the_peers_is_under_way(
    grouped: Machine, monkeypatch: pytest.MonkeyPatch, instance: str
) -> None:
    """On some clouds a call takes seconds, and lands after whatever was verified."""
    assert grouped.run("notify", "INSTANCE", "v6", "MASTER", "150").code == 0
    grouped.world({EIP: "nic-a", VIP: "nic-a"}, moving=[EIP])
    naps = []

    def sleep(_: object, seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            grouped.world({EIP: "nic-b", VIP: "nic-a"})

    assert grouped.run("notify", "INSTANCE", "v4", "MASTER", "150").code == 0
    monkeypatch.setattr("cloudfail.clock.SystemClock.sleep", sleep)
    grouped.world({EIP: "nic-a", VIP: "nic-a"}, moving=[EIP])
    monkeypatch.setattr(notify, "_settle", lambda stopper: sleep(stopper, 1.0))
    answer = grouped.run("notify", "--event", "rx-lower-pri", "--instance", instance)
    assert (answer.code, len(naps)) == (0, 3)
    assert grouped.held == {EIP: "nic-a", VIP: "nic-a"}


def test_the_last_look_comes_however_long_the_others_take(
    grouped: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The adverts that flock(1) kept from starting a process rely on it."""
    real = mates.look_for_mates

    def slowly(*words: Any) -> bool:
        time.sleep(1.1)
        grouped.world({EIP: "nic-b", VIP: "nic-a"})
        monkeypatch.setattr(mates, "look_for_mates", real)
        return real(*words)

    monkeypatch.setattr(mates, "look_for_mates", slowly)
    words = ("notify", "--event", "rx-lower-pri", "--instance", "v4", "--deadline", "1")
    assert grouped.run(*words).code == 0
    assert grouped.held[EIP] == "nic-a"


def test_one_late_look_does_for_every_lower_advert(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They come once an interval; a look of another run that began late enough is not repeated."""
    machine.config()
    machine.world({EIP: "nic-a", VIP: "nic-a"})
    monkeypatch.setattr(notify, "SETTLE_SECONDS", 0.01)
    # As if this process had settled before the look that is on record.
    monkeypatch.setattr("cloudfail.role.event.boottime", lambda: 1.0)
    answer = machine.run("notify", "--event", "rx-lower-pri", "--instance", "edge")
    assert answer.code == 0
    entries = machine.run("history", "--output", "json").json["entries"]
    assert [entry["event"] for entry in entries if entry["event"] in {"observed", "joined"}][
        -1
    ] == "joined"


GROUPED = """
[instance.v4]
provider = "fake"
node = [
  { name = "a", address = "127.1.1.1", priority = 150, interface_id = "nic-a" },
  { name = "b", address = "127.1.1.2", priority = 100, interface_id = "nic-b" },
]
claim = [{ kind = "public-ip", address = "203.0.113.7" }]

[instance.v6]
provider = "fake"
node = [
  { name = "a", address = "127.1.1.1", priority = 150, interface_id = "nic-a" },
  { name = "b", address = "127.1.1.2", priority = 100, interface_id = "nic-b" },
]
claim = [{ kind = "private-ip", address = "10.0.1.100" }]

[vrrp_sync_group.both]
instances = ["v4", "v6"]
"""


@pytest.fixture
def grouped(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Both instances are with the peer; a settled second passes at once."""
    machine.config(GROUPED)
    machine.world({EIP: "nic-b", VIP: "nic-b"})
    monkeypatch.setattr(notify, "SETTLE_SECONDS", 0.01)
    return machine


def test_of_a_lower_advert_every_master_of_the_group_is_told(grouped: Machine) -> None:
    assert grouped.run("notify", "INSTANCE", "v6", "MASTER", "150").code == 0
    grouped.world({EIP: "nic-b", VIP: "nic-b"})
    answer = grouped.run("notify", "--event", "rx-lower-pri", "--instance", "v4")
    assert answer.code == 0
    assert grouped.held == {EIP: "nic-a", VIP: "nic-a"}


@pytest.mark.parametrize("role", ["BACKUP", "FAULT", ""])
def test_a_mate_that_is_no_master_is_left_alone(grouped: Machine, role: str) -> None:
    if role:
        assert grouped.run("notify", "INSTANCE", "v6", role, "150").code == 0
    assert grouped.run("notify", "--event", "rx-lower-pri", "--instance", "v4").code == 0
    assert grouped.held == {EIP: "nic-a", VIP: "nic-b"}


def test_a_mate_that_cannot_be_taken_is_said_and_stops_nothing(grouped: Machine) -> None:
    assert grouped.run("notify", "INSTANCE", "v6", "MASTER", "150").code == 0
    grouped.world({EIP: "nic-b", VIP: "nic-z"})
    answer = grouped.run(
        "notify", "--event", "rx-lower-pri", "--instance", "v4", "--output", "json"
    )
    assert (answer.code, answer.json["instance"]) == (0, "v4")
    assert grouped.held == {EIP: "nic-a", VIP: "nic-z"}
    assert "v6: private-ip 10.0.1.100: held by nic-z" in answer.err


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


def test_a_role_that_cannot_be_recorded_is_an_error(machine: Machine) -> None:
    """Nothing would stop the promotion that this was to stop."""
    machine.config()
    machine.set("CLOUDFAIL_STATE_DIR", "/proc/nowhere")
    answer = machine.run("demote")
    assert (answer.code, answer.out) == (78, "")
    assert "role BACKUP could not be recorded" in answer.err
    assert "/proc/nowhere: No such file or directory; make the directory usable" in answer.err
    assert answer.err.count("\n") == 1


def test_a_journal_that_cannot_be_written_is_said(machine: Machine) -> None:
    machine.config()
    machine.set("CLOUDFAIL_JOURNAL", "/proc/nowhere/journal.jsonl")
    answer = machine.run("demote")
    assert answer.code == 0
    assert "role BACKUP recorded" in answer.out
    assert "/proc/nowhere" in answer.err


def test_a_misspelt_provider_records_nothing(machine: Machine) -> None:
    answer = machine.run("demote", "--provider", "fakt", "--public-ip", "203.0.113.7")
    assert answer.code == 78
    assert "no provider named 'fakt'" in answer.err
    assert not (machine.path / "state").exists()


def test_an_ignored_group_is_a_document_too(machine: Machine) -> None:
    found = machine.run("notify", "GROUP", "g", "MASTER", "0", "--output", "json").json
    assert (found["schema_version"], found["changed"], found["exit_code"]) == (1, False, 0)
    assert found["message"].startswith("group g ignored")

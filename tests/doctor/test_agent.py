"""The agent as doctor finds it: none, one that is well, and each way in which it is not."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cloudfail import __version__
from cloudfail.doctor import Machine, Status
from cloudfail.doctor.agent import check_agent, check_instance, check_unit
from cloudfail.doctor.check import Case
from cloudfail.keepalived.generate import files_of

from doctor.agents import answering, replying
from doctor.cases import machine_of, of_status, pair
from keepalived.generate.place import needs_keepalived, run_inside

WELL: dict[str, Any] = {
    "version": __version__,
    "pid": os.getpid(),
    "is_hearing": True,
    "problems": [],
    "paused": "",
    "alarms": [],
}
EXECUTABLE = Path(sys.executable).with_name("cloudfail")
SYSTEMCTL = "#!/bin/sh\ncat <<'END'\n{}\nEND\n"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A node with the FIFO, which this process reads."""
    found = machine_of(tmp_path)
    found.path("/run/cloudfail").mkdir(parents=True)
    os.mkfifo(found.path("/run/cloudfail/vrrp.fifo"), 0o600)
    return found


@pytest.fixture
def reading(machine: Machine) -> Iterator[int]:
    descriptor = os.open(machine.path("/run/cloudfail/vrrp.fifo"), os.O_RDWR | os.O_NONBLOCK)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    yield descriptor
    os.close(descriptor)


def checked(machine: Machine, **other: Any) -> list[str]:
    """Return what is not ok, with an agent that answers so."""
    with answering(machine, {**WELL, **other}):
        checks = list(check_agent(machine))
    assert checks
    return [f"{one.status.value}: {one.message}" for one in checks if one.status is not Status.OK]


@pytest.mark.usefixtures("reading")
def test_an_agent_that_is_well_is_ok(machine: Machine) -> None:
    with answering(machine, WELL) as asked:
        [check] = check_agent(machine)
    assert (check.status, check.message) == (
        Status.OK,
        f"process {os.getpid()} hears keepalived, and answers",
    )
    assert asked == [
        ["status", "--instance", "edge", "--output", "json", "--config", str(machine.config.path)]
    ]


def test_without_one_a_failover_is_slower_and_that_is_said(machine: Machine) -> None:
    [check] = check_agent(machine)
    assert check.status is Status.WARNING
    assert "each event starts a process of its own" in check.message
    assert check.remedy == "systemctl start cloudfail-agent"


def test_where_none_is_wanted_none_is_missed(tmp_path: Path) -> None:
    machine = machine_of(tmp_path, pair(more="[agent]\nenabled = false"))
    assert [*check_agent(machine), *check_unit(machine)] == []


@pytest.mark.usefixtures("reading")
@pytest.mark.parametrize(
    ("other", "wanted"),
    [
        ({"version": "0.0.9"}, f"warning: it is of version 0.0.9, installed is {__version__}"),
        ({"is_hearing": False}, "failed: it does not hear keepalived by both, FIFO and wire"),
        ({"problems": ["the disk is full"]}, "warning: the disk is full"),
    ],
)
def test_what_it_says_of_itself_counts(machine: Machine, other: Any, wanted: str) -> None:
    assert checked(machine, **other) == [wanted]


def test_a_fifo_that_nobody_reads_fails(machine: Machine) -> None:
    [failure] = checked(machine)
    assert failure.startswith("failed: ")
    assert f"vrrp.fifo is not read by process {os.getpid()}" in failure


@pytest.mark.usefixtures("reading")
def test_a_process_that_may_not_hear_the_wire_fails(machine: Machine) -> None:
    """Process 2 stands in for the one that reads the FIFO: this one has the capability, or not."""
    with subject_without_capabilities() as pid:
        found = checked(machine, pid=pid)
    assert (
        f"failed: process {pid} has no CAP_NET_RAW: it cannot hear adverts, and so proves no role"
        in (found)
    )


@contextmanager
def subject_without_capabilities() -> Iterator[int]:
    ready, done = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        if os.geteuid() == 0:
            os.setuid(65534)
        os.write(ready[1], b".")
        os.read(done[0], 1)
        os._exit(0)
    os.read(ready[0], 1)
    try:
        yield pid
    finally:
        os.write(done[1], b".")
        os.waitpid(pid, 0)
        for descriptor in (*ready, *done):
            os.close(descriptor)


@pytest.mark.parametrize(
    ("reply", "status", "words"),
    [
        (b'{"decline": "the agent goes by /x"}\n', Status.WARNING, "the agent goes by /x"),
        (b'{"ack": true}\n', Status.FAILED, "ended before it answered"),
        (b"what?\n", Status.FAILED, "the answer is none"),
        (
            b'{"ack": true}\n{"exit_code": 70, "stdout": "", "stderr": "a bug"}\n',
            Status.FAILED,
            "a bug",
        ),
    ],
)
def test_an_answer_that_is_none_is_told(
    machine: Machine, reply: bytes, status: Status, words: str
) -> None:
    with replying(machine, reply):
        [check] = check_agent(machine)
    assert check.status is status
    assert words in check.message


def test_another_socket_than_the_commands_ask_is_told(tmp_path: Path) -> None:
    machine = machine_of(tmp_path, pair(more='[agent]\nsocket = "/run/cloudfail/other.sock"'))
    told = of_status(check_agent(machine), Status.WARNING)
    assert any("scripts ask at /run/cloudfail/agent.sock" in one for one in told)


def test_a_pause_and_an_alarm_are_of_their_instance(machine: Machine) -> None:
    case = Case(machine=machine, instance=machine.config.instances["edge"], me=None)
    with answering(machine, {**WELL, "paused": "paused by ops", "alarms": ["a stranger holds it"]}):
        told = of_status(check_instance(case), Status.WARNING)
    assert told == ["agent: paused by ops", "agent: a stranger holds it"]
    assert list(check_instance(case)) == [], "without an agent that is said once, of the machine"


@pytest.mark.parametrize(
    ("shown", "status", "words"),
    [
        ("LoadState=loaded\nActiveState=active\nNRestarts=0", Status.OK, "runs"),
        ("LoadState=not-found", Status.WARNING, "does not know it"),
        ("LoadState=loaded\nActiveState=inactive", Status.WARNING, "does not run"),
        (
            "LoadState=loaded\nActiveState=activating\nSubState=auto-restart\nStatusText=a=7: no",
            Status.FAILED,
            "auto-restart): a=7: no",
        ),
        ("LoadState=loaded\nActiveState=active\nNRestarts=7", Status.WARNING, "again 7 times"),
        ("LoadState=loaded\nActiveState=active\nNeedDaemonReload=yes", Status.WARNING, "anew"),
    ],
)
def test_what_systemd_says_of_the_unit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shown: str, status: Status, words: str
) -> None:
    machine = machine_of(tmp_path)
    machine.path("/run/systemd/system").mkdir(parents=True)
    program = tmp_path / "bin/systemctl"
    program.parent.mkdir()
    program.write_text(SYSTEMCTL.format(shown))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    [check] = check_unit(machine)
    assert check.status is status
    assert words in check.message


@pytest.mark.netns
@needs_keepalived
@pytest.mark.skipif(shutil.which("systemd-tmpfiles") is None, reason="needs systemd-tmpfiles")
def test_a_real_agent_with_the_units_user_and_rights_is_well(tmp_path: Path) -> None:
    """All generated: tmpfiles, keepalived.conf, and what the unit leaves the agent of the machine.

    Nobody answers for the peer's address, as on a subnet it has left: no advert leaves the device.
    """
    machine = machine_of(tmp_path, pair(claims="", instance="advert_int = 0.1"))
    assert machine.site is not None
    for file in files_of(machine.site).files:
        (tmp_path / file.path[1:].replace("/", "-")).write_text(file.text)
    script = f"""
        mount -t tmpfs tmpfs /var/lib && mount -t tmpfs tmpfs /etc/keepalived
        cp {tmp_path}/etc-keepalived-keepalived.conf /etc/keepalived/keepalived.conf && cp {tmp_path}/cloudfail.toml /run
        cp {tmp_path}/etc-tmpfiles.d-cloudfail.conf /run/tmpfiles.conf
        ip address add 10.0.1.10/24 dev eth0
        systemd-tmpfiles --create /run/tmpfiles.conf || exit 9
        mount -o remount,bind,ro / || exit 10
        export CLOUDFAIL_CONFIG=/run/cloudfail.toml
        setpriv --reuid 990 --regid 990 --clear-groups --no-new-privs --inh-caps=-all,+net_raw \\
            --ambient-caps=-all,+net_raw --bounding-set=-all,+net_raw \\
            {EXECUTABLE} agent >/run/log 2>&1 &
        agent=$!
        keepalived -n -l -p /run/keepalived.pid >/run/keepalived.log 2>&1 &
        for _ in $(seq 400); do
            {EXECUTABLE} status --output json 2>/dev/null | grep -q '"role": "MASTER"' && was=MASTER && break
            sleep 0.1
        done
        {EXECUTABLE} doctor --no-cloud --no-adverts --output json
        echo 1 >/run/cloudfail/handover/edge
        for _ in $(seq 400); do
            {EXECUTABLE} status --output json 2>/dev/null | grep -q '"role": "FAULT"' && echo "$was FAULT" && break
            sleep 0.1
        done
        kill $agent $(cat /run/keepalived.pid); wait
        cat /run/log >&2
    """
    done = run_inside(script, tmp_path)
    text, _, after = done.stdout.rpartition("}")
    found = json.loads(text + "}")["checks"]
    of_agent = [one for one in found if one["subject"] in {"agent", "FIFO"}]
    assert [one["status"] for one in of_agent] == ["ok", "ok"], (of_agent, done.stderr)
    assert after.strip() == "MASTER FAULT"

"""What `generate` writes, as a running systemd takes it: keepalived, and the agent beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from booted.machine import need_systemd
from booted.pair import FIRST, KEEPALIVED, KEYS, UNIT, Pair, pair

pytestmark = [pytest.mark.netns, pytest.mark.timeout(300)]

NET_RAW = 1 << 13
RESOURCE = 1 << 24  # CAP_SYS_RESOURCE: without it not even systemd lowers the score


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    need_systemd()
    with pair(tmp_path_factory.mktemp("booted")) as made:
        made.begin()
        yield made


def under(machine: Pair, name: str) -> str:
    """Return a line of /proc/PID/status of the agent."""
    lines = machine.a.do("cat", f"/proc/{machine.agent}/status").splitlines()
    return next(line.split(":", 1)[1].strip() for line in lines if line.startswith(f"{name}:"))


def test_one_step_installs_it_and_the_next_changes_nothing(machine: Pair) -> None:
    again = machine.a.do(*FIRST)
    assert again == "a: nothing to change; the agent has read its settings anew\n"
    assert machine.a.shown(UNIT, "ActiveState") == "active"
    assert machine.a.shown(UNIT, "StatusText") == "hearing keepalived"
    status = machine.a.do("cloudfail", "status")
    assert "role MASTER" in status
    assert "prepared" in status, "the agent did it, and not keepalived's script"


def test_doctor_finds_nothing_wrong_with_the_agent(machine: Pair) -> None:
    told = machine.a.run("cloudfail", "doctor").stdout
    assert f"ok       {UNIT}: runs\n" in told, told
    assert f"ok       agent: process {machine.agent} hears keepalived, and answers\n" in told
    assert "FAILED" not in told


def test_it_is_an_ordinary_user_with_one_privilege(machine: Pair) -> None:
    user = machine.a.do("id", "-u", "cloudfail").strip()
    assert under(machine, "Uid").split() == [user] * 4
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(under(machine, name), 16) == NET_RAW
    assert under(machine, "NoNewPrivs") == "1"
    assert under(machine, "Seccomp") == "2"


def test_the_oom_killer_spares_it(machine: Pair) -> None:
    held = Path("/proc/self/status").read_text().partition("CapEff:")[2].split()[0]
    score = machine.a.do("cat", f"/proc/{machine.agent}/oom_score_adj").strip()
    assert score == ("-900" if int(held, 16) & RESOURCE else score)
    assert machine.a.shown(UNIT, "OOMScoreAdjust") == "-900"


def test_it_can_write_into_its_own_directories_and_nowhere_else(machine: Pair) -> None:
    """Of what it sees: root's rights do not open what is read-only."""
    sees = ("nsenter", f"--target={machine.agent}", "-m", "--", "touch")
    for directory in ("/etc", "/usr", "/var", "/etc/cloudfail", "/var/log"):
        assert "Read-only file system" in machine.a.run(*sees, f"{directory}/x").stderr
    for directory in ("/run/cloudfail", "/var/lib/cloudfail", "/tmp"):
        machine.a.do(*sees, f"{directory}/x")
    assert not machine.a.path("/tmp/x").exists(), "its /tmp is nobody else's"


def test_a_file_of_roots_reaches_it_as_a_credential(machine: Pair) -> None:
    """It took its keys from there, or nothing would have moved."""
    original = machine.a.path(KEYS)
    assert (original.stat().st_uid, original.stat().st_mode & 0o777) == (0, 0o600)
    loaded = f"/run/credentials/{UNIT}/aws-keys"
    assert machine.a.do("setpriv", "--reuid=cloudfail", "--clear-groups", "cat", loaded)
    stranger = machine.a.run("setpriv", "--reuid=nobody", "--clear-groups", "cat", loaded)
    assert "Permission denied" in stranger.stderr


def test_its_log_is_the_journals_with_the_levels_of_syslog(machine: Pair) -> None:
    log = machine.a.log(UNIT)
    assert "event=role instance=edge before=BACKUP now=MASTER" in log
    warnings = ("journalctl", "--no-pager", "--output=cat", f"--unit={UNIT}", "--priority=warning")
    assert "level=notice" not in machine.a.do(*warnings)
    assert "DryRunOperation" not in log, "a trial that would have worked is nothing to log"


def test_reload_is_done_when_systemctl_returns(machine: Pair) -> None:
    before = machine.agent
    machine.a.do("systemctl", "reload", "cloudfail-agent")
    machine.a.wait(lambda: "event=reloaded" in machine.a.log(UNIT))
    assert machine.agent == before


def test_killed_it_is_back_and_repairs_what_it_missed(machine: Pair) -> None:
    before = machine.agent
    machine.a.do("kill", "-9", str(before))
    machine.cloud.give("b")
    machine.a.wait(lambda: machine.agent not in {0, before})
    machine.a.wait(lambda: machine.is_held_by("a"))


def test_hung_it_is_ended_by_the_watchdog_and_is_back(machine: Pair) -> None:
    before = machine.agent
    machine.a.do("kill", "-STOP", str(before))
    machine.a.wait(lambda: machine.agent not in {0, before}, 90)
    assert "Watchdog timeout" in machine.a.log(UNIT)
    machine.a.wait(lambda: machine.a.shown(UNIT, "StatusText") == "hearing keepalived")


def test_keepalived_comes_up_without_it_and_its_scripts_do_the_work(machine: Pair) -> None:
    """VRRP neither waits for the agent nor fails with it."""
    path = "/etc/cloudfail/cloudfail.toml"
    text = machine.a.path(path).read_text()
    machine.a.do("systemctl", "stop", KEEPALIVED, UNIT)
    machine.a.write(path, f"{text}\n[agnet]\n")
    machine.a.do("systemctl", "start", KEEPALIVED)
    assert machine.a.shown(KEEPALIVED, "ActiveState") == "active"
    machine.a.wait(lambda: "agnet" in machine.a.shown(UNIT, "StatusText"))
    assert machine.a.shown(UNIT, "SubState") in {"start", "auto-restart"}
    machine.a.do("systemctl", "stop", UNIT)
    machine.a.write(path, text)
    machine.cloud.give("b")
    machine.a.do("systemctl", "restart", "--job-mode=ignore-dependencies", KEEPALIVED)
    assert machine.agent == 0
    machine.a.wait(lambda: machine.is_held_by("a"))
    machine.a.do("systemctl", "restart", KEEPALIVED)
    machine.a.wait(lambda: machine.agent != 0)


def test_stopping_keepalived_leaves_it_and_it_moves_nothing_then(machine: Pair) -> None:
    machine.a.wait(lambda: machine.is_held_by("a"))
    before = machine.agent
    machine.a.do("systemctl", "stop", KEEPALIVED)
    machine.a.wait(lambda: "role STOP" in machine.a.do("cloudfail", "status"))
    machine.cloud.give("b")
    calls = len(machine.cloud.cloud.calls)
    machine.a.wait(lambda: len(machine.cloud.cloud.calls) > calls)
    assert machine.is_held_by("b")
    assert machine.agent == before
    machine.a.do("systemctl", "start", KEEPALIVED)
    machine.a.wait(lambda: machine.is_held_by("a"))


def test_stopped_it_ends_well_within_the_time_it_is_given(machine: Pair) -> None:
    machine.a.do("systemctl", "stop", "cloudfail-agent")
    assert machine.a.shown(UNIT, "Result") == "success"
    assert machine.a.path("/run/cloudfail/vrrp.fifo").is_fifo(), "keepalived goes on writing"
    assert not machine.a.path("/run/cloudfail/agent.sock").exists()
    machine.a.do("systemctl", "start", "cloudfail-agent")

"""`notify` and what follows the role. There is no systemd here: `systemctl` is a script of ours."""

from __future__ import annotations

import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cloudfail import process

from cli.machine import EIP, FILE, VIP, Machine

# It takes its time, so that calls may overlap, and remembers what was asked of each unit last.
SYSTEMCTL = """#!/bin/bash
echo "$*" >> "{log}"
if [ -e "{hold}" ]; then
    touch "{hold}.reached"
    while [ -e "{hold}" ]; do sleep 0.01; done
fi
[ -e "{slow}" ] && sleep "0.0$((RANDOM % 10))"
for last; do :; done
[ -e "{broken}" ] && {{ echo "Job for $last failed." >&2; exit 1; }}
echo "$1" > "{state}.$last"
"""


class Units:
    """The units of a machine, and what its hooks were told."""

    def __init__(self, machine: Machine) -> None:
        self.path = machine.path / "units"
        self.path.mkdir()
        names = ("log", "hold", "slow", "broken", "state")
        self._write("systemctl", SYSTEMCTL.format(**{name: self.path / name for name in names}))
        self.hook = self._write(
            "hook", f'#!/bin/sh\necho "hook $*" >> "{self.path}/log"\n. "{self.path}/body"\n'
        )
        (self.path / "body").touch()
        machine.set("PATH", f"{self.path}:{machine.environ['PATH']}")

    def _write(self, name: str, text: str) -> Path:
        path = self.path / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def file(self, name: str) -> Path:
        return self.path / name

    @property
    def calls(self) -> list[str]:
        log = self.file("log")
        return log.read_text().splitlines() if log.exists() else []

    def state(self, unit: str) -> str:
        return self.file(f"state.{unit}").read_text().strip()


@pytest.fixture
def units(machine: Machine) -> Units:
    found = Units(machine)
    machine.config(FILE + follows(found))
    return found


def follows(units: Units, *, hooks: bool = True) -> str:
    services = '[instance.edge.services]\nmaster = ["db", "web.service"]\ntimeout = 20\n'
    return services + "".join(
        f'[[instance.edge.hook]]\non = "{role}"\ncommand = ["{units.hook}", "{role}", "$HOME"]\n'
        for role in ("MASTER", "BACKUP", "FAULT", "STOP")
        if hooks
    )


def words(role: str) -> tuple[str, ...]:
    return ("notify", "INSTANCE", "edge", role, "150")


UP = ["start db.service", "start web.service", "hook MASTER $HOME"]


def down(role: str, more: str = "") -> list[str]:
    return [f"stop {more}web.service", f"stop {more}db.service", f"hook {role} $HOME"]


def entries(machine: Machine) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = machine.run("history", "--output", "json").json["entries"]
    return found


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def test_master_starts_services_and_hooks_once_the_claims_are_held(
    machine: Machine, units: Units
) -> None:
    (units.file("body")).write_text(f'cp "{machine.world_file}" "{units.path}/seen"\n')
    answer = machine.run(*words("MASTER"))
    assert answer.code == 0
    assert units.calls == UP
    assert units.file("seen").read_text() == machine.world_file.read_text()
    assert machine.held == {EIP: "nic-a", VIP: "nic-a"}
    assert "systemctl start db.service: done (" in answer.out


@pytest.mark.parametrize(
    ("role", "calls"),
    [
        ("BACKUP", down("BACKUP")),
        ("FAULT", down("FAULT")),
        ("STOP", down("STOP", "--no-block ")),
        ("DELETED", down("STOP", "--no-block ")),
    ],
)
def test_any_other_role_stops_them_in_reverse(
    machine: Machine, units: Units, role: str, calls: list[str]
) -> None:
    machine.world({EIP: "nic-a", VIP: "nic-a"})
    answer = machine.run(*words(role))
    assert answer.code == 0
    assert units.calls == calls
    assert machine.held == {EIP: "nic-a", VIP: "nic-a"}


@pytest.mark.parametrize("fail", ["DeniedError", "ConflictError"])
def test_a_promotion_that_failed_starts_nothing(machine: Machine, units: Units, fail: str) -> None:
    machine.world({EIP: "nic-z", VIP: "nic-b"})  # the public address is a stranger's
    answer = machine.run(*words("MASTER"), "--output", "json")
    assert answer.code == 77
    assert answer.json["followed"] == []
    assert answer.json["not_followed"] == "not begun: not every claim is held"
    machine.world({EIP: "nic-b"}, fail={"error": fail, "message": "no"})
    assert machine.run(*words("MASTER"), "--deadline", "0.5").code not in {0, 1}
    assert units.calls == []


def test_a_run_that_joined_another_one_follows_too(machine: Machine, units: Units) -> None:
    hold = Path(f"{machine.world_file}.hold")
    hold.touch()
    one, two = machine.spawn(*words("MASTER")), machine.spawn(*words("MASTER"))
    hold.unlink()
    for running in (one, two):
        running.communicate(timeout=60)
        assert running.returncode == 0
    assert sorted(units.calls) == sorted([*UP, *UP[:2]]), "the hook runs once"
    assert units.state("web.service") == "start"


def test_a_lower_advert_starts_what_the_first_run_could_not(machine: Machine, units: Units) -> None:
    machine.world({EIP: "nic-z", VIP: "nic-a"})
    assert machine.run(*words("MASTER")).code == 77
    machine.world({EIP: "nic-a", VIP: "nic-a"})
    event = ("notify", "--event", "rx-lower-pri", "--instance", "edge")
    assert machine.run(*event).code == 0
    assert units.calls == UP


def test_a_failure_is_reported_and_undoes_no_move(machine: Machine, units: Units) -> None:
    units.file("broken").touch()
    units.file("body").write_text("echo out of paper >&2; exit 3\n")
    answer = machine.run(*words("MASTER"), "--output", "json")
    assert (answer.code, answer.json["exit_code"], answer.json["changed"]) == (1, 1, True)
    assert machine.held == {EIP: "nic-a", VIP: "nic-a"}
    assert units.calls == UP
    last = answer.json["followed"][-1]
    assert (last["what"], last["exit_code"], last["said"]) == ("hook", 3, "out of paper")
    assert last["argv"] == [str(units.hook), "MASTER", "$HOME"]
    assert f"edge: hook {units.hook} MASTER '$HOME': exit code 3: out of paper" in answer.err
    assert "Job for db.service failed." in answer.err
    assert machine.run(*words("BACKUP")).code == 1


def test_a_failed_move_keeps_its_own_code(machine: Machine, units: Units) -> None:
    units.file("broken").touch()
    machine.world({EIP: "nic-z", VIP: "nic-a"})
    assert machine.run(*words("MASTER")).code == 77


def test_every_command_is_a_line_of_the_journal(machine: Machine, units: Units) -> None:
    units.file("body").write_text("exit 3\n")
    machine.run(*words("MASTER"))
    run_id = entries(machine)[-1]["run_id"]
    found = [one for one in entries(machine) if one["event"] in {"service", "hook"}]
    assert [one["summary"] for one in found][:2] == [
        "systemctl start db.service",
        "systemctl start web.service",
    ]
    assert {one["run_id"] for one in found} == {run_id}
    assert {one["node"] for one in found} == {"a"}
    assert [(one["exit_code"], one["error"]) for one in found] == [
        (0, ""),
        (0, ""),
        (3, "exit code 3"),
    ]
    assert all(one["role"] == "MASTER" and one["duration_ms"] > 0 for one in found)
    assert f"{units.hook} MASTER '$HOME'; exit code 3; role MASTER" in machine.run("history").out


def test_what_a_hook_sees(machine: Machine, units: Units) -> None:
    (units.file("body")).write_text(
        f'echo "$CLOUDFAIL_INSTANCE $CLOUDFAIL_ROLE $(pwd) $(umask)" > "{units.path}/seen"\n'
    )
    machine.finish(words("FAULT"), umask=0o177)
    assert units.file("seen").read_text() == "edge FAULT / 0022\n"


def test_services_that_are_not_installed_are_reported(machine: Machine, units: Units) -> None:
    units.file("systemctl").unlink()
    machine.set("PATH", str(units.path))
    answer = machine.run(*words("BACKUP"), "--output", "json")
    assert answer.code == 1
    assert [one["problem"] for one in answer.json["followed"][:2]] == ["not found", "not found"]


def test_an_instance_without_claims_follows_the_role_all_the_same(
    machine: Machine, units: Units
) -> None:
    """A responder's pair: the cloud's load balancer finds the master by itself."""
    machine.config(FILE[: FILE.index("[[instance.edge.claim]]")] + follows(units))
    answer = machine.run(*words("MASTER"))
    assert answer.code == 0
    assert "edge: role MASTER recorded; it claims nothing in the cloud" in answer.out
    assert units.calls == UP
    assert machine.run(*words("BACKUP")).code == 0
    found = machine.run(*words("MASTER"), "--output", "json").json
    assert (found["role"], found["generation"], len(found["followed"])) == ("MASTER", 3, 3)
    assert units.calls == [*UP, *down("BACKUP"), *UP]
    event = ("notify", "--event", "rx-lower-pri", "--instance", "edge")
    assert machine.run(*event).code == 0


def test_an_instance_with_neither_claims_services_nor_hooks_is_a_mistake(machine: Machine) -> None:
    machine.config(FILE[: FILE.index("[[instance.edge.claim]]")])
    answer = machine.run(*words("MASTER"))
    assert answer.code == 78
    assert "instance.edge claims nothing" in answer.err


def test_a_mistake_in_the_file_starts_nothing(machine: Machine, units: Units) -> None:
    machine.config(FILE + follows(units) + "frob = 1\n")
    assert machine.run(*words("MASTER")).code == 78
    assert units.calls == []


def test_services_stop_even_when_the_role_cannot_be_recorded(
    machine: Machine, units: Units
) -> None:
    machine.set("CLOUDFAIL_STATE_DIR", "/proc/nowhere")
    answer = machine.run(*words("BACKUP"))
    assert answer.code == 78
    assert "could not be recorded" in answer.err
    assert units.calls == down("BACKUP")


def test_promote_and_demote_by_hand_start_and_stop_nothing(machine: Machine, units: Units) -> None:
    assert machine.run("promote").code == 0
    assert machine.run("demote").code == 0
    assert units.calls == []


def test_nothing_that_runs_commands_is_imported_where_none_follows(machine: Machine) -> None:
    machine.config()
    code = (
        "import sys; from cloudfail.cli.main import main; "
        f"assert main({list(words('MASTER'))}) == 0; print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = process.run(
        [sys.executable, "-c", code],
        env=machine.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = set(done.stderr.split())
    assert "cloudfail.promote" in loaded
    assert not [name for name in loaded if name.startswith(("cloudfail.follow", "subprocess"))]


# -- processes that meet


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(20))
def test_of_notify_processes_at_once_the_last_role_wins(
    machine: Machine, units: Units, seed: int
) -> None:
    """keepalived lets its scripts overlap: MASTER and BACKUP within a moment, and in any order."""
    dice = random.Random(seed)
    units.file("slow").touch()
    roles = ["MASTER", "BACKUP"] if seed % 2 else ["BACKUP", "MASTER"]
    roles += [dice.choice(["MASTER", "BACKUP", "FAULT"]) for _ in range(seed % 3)]
    running = []
    for role in roles:
        running.append(machine.spawn(*words(role)))
        time.sleep(dice.choice([0.0, 0.0, 0.1, 0.3]))
    for one in running:
        _, err = one.communicate(timeout=90)
        assert one.returncode in {0, 4}, err
    verb = "start" if roles[-1] == "MASTER" else "stop"
    assert [units.state("db.service"), units.state("web.service")] == [verb, verb]
    hooks = [call for call in units.calls if call.startswith("hook")]
    assert hooks[-1] == f"hook {roles[-1]} $HOME"


def test_a_running_start_is_not_cut_short_by_backup(machine: Machine, units: Units) -> None:
    hold = units.file("hold")
    hold.touch()
    one = machine.spawn(*words("MASTER"))
    wait_for(units.file("hold.reached").exists)
    two = machine.spawn(*words("BACKUP"))
    wait_for(lambda: "BACKUP" in {line.get("role") for line in entries(machine)})
    assert units.calls == UP[:1], "the stop waits for the start"
    hold.unlink()
    out, _ = one.communicate(timeout=60)
    two.communicate(timeout=60)
    assert (one.returncode, two.returncode) == (4, 0)
    assert units.calls == [UP[0], *down("BACKUP")]
    assert "services and hooks: edge is BACKUP since" in out
    assert machine.held == {EIP: "nic-a", VIP: "nic-a"}


def test_a_stop_does_not_wait_for_a_start_that_hangs(machine: Machine, units: Units) -> None:
    """keepalived gives it a second; systemd itself lets the later job win."""
    units.file("hold").touch()
    one = machine.spawn(*words("MASTER"))
    wait_for(units.file("hold.reached").exists)
    two = machine.spawn(*words("STOP"))
    wait_for(lambda: down("STOP", "--no-block ")[0] in units.calls)
    assert one.poll() is None
    units.file("hold").unlink()
    one.communicate(timeout=60)
    two.communicate(timeout=60)
    assert (one.returncode, two.returncode) == (4, 0)


def spawned_and_held(machine: Machine, units: Units, role: str) -> process.Popen[str]:
    """Start it, wait until its first command runs, and send SIGTERM as keepalived does."""
    units.file("hold").touch()
    one = machine.spawn(*words(role))
    wait_for(units.file("hold.reached").exists)
    one.send_signal(signal.SIGTERM)
    time.sleep(0.1)
    units.file("hold").unlink()
    return one


@pytest.mark.parametrize(
    ("role", "calls", "code"),
    [
        ("MASTER", UP[:1], 4),
        ("BACKUP", down("BACKUP")[:2], 4),
        ("STOP", down("STOP", "--no-block "), 0),
    ],
)
def test_sigterm_begins_nothing_new_but_completes_what_stops(
    machine: Machine, units: Units, role: str, calls: list[str], code: int
) -> None:
    one = spawned_and_held(machine, units, role)
    out, _ = one.communicate(timeout=60)
    assert one.returncode == code
    assert units.calls == calls
    assert units.state(calls[0].rpartition(" ")[2]) == calls[0].partition(" ")[0], "not cut short"
    assert ("stopped: SIGTERM; nothing more was begun" in out) is (code == 4)

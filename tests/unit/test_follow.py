"""Which commands follow a role, in which order, and when they are not begun."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from cloudfail.cli.followed import fields
from cloudfail.clock import Clock, Deadline, SystemClock
from cloudfail.config.vrrp.model import Hook, Services, Vrrp
from cloudfail.follow import Command, Followed, Following, Move, commands_for, follow
from cloudfail.follow import sequence as sequence_module
from cloudfail.role import Event, Role, RoleStore
from cloudfail.role.directory import StateDirectory
from cloudfail.role.lock import RunLock

VRRP = Vrrp(
    services=Services(master=("db.service", "web.service"), timeout=7.0),
    hooks=(
        Hook(on="MASTER", command=("/up", "one"), timeout=3.0),
        Hook(on="BACKUP", command=("/down",)),
        Hook(on="MASTER", command=("/up", "two")),
        Hook(on="FAULT", command=("/broken",)),
        Hook(on="STOP", command=("/stopped",)),
    ),
)


class Lines:
    """A journal in memory."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def write(self, event: str, **fields: Any) -> None:
        self.lines.append((event, fields))

    def settle(self, seconds: float = 0.2) -> bool:
        return True

    def close(self) -> None:
        pass


class Ran:
    """Runs nothing, and remembers it; `meanwhile` happens during a command of that text."""

    def __init__(self, meanwhile: Mapping[str, Callable[[], object]] | None = None) -> None:
        self.commands: list[str] = []
        self.environ: Mapping[str, str] = {}
        self.codes: dict[str, int] = {}
        self._meanwhile = dict(meanwhile or {})

    def __call__(self, command: Command, environ: Mapping[str, str], clock: Clock) -> Followed:
        text = " ".join(command.argv)
        self.commands.append(text)
        self.environ = environ
        self._meanwhile.get(text, lambda: None)()
        return Followed(
            what=command.what, argv=command.argv, seconds=0.5, exit_code=self.codes.get(text, 0)
        )


def record(directory: Path, role: Role) -> Move:
    generation = RoleStore(directory).record(Event.of_this_process("edge", role))
    return Move(instance="edge", role=role, generation=generation)


def followed(directory: Path, role: Role, ran: Ran, **options: Any) -> str:
    """Follow a role that is recorded now; return why something was skipped."""
    return follow(record(directory, role), VRRP, directory, Lines(), run=ran, **options).skipped


UP = ["systemctl start db.service", "systemctl start web.service", "/up one", "/up two"]
STOPS = ["systemctl stop web.service", "systemctl stop db.service"]
ORDER = {
    Role.MASTER: UP,
    Role.BACKUP: [*STOPS, "/down"],
    Role.FAULT: [*STOPS, "/broken"],
    Role.STOP: [stop.replace("stop ", "stop --no-block ") for stop in STOPS] + ["/stopped"],
}


@pytest.mark.parametrize("role", Role)
def test_services_start_before_and_stop_in_reverse_before_the_roles_hooks(
    tmp_path: Path, role: Role
) -> None:
    ran = Ran()
    assert followed(tmp_path, role, ran) == ""
    assert ran.commands == ORDER[role]


def test_each_command_has_the_timeout_of_the_file() -> None:
    assert [one.timeout for one in commands_for(VRRP, Role.MASTER)] == [7.0, 7.0, 3.0, 10.0]


def test_nothing_follows_an_instance_without_services_and_hooks() -> None:
    assert not any(Vrrp().is_followed(role) or commands_for(Vrrp(), role) for role in Role)
    only = Vrrp(hooks=(Hook(on="FAULT", command=("/x",)),))
    assert [role for role in Role if only.is_followed(role)] == [Role.FAULT]


def test_a_command_knows_instance_and_role(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("LANG", "C")
    ran = Ran()
    followed(tmp_path, Role.FAULT, ran)
    assert (ran.environ["CLOUDFAIL_INSTANCE"], ran.environ["CLOUDFAIL_ROLE"]) == ("edge", "FAULT")
    assert ran.environ["PATH"] == sequence_module.SEARCH_PATH
    assert ran.environ["LANG"] == "C"


def test_a_failure_stops_none_of_the_others(tmp_path: Path) -> None:
    ran, journal = Ran(), Lines()
    ran.codes = {UP[0]: 5, UP[2]: 1}
    found = follow(record(tmp_path, Role.MASTER), VRRP, tmp_path, journal, run=ran)
    assert ran.commands == UP
    assert [" ".join(one.argv) for one in found.failed] == [UP[0], UP[2]]
    assert journal.lines[0] == (
        "service",
        {
            "role": "MASTER",
            "summary": UP[0],
            "duration_ms": 500.0,
            "exit_code": 5,
            "error": "exit code 5",
        },
    )
    assert [event for event, _ in journal.lines] == ["service", "service", "hook", "hook"]


@pytest.mark.parametrize("at", range(3))
def test_a_newer_role_ends_it_before_the_next_command(tmp_path: Path, at: int) -> None:
    ran = Ran({UP[at]: lambda: record(tmp_path, Role.BACKUP)})
    why = followed(tmp_path, Role.MASTER, ran)
    assert ran.commands == UP[: at + 1]
    assert "edge is BACKUP since" in why


def test_a_role_that_is_not_the_newest_begins_nothing(tmp_path: Path) -> None:
    old = record(tmp_path, Role.MASTER)
    record(tmp_path, Role.BACKUP)
    ran = Ran()
    assert "edge is BACKUP since" in follow(old, VRRP, tmp_path, Lines(), run=ran).skipped
    assert ran.commands == []


def test_hooks_run_once_for_each_change_of_role(tmp_path: Path) -> None:
    ran = Ran()
    followed(tmp_path, Role.MASTER, ran)
    followed(tmp_path, Role.MASTER, ran)
    assert ran.commands == [*UP, *UP[:2]]
    followed(tmp_path, Role.BACKUP, Ran())
    followed(tmp_path, Role.MASTER, ran)
    assert ran.commands == [*UP, *UP[:2], *UP]


def test_hooks_that_a_newer_role_forestalled_have_not_run(tmp_path: Path) -> None:
    ran = Ran({UP[2]: lambda: record(tmp_path, Role.BACKUP)})
    followed(tmp_path, Role.MASTER, ran)
    again = Ran()
    followed(tmp_path, Role.MASTER, again)
    assert again.commands == UP


def test_a_record_that_was_lost_hides_no_change_of_role(tmp_path: Path) -> None:
    followed(tmp_path, Role.MASTER, Ran())
    for path in tmp_path.glob("*.role"):
        path.unlink()
    ran = Ran()
    followed(tmp_path, Role.MASTER, ran)
    assert ran.commands == UP


@pytest.mark.parametrize(
    ("role", "done"),
    [
        (Role.MASTER, 1),
        (Role.BACKUP, 2),
        (Role.FAULT, 2),
        (Role.STOP, 3),
    ],
)
def test_a_signal_begins_no_start_and_no_hook_but_stops_are_completed(
    tmp_path: Path, role: Role, done: int
) -> None:
    came: list[str] = []
    ran = Ran({ORDER[role][0]: lambda: came.append("SIGTERM")})
    why = followed(tmp_path, role, ran, stopped=lambda: "".join(came))
    assert ran.commands == ORDER[role][:done]
    assert ("stopped: SIGTERM" in why) is (role is not Role.STOP)


def test_a_directory_that_cannot_be_used_stops_services_all_the_same() -> None:
    ran = Ran()
    move = Move(instance="edge", role=Role.BACKUP, generation=0)
    assert follow(move, VRRP, Path("/proc/nowhere"), Lines(), run=ran).skipped == ""
    assert ran.commands == ORDER[Role.BACKUP]


class Impatient:
    """A clock on which waiting takes no time."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


@pytest.mark.parametrize(("role", "at_most"), [(Role.STOP, 1.0), (Role.BACKUP, 90.0)])
def test_a_turn_that_never_ends_is_not_waited_for_for_ever(
    tmp_path: Path, role: Role, at_most: float
) -> None:
    """keepalived gives a STOP a second; others wait as long as the commands before may take."""
    move, clock, ran = record(tmp_path, role), Impatient(), Ran()
    lock = RunLock(StateDirectory(tmp_path), "follow edge")
    lock.acquire(Deadline.after(SystemClock(), 5), lambda: None)
    try:
        found = follow(move, VRRP, tmp_path, Lines(), run=ran, clock=clock)
    finally:
        lock.release()
    assert found.skipped == ""
    assert ran.commands == ORDER[role]
    assert 0 < clock.at < at_most


def test_a_newer_role_ends_the_waiting_too(tmp_path: Path) -> None:
    move, ran = record(tmp_path, Role.MASTER), Ran()
    lock = RunLock(StateDirectory(tmp_path), "follow edge")
    lock.acquire(Deadline.after(SystemClock(), 5), lambda: None)

    class Clock(Impatient):
        def sleep(self, seconds: float) -> None:
            record(tmp_path, Role.BACKUP)

    try:
        found = follow(move, VRRP, tmp_path, Lines(), run=ran, clock=Clock())
    finally:
        lock.release()
    assert "edge is BACKUP since" in found.skipped
    assert ran.commands == []


def test_secrets_of_a_command_are_not_told() -> None:
    one = Followed(what="hook", argv=("/x", "--token=abc", "two words"), seconds=0.0, exit_code=3)
    assert one.text == "/x --token=*** 'two words'"
    assert one.error == "exit code 3"
    (told,) = fields(Following(commands=(one,)))["followed"]
    assert told["argv"] == ["/x", "--token=***", "two words"]
    assert told["exit_code"] == 3

"""What is found of commands, beyond what keepalived itself looks at."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloudfail.keepalived.command import Code, Effect, examine

from keepalived.command.machine import ALICE, NEEDS_ROOT, Machine

pytestmark = NEEDS_ROOT
SCRIPT = "#!/bin/bash\n"


@pytest.mark.parametrize(
    "command",
    [
        "/bin/bash -c '</dev/tcp/127.0.0.1/80'",
        "/bin/bash -c '< /dev/tcp/127.0.0.1/80 2>/dev/null'",
        "/bin/bash -c 'exec 3<>/dev/tcp/db.example/5432'",
        "/usr/bin/curl -fsS -m 2 http://127.0.0.1/health?a=1&b=2",
    ],
)
def test_generated_checks_are_clean(machine: Machine, command: str) -> None:
    assert machine.examine(command) == ()


@pytest.mark.parametrize(
    "command",
    ["/bin/bash -c 'rm -rf $HOME'", "/bin/bash -ec 'x'", "/usr/bin/env A=b dash -c x",
     "/usr/bin/python3 -c 'import x'", "/bin/bash -c '</dev/tcp/h/80; /home/alice/x'"],
)  # fmt: skip
def test_text_for_an_interpreter_is_said_to_be_unexamined(machine: Machine, command: str) -> None:
    assert {(w.code, w.effect) for w in machine.examine(command)} == {
        (Code.NOT_EXAMINED, Effect.NOTE)
    }


def test_without_script_security_the_same_faults_are_unsafe_instead(machine: Machine) -> None:
    path = machine.write("/srv/x", SCRIPT, 0o757)
    assert machine.found(path) == {(Code.WORLD_WRITABLE, Effect.DROPPED, path)}
    unsafe = machine.found(path, script_security=False)
    assert unsafe == {(Code.WORLD_WRITABLE, Effect.UNSAFE, path)}


def test_each_faulty_part_is_named_with_its_remedy(machine: Machine) -> None:
    machine.directory("/srv", 0o777)
    path = machine.write("/srv/my script", SCRIPT, uid=ALICE)
    found = machine.examine(f"'{path}'")
    assert [(weak.code, weak.path) for weak in found] == [
        (Code.WORLD_WRITABLE, "/srv"),
        (Code.NOT_ROOT_OWNED, path),
    ]
    assert [weak.remedy for weak in found] == [
        "`chmod o-w /srv`",
        "`chown -h root '/srv/my script'`",
    ]
    assert "mode 0777" in found[0].message


def test_a_link_that_others_may_turn_is_unsafe(machine: Machine) -> None:
    machine.write("/srv/x", SCRIPT)
    machine.directory("/links", 0o755, ALICE)
    machine.link("/links/x", "/srv/x")
    assert machine.found("/links/x") == {(Code.NOT_ROOT_OWNED, Effect.UNSAFE, "/links")}
    executed = machine.found("/links/x", symlink_paths=True)
    assert executed == {(Code.NOT_ROOT_OWNED, Effect.DROPPED, "/links")}


@pytest.mark.parametrize("first", ["#!/home/alice/sh\n", "#!/usr/bin/env -S /home/alice/sh\n"])
def test_an_interpreter_of_somebody_else_is_unsafe(machine: Machine, first: str) -> None:
    machine.directory("/home/alice", 0o755, ALICE)
    machine.link("/home/alice/sh", "/usr/bin/dash")
    machine.write("/srv/x", first)
    found = {(code, path) for code, effect, path in machine.found("/srv/x") if effect != "note"}
    assert found == {(Code.INTERPRETER_WRITABLE, "/home/alice")}
    machine.link("/etc/alternatives/sh", "/home/alice/sh")
    machine.write("/srv/y", "#!/etc/alternatives/sh\n")
    assert (Code.INTERPRETER_WRITABLE, Effect.UNSAFE, "/home/alice") in machine.found("/srv/y")


@pytest.mark.parametrize(
    "command", ["/bin/bash -e {}", "/usr/bin/env sh {}", "/usr/bin/python3 {}"]
)
def test_a_file_that_an_interpreter_reads_is_looked_at_too(machine: Machine, command: str) -> None:
    machine.link("/usr/bin/sh", "dash")
    machine.directory("/home/alice", 0o755, ALICE)
    path = machine.write("/home/alice/x", "true\n", 0o644)
    found = machine.found(command.format(path))
    assert (Code.NOT_ROOT_OWNED, Effect.UNSAFE, "/home/alice") in found
    assert (Code.MISSING, Effect.FAILS, "/none") in machine.found(command.format("/none"))


def test_others_may_not_put_a_program_before_the_right_one(machine: Machine) -> None:
    machine.directory("/usr/local/bin", 0o775, 0, 50)
    script = machine.write("/srv/x", "#!/usr/bin/env bash\n")
    shadowed = (Code.SEARCH_PATH_WRITABLE, Effect.UNSAFE, "/usr/local/bin")
    assert machine.found(script) == {shadowed}
    assert shadowed in machine.found("curl")
    assert machine.found("/usr/bin/curl") == set()


def test_what_runs_as_somebody_else_needs_only_to_run(machine: Machine) -> None:
    machine.write("/etc/passwd", f"alice:x:{ALICE}:{ALICE}::/home/alice:/bin/sh\n", 0o644)
    machine.directory("/home/alice", 0o777, ALICE)
    machine.link("/home/alice/sh", "/usr/bin/dash")
    path = machine.write("/home/alice/x", "#!/home/alice/sh\n", uid=ALICE)
    assert machine.found(path, "alice") == set()
    machine.at("/usr/bin/dash").chmod(0o700)
    missing = (Code.INTERPRETER_MISSING, Effect.FAILS, "/home/alice/sh")
    assert machine.found(path, "alice") == {missing}


@pytest.mark.parametrize(
    ("who", "code"),
    [(("eve",), Code.USER_UNKNOWN), (("root", "eve"), Code.GROUP_UNKNOWN),
     (("0",), Code.USER_UNKNOWN), (("",), Code.NO_DEFAULT_USER)],
)  # fmt: skip
def test_an_unknown_account_drops_the_script(
    machine: Machine, who: tuple[str, ...], code: Code
) -> None:
    assert machine.found("/usr/bin/curl", *who) == {(code, Effect.DROPPED, "")}


def test_the_default_user_is_keepalived_script_else_root(machine: Machine) -> None:
    machine.directory("/srv", 0o700)
    path = machine.write("/srv/x", SCRIPT)
    assert machine.found(path, "", script_security=False) == set()
    machine.write("/etc/passwd", "keepalived_script:x:77:77::/:/bin/sh\n", 0o644)
    machine.write("/etc/group", "root:x:0:\nstaff:x:50:\n", 0o644)
    closed = {(Code.UNREACHABLE_FOR_USER, Effect.DROPPED, path)}
    assert machine.found(path, "") == closed
    assert machine.found(path, "", "staff") == closed


def test_an_interpreter_that_is_a_script_is_followed_to_its_end(machine: Machine) -> None:
    machine.write("/srv/a", "#!/srv/b\n")
    machine.write("/srv/b", "#!/bin/bash\n", uid=ALICE)
    assert (Code.INTERPRETER_WRITABLE, Effect.UNSAFE, "/srv/b") in machine.found("/srv/a")
    machine.write("/srv/loop", "#!/srv/loop\n")
    assert [code for code, _, _ in machine.found("/srv/loop")] == [Code.NO_SHEBANG]


def test_dos_line_ends_are_named(machine: Machine) -> None:
    path = machine.write("/srv/x", "#!/bin/bash\r\n")
    (found,) = machine.examine(path)
    assert found.code is Code.INTERPRETER_MISSING
    assert "DOS" in found.remedy


def test_a_file_test_runs_nothing(machine: Machine) -> None:
    assert machine.found("'< /run/ready'") == {(Code.FILE_TEST, Effect.ODD, "/run/ready")}


def test_a_starter_is_said_to_hide_what_it_starts(machine: Machine) -> None:
    machine.write("/usr/bin/timeout", b"\x7fELF")
    assert [weak.code for weak in machine.examine("/usr/bin/timeout 5 x")] == [Code.NOT_EXAMINED]


def test_every_weakness_reads_as_one_line_with_a_remedy(machine: Machine) -> None:
    machine.write("/srv/x", "echo\n", 0o757, ALICE)
    for command in ("/srv/x", "x", "'", "/usr/bin", "/srv/x $HOME"):
        for weak in machine.examine(command):
            assert weak.remedy
            assert "\n" not in str(weak)


def test_programs_of_this_machine_are_clean() -> None:
    for path in ("/bin/true", "/bin/sh"):
        assert Path(path).exists()
        assert examine(path) == ()


@pytest.mark.parametrize("command", ["/bin/bash -c '</dev/tcp/h/80'", "/srv/linked/x"])
def test_a_link_among_the_directories_stops_what_root_runs(machine: Machine, command: str) -> None:
    """Of keepalived 2.3.3 and 2.3.4, measured; a link to the file itself they take."""
    machine.write("/srv/real/x", SCRIPT)
    machine.link("/srv/linked", "real")
    machine.link("/srv/x", "real/x")
    machine.write("/etc/passwd", f"alice:x:{ALICE}:{ALICE}::/home/alice:/bin/sh\n", 0o644)
    directory = command.split(maxsplit=1)[0].rpartition("/")[0]
    found = machine.found(command, whole_paths=True)
    assert found == {(Code.LINKED_DIRECTORY, Effect.DROPPED, directory)}
    assert machine.found(command, "alice", whole_paths=True) == set()
    assert machine.found(command) == set()
    assert machine.found("/srv/x", whole_paths=True) == set()

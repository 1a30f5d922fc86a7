"""The frame around every command: usage, bugs, pipes, signals, the world keepalived leaves."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloudfail import process
from cloudfail.cli import dispatch, messages, world
from cloudfail.cli.dispatch import build_parser
from cloudfail.cli.main import COMMANDS, main
from cloudfail.logfmt import logfmt

from cli.machine import EIP, EXECUTABLE, FILE, VIP, Machine


def test_help_lists_every_command_and_exit_code(machine: Machine) -> None:
    answer = machine.run("--help")
    assert answer.code == 0
    for name in COMMANDS:
        assert f"  {name}" in answer.out
    assert "77 refused or denied" in answer.out


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(machine: Machine, name: str) -> None:
    answer = machine.run(name, "--help")
    assert answer.code == 0
    assert f"cloudfail {name}" in answer.out


@pytest.mark.parametrize("argv", [["--bogus"], ["promte"], ["promote", "--bogus"], ["policy"],
                                  ["completion", "fish"], ["config"], ["lab", "--bogus"]])  # fmt: skip
def test_a_usage_error_exits_64(machine: Machine, argv: list[str]) -> None:
    answer = machine.run(*argv)
    assert answer.code == 64
    assert answer.err.startswith("cloudfail: ")
    assert answer.err.count("\n") == 1
    assert "--help" in answer.err or "did you mean" in answer.err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["promote", "--pubilc-ip=1"], 'did you mean "--public-ip"?'),
        (["promote", "--instance", ""], "argument --instance: it is empty"),
        (["promote", "--region", " "], "argument --region: it is empty"),
        (["promote", "--expect", ""], '"" is no digest: 16 hex digits'),
        (["promote", "--expect", "0123456789ABCDEF"], "is no digest"),
        (["promote", "--expect", "0" * 16, "--dry-run"], "leave out --dry-run"),
        (["promote", "--deadline", "nan"], '"nan" is not a number of seconds'),
        (["promote", "--deadline", "٣"], '"٣" is not a number of seconds'),
        (["promote", "--deadline", "1_0"], '"1_0" is not a number of seconds'),
        (["promote", "--instance", "\udcff"], "is no plain text"),
        (["notify", "INSTANCE", "a\nb", "MASTER", "100"], r"instance 'a\nb' is no plain text"),
        (["history", "--limit", "²"], '"²" is not a number of lines'),
        (["history", "--limit", "9" * 5000], "is not a number of lines"),
        (["notify", "INSTANCE", "edge", "MASTER", "²"], '"²" is no priority'),
        (["notify", "INSTANCE", "edge", "MASTER", "256"], '"256" is no priority'),
        (["status", "--provider", "fake", "--public-ip", "203.0.113.7", "--node", "a"],
         "no nodes are configured"),
    ],
)  # fmt: skip
def test_what_was_typed_wrong_is_named(machine: Machine, argv: list[str], said: str) -> None:
    answer = machine.run(*argv)
    assert answer.code == 64
    assert said in answer.err
    assert answer.err.count("\n") == 1


def test_a_usage_error_is_a_document_too(machine: Machine) -> None:
    answer = machine.run("promote", "--output", "json", "--bogus")
    assert answer.json["error"]["type"] == "usage"
    assert answer.json["exit_code"] == answer.code == 64


def test_odd_columns_do_not_matter(machine: Machine) -> None:
    for columns in ("²", "0", "9" * 5000, "x"):
        machine.set("COLUMNS", columns)
        assert machine.run("promote", "--help").code == 0


def test_a_bug_is_a_document_too(machine: Machine) -> None:
    machine.config()
    machine.world(crash=True)
    found = machine.run("status", "--output", "json").json
    assert found["error"]["message"].startswith("this is a bug in cloudfail: ZeroDivisionError")
    assert found["exit_code"] == 70


def test_a_full_disk_loses_a_result_and_no_promotion(machine: Machine) -> None:
    machine.config()
    with Path("/dev/full").open("w") as full:
        for argv, code in (["plan"], 74), (["config", "schema"], 74), (["promote"], 0):
            done = process.run(
                [EXECUTABLE, *argv], env=machine.environ, stdout=full, stderr=process.PIPE,
                text=True, timeout=60, check=False,
            )  # fmt: skip
            assert done.returncode == code
            assert done.stderr == (
                "cloudfail: standard output: No space left on device; "
                "the result was not written whole\n"
            )
    assert machine.held == {EIP: "nic-a", VIP: "nic-a"}


def test_help_on_a_full_disk_is_lost_too(machine: Machine) -> None:
    with Path("/dev/full").open("w") as full:
        done = process.run(
            [EXECUTABLE, "--help"], env=machine.environ, stdout=full, stderr=process.PIPE,
            text=True, timeout=60, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr.count("\n")) == (74, 1)


def test_messages_that_nobody_takes_stop_nothing(machine: Machine) -> None:
    machine.config()
    machine.world({EIP: "nic-z", VIP: ""})
    with Path("/dev/full").open("w") as full:
        done = process.run(
            [EXECUTABLE, "promote"], env=machine.environ, stdout=full, stderr=full, timeout=60,
            check=False,
        )  # fmt: skip
    assert done.returncode == 77
    assert machine.held == {EIP: "nic-z", VIP: "nic-a"}


def test_a_closed_pipe_keeps_the_exit_code(machine: Machine) -> None:
    machine.config()
    with machine.spawn("plan") as running:
        assert running.stdout is not None
        running.stdout.close()
        assert running.stderr is not None
        assert running.stderr.read() == ""
        assert running.wait(30) == 2


def test_a_locale_that_cannot_write_a_name_stops_nothing(machine: Machine) -> None:
    machine.config(FILE.replace("instance.edge", 'instance."büro"'))
    machine.environ["PYTHONIOENCODING"] = "ascii"
    answer = machine.finish(["promote"])
    assert answer.code == 0
    assert "b\\xfcro: 2 claims taken and verified" in answer.out


def test_a_message_of_the_cloud_stays_in_its_line(machine: Machine) -> None:
    machine.config()
    machine.world(fail={"error": "DeniedError", "message": "no\n\x1b[31mred"})
    assert machine.run("plan").err == "cloudfail: no\\n\\x1b[31mred\n"


def test_no_command_at_all_shows_the_help(machine: Machine) -> None:
    answer = machine.run()
    assert answer.code == 64
    assert "usage: cloudfail" in answer.err


def test_both_parsers_know_the_same_flags(machine: Machine) -> None:
    """The one of a single command, made for speed, and the whole one."""
    whole = build_parser()
    argv = ["promote", "--provider", "fake", "--public-ip", "203.0.113.7", "--deadline", "3"]
    args = dispatch.parse(argv[0], argv[1:])
    known = {name: value for name, value in vars(whole.parse_args(argv)).items() if name in args}
    assert vars(args) == known


def test_a_bug_is_one_sentence_and_a_traceback_only_with_debug(machine: Machine) -> None:
    machine.config()
    machine.world(crash=True)
    answer = machine.run("status")
    assert answer.code == 70
    assert answer.err.count("\n") == 1
    assert "this is a bug in cloudfail: ZeroDivisionError: the plugin is broken" in answer.err
    assert "--debug" in answer.err
    with pytest.raises(ZeroDivisionError):
        machine.run("status", "--debug")
    answer = machine.finish(["status", "--debug"])
    assert "Traceback" in answer.err


def test_debug_shows_the_traceback_of_an_error_too(machine: Machine) -> None:
    machine.config()
    machine.world(fail={"error": "DeniedError", "message": "not allowed"})
    answer = machine.run("plan", "--debug")
    assert answer.code == 77
    assert "Traceback" in answer.err
    assert answer.err.endswith("cloudfail: not allowed\n")


def test_a_closed_pipe_is_no_error(machine: Machine) -> None:
    machine.config()
    with machine.spawn("config", "schema") as running:
        assert running.stdout is not None
        running.stdout.close()
        assert running.stderr is not None
        assert running.stderr.read() == ""
        assert running.wait(30) == 0


def test_ctrl_c_of_a_question_exits_130(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(dispatch, "_run", interrupted)
    assert main(["plan"]) == 130


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_a_promotion_at_its_next_safe_point(
    machine: Machine, number: signal.Signals
) -> None:
    """The plugin holds inside its first call: what comes after is not begun."""
    machine.config()
    hold = Path(f"{machine.world_file}.hold")
    hold.write_text("")
    with machine.spawn("promote", "--output", "json") as running:
        journal = machine.path / "journal.jsonl"
        _wait_for(running, lambda: journal.exists() and '"intent"' in journal.read_text())
        running.send_signal(number)
        assert running.stderr is not None
        assert (
            running.stderr.readline()
            == f"cloudfail: {number.name}: stopping before the next call\n"
        )
        hold.unlink()
        out, err = running.communicate(timeout=30)
    assert running.returncode == 4
    assert '"exit_code": 4' in out
    assert f"stopped: {number.name}" in err
    assert machine.held == {EIP: "nic-b", VIP: ""}


def test_a_signal_before_anything_was_begun_exits_4(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.config()

    def terminated(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("cloudfail.cli.target.find_config", terminated)
    before = signal.getsignal(signal.SIGTERM)
    answer = machine.run("promote")
    assert answer.code == 4
    assert "stopped by SIGTERM; nothing was under way" in answer.err
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_demotion_stops_a_promotion_before_its_next_call(machine: Machine) -> None:
    machine.config()
    hold = Path(f"{machine.world_file}.hold")
    hold.write_text("")
    with machine.spawn("promote") as running:
        journal = machine.path / "journal.jsonl"
        _wait_for(running, lambda: journal.exists() and '"intent"' in journal.read_text())
        assert machine.finish(["notify", "INSTANCE", "edge", "BACKUP", "100"]).code == 0
        hold.unlink()
        _, err = running.communicate(timeout=30)
    assert running.returncode == 4
    assert "edge is BACKUP since" in err
    assert machine.held == {EIP: "nic-b", VIP: ""}


@contextlib.contextmanager
def held_up(machine: Machine) -> Iterator[tuple[process.Popen[str], process.Popen[str], Path]]:
    """One promotion inside its first call, and another that waits for it to end."""
    machine.config()
    hold = Path(f"{machine.world_file}.hold")
    hold.write_text("")
    with machine.spawn("promote") as first:
        journal = machine.path / "journal.jsonl"
        _wait_for(first, lambda: journal.exists() and '"intent"' in journal.read_text())
        with machine.spawn("promote", "--output", "json") as second:
            role = machine.path / "state" / "edge.role"
            _wait_for(second, lambda: f'"pid": {second.pid}' in role.read_text())
            try:
                yield first, second, hold
            finally:
                hold.unlink(missing_ok=True)


def test_a_look_after_the_event_saves_the_waiting_one_its_own(machine: Machine) -> None:
    """Though the run that looked began before the event."""
    with held_up(machine) as (first, second, hold):
        hold.unlink()
        assert first.wait(30) == 0
        out, _ = second.communicate(timeout=30)
    assert json.loads(out)["joined"] is True


def test_a_signal_ends_the_wait_for_another_run(machine: Machine) -> None:
    with held_up(machine) as (first, second, hold):
        second.send_signal(signal.SIGTERM)
        out, _ = second.communicate(timeout=30)
        assert second.returncode == json.loads(out)["exit_code"] == 4
        hold.unlink()
        assert first.wait(30) == 0
    assert machine.held == {EIP: "nic-a", VIP: "nic-a"}


def _wait_for(running: process.Popen[str], happened: object) -> None:
    """Wait for an event of another process, as long as that lives."""
    assert callable(happened)
    ready = os.pidfd_open(running.pid)
    try:
        for _ in range(6000):
            if happened():
                return
            assert not _ended(ready, 0.01), running.communicate()
    finally:
        os.close(ready)
    raise AssertionError("it did not happen")


def _ended(pidfd: int, seconds: float) -> bool:
    import select

    return bool(select.select([pidfd], [], [], seconds)[0])


# -- keepalived's world


@pytest.mark.parametrize("gone", [True, False], ids=["directory-gone", "directory"])
def test_under_keepalived_a_promotion_works(machine: Machine, *, gone: bool) -> None:
    """umask 0177, no streams, another user's HOME, no PATH, perhaps a directory that is gone."""
    machine.config()
    machine.environ["HOME"] = "/nonexistent"
    del machine.environ["PATH"]
    here = machine.path / "here"
    here.mkdir()
    script = (
        f'umask 0177; {"rmdir ../here;" if gone else ""} exec "{EXECUTABLE}" promote <&- >&- 2>&-'
    )
    done = process.run(
        ["/bin/sh", "-c", script], env=machine.environ, cwd=here, timeout=60, check=False
    )
    assert done.returncode == 0
    assert machine.held == {EIP: "nic-a", VIP: "nic-a"}
    assert (machine.path / "state").stat().st_mode & 0o700 == 0o700
    assert (machine.path / "journal.jsonl").stat().st_size > 0


def test_home_becomes_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    before = os.umask(0o177)
    try:
        world.prepare()
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)
    assert os.environ["HOME"] == str(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 65534)
    world.prepare()
    assert os.environ["HOME"] != str(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000_000)
    monkeypatch.setenv("HOME", "")
    world.prepare()
    assert os.environ["HOME"] == "/"
    os.umask(before)


def test_a_directory_that_is_gone_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    world.prepare()
    assert Path.cwd() == Path("/")


def test_streams_that_python_has_not_are_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    world.prepare()
    assert sys.stdin is not None
    sys.stdin.close()


# -- messages


class Terminal:
    """A stream that says it is a terminal."""

    def __init__(self, *, terminal: bool) -> None:
        self.terminal, self.text = terminal, ""

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        """Nothing is kept back."""


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(messages, "_log", lines.append)
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    return lines


def test_without_a_terminal_messages_go_to_syslog(
    monkeypatch: pytest.MonkeyPatch, logged: list[str]
) -> None:
    stream = Terminal(terminal=False)
    monkeypatch.setattr(sys, "stderr", stream)
    messages.say("it is done")
    messages.fact("done", claims=["a b", "c"], duration_ms=3, error="")
    messages.progress("half")
    assert logged == ["it is done", 'event=done claims="a b, c" duration_ms=3']
    assert stream.text == "cloudfail: it is done\n"


def test_on_a_terminal_nothing_goes_to_syslog(
    monkeypatch: pytest.MonkeyPatch, logged: list[str]
) -> None:
    stream = Terminal(terminal=True)
    monkeypatch.setattr(sys, "stderr", stream)
    messages.say("it is done")
    messages.fact("done", claims="x")
    messages.progress("half")
    assert logged == []
    assert stream.text == "cloudfail: it is done\n  half\n"


def test_what_systemd_reads_is_not_said_twice(
    monkeypatch: pytest.MonkeyPatch, logged: list[str]
) -> None:
    status = os.fstat(2)
    monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
    stream = Terminal(terminal=False)
    monkeypatch.setattr(sys, "stderr", stream)
    messages.say("it is done")
    messages.fact("done", run="x")
    assert logged == []
    assert stream.text == "cloudfail: it is done\nevent=done run=x\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [("plain", "plain"), ("two words", '"two words"'), ('a"b', '"a\\"b"'), ("a=b", '"a=b"'),
     ("a\nb", '"a\\nb"'), (True, "True"), ([], "")],
)  # fmt: skip
def test_logfmt_quotes_what_a_parser_needs_quoted(value: object, text: str) -> None:
    assert logfmt({"k": value}) == f"k={text}" if text else '""'


def test_colours_are_for_terminals_that_want_them(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.config()
    assert "\x1b[" not in machine.run("status").out
    monkeypatch.setattr("cloudfail.cli.table.has_colour", lambda: True)
    assert "\x1b[36mpublic-ip" in machine.run("status").out
    stream = Terminal(terminal=True)
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert messages.has_colour()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not messages.has_colour()


@pytest.mark.netns
@pytest.mark.skipif(os.geteuid() != 0, reason="a /dev/log of its own needs root")
def test_syslog_gets_a_line_a_fact_and_the_summary(machine: Machine) -> None:
    """In a mount namespace with a /dev of its own, whose log is this test's socket."""
    import socket

    machine.config()
    path = machine.path / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(path))
        listening.settimeout(60)
        script = (
            "mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3 && ln -s $LOG /dev/log && "
            f'exec "{EXECUTABLE}" promote </dev/null >/dev/null 2>&1'
        )
        done = process.run(
            ["unshare", "--mount", "sh", "-c", script],
            env={**machine.environ, "LOG": str(path)},
            timeout=60,
            check=False,
        )
        assert done.returncode == 0
        lines: list[str] = []
        while not any("event=summary" in line for line in lines):
            lines.append(listening.recv(65536).decode())
    facts = [line.partition("event=")[2].split()[0] for line in lines if "event=" in line]
    assert facts[0] == "started"
    assert facts.count("done") == facts.count("intent") == 2
    assert all("cloudfail[" in line for line in lines)
    assert 'text="edge: 2 claims taken and verified' in lines[-1]


def test_a_terminal_shows_each_step(machine: Machine) -> None:
    import pty

    machine.config()
    ours, theirs = pty.openpty()
    try:
        with process.Popen(
            [EXECUTABLE, "promote"], env=machine.environ, stdin=theirs, stdout=theirs, stderr=theirs
        ) as running:
            assert running.wait(30) == 0
        shown = os.read(ours, 65536).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert f"intent give {EIP} to nic-a" in shown
    assert f"done   give {EIP} to nic-a (" in shown
    assert "event=" not in shown
    assert "\x1b[32mmine\x1b[0m" in shown


# -- speed


def test_a_promotion_imports_nothing_it_does_not_need(machine: Machine) -> None:
    machine.config()
    code = (
        "import sys; from cloudfail.cli.main import main; assert main(['promote']) == 0; "
        "print(*sorted(sys.modules), file=sys.stderr)"
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
    unwanted = {"boto3", "botocore", "moto", "rich", "shtab", "jinja2", "difflib", "cloudfail_aws"}
    commands = {f"cloudfail.cli.{name}" for name in COMMANDS} - {"cloudfail.cli.promote"}
    assert not loaded & (unwanted | commands)

"""Real processes: what came of each, whatever they and their children do."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cloudfail.clock import SystemClock
from cloudfail.follow import Command, Followed, run_command
from cloudfail.follow import child as child_module

LONG = 600.0
ENVIRON = {"PATH": os.environ["PATH"], "CLOUDFAIL_ROLE": "MASTER"}
Script = Callable[[str], str]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    def write(text: str) -> str:
        path = tmp_path / f"script{len(list(tmp_path.iterdir()))}"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return str(path)

    return write


class Once(SystemClock):
    """Time is over as soon as a file is there: a busy machine may come late to it."""

    def __init__(self, path: Path) -> None:
        self._path, self._ahead = path, 0.0
        self._asked = 0

    def now(self) -> float:
        self._asked += 1
        # Twice it is asked when time begins: the file may be there by then.
        if self._asked > 2 and not self._ahead and self._path.exists():
            self._ahead = LONG
        return super().now() + self._ahead


def run(*argv: str, timeout: float = 30.0, once: Path | None = None) -> Followed:
    """Run it; where a file is given, that ends the time it has."""
    command = Command(what="hook", argv=argv, timeout=LONG if once else timeout)
    return run_command(command, ENVIRON, Once(once) if once else None)


def is_there(pid: int) -> bool:
    """Say whether it runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pid: int) -> None:
    end = time.monotonic() + 60
    while is_there(pid):
        assert time.monotonic() < end, f"{pid} is still there"
        time.sleep(0.01)


def test_a_command_that_exits_0_is_fine(script: Script) -> None:
    found = run(script("exit 0"))
    assert (found.exit_code, found.problem, found.error) == (0, "", "")


def test_an_exit_code_comes_with_the_last_words_of_standard_error(script: Script) -> None:
    found = run(script("echo out; echo 'Job failed.' >&2; echo '  See\tthe log.' >&2; exit 3"))
    assert found.exit_code == 3
    assert found.error == "exit code 3: Job failed. See the log."


def test_without_standard_error_the_output_says_why(script: Script) -> None:
    assert run(script("echo no such cache; exit 1")).said == "no such cache"


def test_what_it_says_steers_no_terminal_and_tells_no_secret(script: Script) -> None:
    found = run(script("printf '\\033[31mred \\377 token=abc' >&2; exit 1"))
    assert found.said.isprintable()
    assert found.said.endswith("token=***")


def test_a_missing_program_is_not_found() -> None:
    assert run("/nowhere/at/all").error == "not found"


def test_a_missing_interpreter_is_not_found_either(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("#!/nowhere/sh\n")
    path.chmod(0o755)
    assert run(str(path)).error == "not found"


def test_a_file_that_is_not_executable_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("#!/bin/sh\n")
    found = run(str(path))
    assert (found.exit_code, found.problem) == (None, "not executable")
    assert run(str(tmp_path)).problem == "not executable"


def test_a_script_without_its_first_line_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("true\n")
    path.chmod(0o755)
    assert run(str(path)).problem == "exec format error"


def test_a_signal_that_ended_it_is_named(script: Script) -> None:
    found = run(script("kill -9 $$"))
    assert (found.exit_code, found.error) == (None, "ended by SIGKILL")


def test_words_are_words_and_no_shell_reads_them(tmp_path: Path, script: Script) -> None:
    told = tmp_path / "told"
    words = ["$HOME", "a b", "; touch x", "`id`", "*", "", "'\"\\"]
    assert run(script(f'for word; do echo "[$word]"; done > {told}'), *words).exit_code == 0
    assert told.read_text().splitlines() == [f"[{word}]" for word in words]


SEES = """
import json, os, sys
json.dump({
    "cwd": os.getcwd(), "stdin": os.readlink("/proc/self/fd/0"), "role": os.environ["CLOUDFAIL_ROLE"],
    "environ": len(os.environ), "session": os.getsid(0) == os.getpid(),
    "open": sorted(map(int, os.listdir("/proc/self/fd"))),
}, open(sys.argv[1], "w"))
"""


def test_it_gets_a_session_the_root_directory_and_nothing_to_read(tmp_path: Path) -> None:
    with (tmp_path / "open").open("w") as mine:
        os.set_inheritable(mine.fileno(), True)
        found = run("/usr/bin/env", "python3", "-c", SEES, str(tmp_path / "seen"))
    assert found.error == ""
    seen = json.loads((tmp_path / "seen").read_text())
    assert seen["cwd"] == "/"
    assert seen["stdin"] == "/dev/null"
    assert seen["session"]
    assert seen["role"] == "MASTER"
    assert len(seen["open"]) <= 5, "three streams, the file, and the listing itself"


def test_however_much_it_says_little_is_kept(script: Script) -> None:
    found = run(script("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo end >&2; exit 1"))
    assert found.error == "exit code 1: end"
    found = run(script("head -c 3000000 /dev/zero | tr '\\0' x >&2; echo end >&2; exit 1"))
    assert found.said.endswith("xend")
    assert len(found.said) < 400


@pytest.fixture
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_module, "GRACE_SECONDS", 0.3)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever ends when told to has time for it, on a busy machine too."""
    monkeypatch.setattr(child_module, "GRACE_SECONDS", 60.0)
    monkeypatch.setattr(child_module, "_UNKILLABLE_SECONDS", 60.0)


def test_a_timeout_ends_it_and_keeps_its_words(tmp_path: Path, script: Script) -> None:
    said = tmp_path / "said"
    found = run(script(f"echo waiting for the disk >&2; : > {said}; exec sleep 900"), once=said)
    assert (found.exit_code, found.error) == (None, "timed out: waiting for the disk")
    assert LONG <= found.seconds < LONG + 60


def test_a_timeout_lets_it_clean_up(tmp_path: Path, script: Script) -> None:
    ready = tmp_path / "ready"
    text = f"trap 'echo clean > {tmp_path}/clean; exit 0' TERM; : > {ready}; while :; do sleep 0.05; done"
    assert run(script(text), once=ready).problem == "timed out"
    assert (tmp_path / "clean").read_text() == "clean\n"


@pytest.mark.usefixtures("short_grace")
@pytest.mark.parametrize("stubborn", ["first", "grandchild", "both"])
def test_a_timeout_ends_grandchildren_that_ignore_term(
    tmp_path: Path, script: Script, stubborn: str
) -> None:
    ignores = "trap '' TERM; "
    inner = script(f"{ignores if stubborn != 'first' else ''}echo $$ > {tmp_path}/inner.new; "
                   f"mv {tmp_path}/inner.new {tmp_path}/inner; while :; do sleep 0.05; done")  # fmt: skip
    outer = f"{ignores if stubborn != 'grandchild' else ''}{inner} & wait; wait; sleep 600"
    found = run(script(outer), once=tmp_path / "inner")
    assert found.problem == "timed out"
    wait_until_gone(int((tmp_path / "inner").read_text()))


def test_what_it_leaves_behind_is_not_waited_for_and_not_ended(
    tmp_path: Path, script: Script
) -> None:
    """A hook may start a daemon, which keeps our pipe open."""
    found = run(script(f"sleep 60 & echo $! > {tmp_path}/pid; exit 0"), timeout=50)
    pid = int((tmp_path / "pid").read_text())
    try:
        assert found.exit_code == 0
        assert found.seconds < 40
        assert is_there(pid)
    finally:
        os.kill(pid, 9)


def kept() -> tuple[set[Path], list[str]]:
    """What this process holds: descriptors, and children, reaped ones excluded."""
    tasks = Path("/proc/self/task").glob("*/children")
    return set(Path("/proc/self/fd").iterdir()), [task.read_text() for task in tasks]


def test_nothing_stays_behind_of_a_command(script: Script) -> None:
    before = kept()
    run(script("exit 0"))
    run(script("exec sleep 600"), timeout=0.2)
    run("/nowhere")
    assert kept() == before

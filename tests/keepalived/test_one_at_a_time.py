"""Many lower adverts, one process: real flock(1), real processes."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE, Popen, run

import pytest
from cloudfail.keepalived import one_at_a_time

pytestmark = pytest.mark.skipif(shutil.which("flock") is None, reason="needs flock (util-linux)")

# A line: it runs. Then it lets go when told to, and ends when told to.
COMMAND = """
import sys
from cloudfail.keepalived.one_at_a_time import let_go
print("runs", flush=True)
sys.stdin.readline()
let_go()
print("let go", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setitem(one_at_a_time._BEGINNINGS, "root", f"{tmp_path}/cloudfail-")
    return [*one_at_a_time.words("root", "edge"), sys.executable, "-c", COMMAND]


@pytest.fixture
def first(line: list[str]) -> Iterator[Popen[str]]:
    with Popen(line, stdin=PIPE, stdout=PIPE, text=True) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == "runs\n"
        yield started
        started.kill()


def once_more(line: list[str]) -> tuple[int, str]:
    done = run(line, input="\n\n", capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout


def say(to: Popen[str]) -> None:
    assert to.stdin is not None
    to.stdin.write("\n")
    to.stdin.flush()


@pytest.mark.usefixtures("first")
def test_while_one_runs_the_next_ends_without_a_word(line: list[str]) -> None:
    assert once_more(line) == (0, "")


def test_what_comes_after_it_let_go_runs(line: list[str], first: Popen[str]) -> None:
    say(first)
    assert first.stdout is not None
    assert first.stdout.readline() == "let go\n"
    assert once_more(line) == (0, "runs\nlet go\n")


def test_one_that_died_stops_nobody(line: list[str], first: Popen[str]) -> None:
    first.kill()
    first.wait(10)
    assert once_more(line) == (0, "runs\nlet go\n")


def test_instances_do_not_stop_each_other(
    line: list[str], first: Popen[str], tmp_path: Path
) -> None:
    assert first.poll() is None
    before = len(one_at_a_time.words("root", "edge"))
    other = [*one_at_a_time.words("root", "web"), *line[before:]]
    assert once_more(other) == (0, "runs\nlet go\n")
    assert len(list(tmp_path.iterdir())) == 2


def test_the_command_is_found_behind_it() -> None:
    command = ("/usr/bin/cloudfail", "notify", "--event", "rx-lower-pri")
    assert one_at_a_time.without((*one_at_a_time.words("root", "edge"), *command)) == command
    assert one_at_a_time.without(command) == command
    assert one_at_a_time.without(("/usr/bin/flock", "-n", "x", *command))[0] == "/usr/bin/flock"
    assert one_at_a_time.without(("flock",)) == ("flock",)


def test_a_user_without_a_place_of_its_own_gets_the_plain_command() -> None:
    """Where others may make the file, they could keep everybody from being told."""
    assert one_at_a_time.words("nobody", "edge") == ()
    assert one_at_a_time.words("cloudfail", "edge")[-1].startswith("/run/cloudfail/edge")

"""Who came later: by boot, kernel start time and pid, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cloudfail.role import Event, Role
from cloudfail.role import event as event_module
from hypothesis import given
from hypothesis import strategies as st

BIG = 1 << 22


def event(started: int, pid: int, *, boot: str = "b1", role: Role = Role.MASTER) -> Event:
    return Event("edge", role, boot, started, pid)


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in for /proc; empty, as where it is hidden."""
    monkeypatch.setattr(event_module, "_PROC", tmp_path)
    return tmp_path


def put(proc: Path, name: str, text: str) -> None:
    path = proc / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def stat_line(name: str, started: int) -> str:
    after_name = ["S", *["0"] * 18, str(started), *["0"] * 30]
    return f"4711 ({name}) {' '.join(after_name)}\n"


def test_an_earlier_start_is_older() -> None:
    assert event(99, 500).is_older_than(event(100, 400))
    assert not event(100, 400).is_older_than(event(99, 500))


def test_within_a_tick_the_lower_pid_is_older() -> None:
    assert event(100, 400).is_older_than(event(100, 401))
    assert not event(100, 401).is_older_than(event(100, 400))


def test_pids_that_went_round_the_circle_are_newer(proc: Path) -> None:
    put(proc, "sys/kernel/pid_max", "32768\n")
    assert event(100, 32767).is_older_than(event(100, 301))
    assert not event(100, 301).is_older_than(event(100, 32767))


@pytest.mark.parametrize(("last", "first"), [(32767, 300), (BIG - 1, 300)])
def test_the_size_of_the_circle_is_guessed_where_it_is_hidden(
    proc: Path, last: int, first: int
) -> None:
    assert not proc.joinpath("sys").exists()
    assert event(100, last).is_older_than(event(100, first))


def test_an_event_is_not_older_than_itself() -> None:
    assert not event(100, 400).is_older_than(event(100, 400))


def test_nothing_is_older_than_a_record_of_another_boot() -> None:
    assert not event(1, 1).is_older_than(event(10**9, 9, boot="b0"))


@given(
    started=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    pids=st.tuples(st.integers(1, 32767), st.integers(1, 32767)),
)
def test_of_two_events_at_most_one_is_older(
    started: tuple[int, int], pids: tuple[int, int]
) -> None:
    one, two = event(started[0], pids[0]), event(started[1], pids[1])
    assert not (one.is_older_than(two) and two.is_older_than(one))


@pytest.mark.parametrize("name", ["python", "a) S 1 2 3", "((", "x ) (y", "\n)"])
def test_the_start_time_is_read_past_any_process_name(proc: Path, name: str) -> None:
    put(proc, "self/stat", stat_line(name, 123456))
    assert event_module.start_time() == 123456


@pytest.mark.parametrize("content", ["", "4711 (x) S 1", "4711 (x", stat_line("x", 7)[:20] + "a b"])
def test_without_a_readable_stat_the_event_begins_now(proc: Path, content: str) -> None:
    put(proc, "self/stat", content)
    now = event_module.boottime() * event_module.TICKS
    assert now - 1 <= event_module.start_time() <= now + 500


def test_a_hidden_proc_still_gives_an_event(proc: Path) -> None:
    assert not proc.joinpath("self").exists()
    found = Event.of_this_process("edge", Role.FAULT)
    assert (found.boot_id, found.pid, found.role) == ("", os.getpid(), Role.FAULT)
    assert found.started > 0


def test_this_process_started_before_now_and_in_this_boot() -> None:
    found = Event.of_this_process("edge", Role.BACKUP)
    assert 0 < found.started <= event_module.boottime() * event_module.TICKS
    assert found.boot_id == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_the_start_time_survives_execve() -> None:
    code = "from cloudfail.role.event import start_time; print(start_time())"
    again = f"import os, sys; {code}; sys.stdout.flush(); os.execv(sys.executable, [sys.executable, '-c', {code!r}])"
    ran = subprocess.run([sys.executable, "-c", again], capture_output=True, check=True, timeout=30)
    first, second = ran.stdout.split()
    assert first == second

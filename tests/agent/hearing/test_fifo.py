"""The FIFO as it is found: missing, full of junk, somebody else's, something else."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cloudfail import process
from cloudfail.agent.hearing import ownership
from cloudfail.agent.hearing.fifo import FifoReader
from cloudfail.agent.hearing.lines import FifoLine
from cloudfail.errors import ConfigError

from agent.hearing.fifos import (
    NOBODY,
    Writer,
    descriptors,
    directory_of,
    effective_user,
    is_ready,
    states,
)

_READ = """
import sys
from pathlib import Path
from cloudfail.agent.hearing.fifo import FifoReader
reader = FifoReader(Path(sys.argv[1]))
reader.open()
print("open", flush=True)
sys.stdin.read()
"""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "vrrp.fifo"


@pytest.fixture
def reader(path: Path) -> Iterator[FifoReader]:
    made = FifoReader(path)
    yield made
    made.close()


def test_a_missing_fifo_is_made_for_its_owner_alone(reader: FifoReader, path: Path) -> None:
    before = os.umask(0o177)  # keepalived's
    try:
        assert reader.open() == ()
    finally:
        os.umask(before)
    assert stat.S_ISFIFO(path.lstat().st_mode)
    assert stat.S_IMODE(path.lstat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o755


def test_an_event_loop_is_woken_by_a_line_and_by_nothing_else(
    reader: FifoReader, path: Path
) -> None:
    async def hear() -> list[str]:
        heard: asyncio.Queue[FifoLine] = asyncio.Queue()
        wakes = 0

        def woken() -> None:
            nonlocal wakes
            wakes += 1
            for line in reader.read():
                heard.put_nowait(line)

        loop = asyncio.get_running_loop()
        for fd in reader.filenos():
            loop.add_reader(fd, woken)
        found = []
        for state in ("BACKUP", "MASTER"):
            writer = Writer(path)
            writer.say(state)
            found.append((await asyncio.wait_for(heard.get(), 30)).state.value)
            writer.close()
            path.unlink()
            assert reader.check()
        await asyncio.sleep(0.05)
        assert wakes <= 2 * len(found)  # for the line, and for the end of the deleted one
        return found

    reader.open()
    assert asyncio.run(hear()) == ["BACKUP", "MASTER"]


def test_what_waits_is_told_apart_from_what_comes(reader: FifoReader, path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(path, 0o600)
    writer = Writer(path)
    writer.say("BACKUP")
    writer.say("MASTER")
    assert [line.state for line in reader.open()] == ["BACKUP", "MASTER"]
    assert not is_ready(reader)
    writer.say("FAULT")
    assert states(reader) == ["FAULT"]
    writer.close()


def test_a_line_that_was_half_there_at_the_start_is_whole_later(
    reader: FifoReader, path: Path
) -> None:
    path.parent.mkdir()
    os.mkfifo(path, 0o600)
    writer = Writer(path)
    writer.write(b'INSTANCE "VI_1" MAS')
    assert reader.open() == ()
    writer.write(b"TER 150\n")
    assert states(reader) == ["MASTER"]
    writer.close()


def test_it_has_no_end_and_wakes_nobody_when_keepalived_comes_and_goes(
    reader: FifoReader, path: Path
) -> None:
    reader.open()
    for state in ("BACKUP", "MASTER", "STOP"):
        writer = Writer(path)
        writer.say(state)
        writer.close()
        assert states(reader) == [state]
        assert not is_ready(reader)
        assert reader.read() == []
        assert not reader.check()
    assert reader.problem == ""


@pytest.mark.parametrize(
    "junk",
    [
        b"hello\n",
        b"hello",
        b'INSTANCE "VI_1" MAS',
        bytes(range(256)) * 16,
        b"x" * (1 << 16),
        b"\0" * (1 << 16),
        b"x\n" * (1 << 15),
    ],
    ids=["a line", "no end", "half a line", "binary", "64 KiB", "zeros", "many lines"],
)
def test_junk_hides_no_line_and_is_told(reader: FifoReader, path: Path, junk: bytes) -> None:
    reader.open()
    writer = Writer(path)
    assert writer.write(junk) == len(junk)
    writer.say("MASTER")
    assert states(reader) == ["MASTER"]
    told = reader.take_rejected()
    assert 0 < len(told) <= 64
    assert all(line.isprintable() for line in told)
    assert reader.take_rejected() == []
    writer.close()


def test_a_full_pipe_loses_no_line_that_was_taken_and_takes_lines_again(
    reader: FifoReader, path: Path
) -> None:
    reader.open()
    writer = Writer(path)
    writer.say("BACKUP")
    taken = writer.fill()
    assert taken > (1 << 16) / 20  # a pipe that was not widened takes less
    assert states(reader) == ["BACKUP", *["MASTER"] * taken]
    writer.say("FAULT")
    assert states(reader) == ["FAULT"]
    writer.close()


def test_one_read_is_short_however_much_waits(reader: FifoReader, path: Path) -> None:
    """The loop has other things to do."""
    reader.open()
    writer = Writer(path)
    writer.fill()
    assert 0 < len(reader.read()) <= (1 << 14) / 20
    assert is_ready(reader)
    writer.close()


def test_a_second_reader_is_refused_and_told_who_the_first_is(
    reader: FifoReader, path: Path
) -> None:
    reader.open()
    second = FifoReader(path)
    before = descriptors()
    with pytest.raises(ConfigError, match=f"is read by process {os.getpid()} already.* stop that"):
        second.open()
    assert descriptors() == before
    reader.close()
    second.open()
    second.close()


def test_where_locks_are_hidden_the_other_reader_has_no_number(
    reader: FifoReader, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """systemd's ProcSubset=pid hides /proc/locks."""
    reader.open()
    monkeypatch.setattr(ownership, "_LOCKS", tmp_path / "hidden")
    second = FifoReader(path)
    with pytest.raises(ConfigError, match="is read by another process already"):
        second.open()
    second.close()


def test_a_reader_that_was_killed_leaves_its_place(reader: FifoReader, path: Path) -> None:
    first = process.Popen(
        [sys.executable, "-c", _READ, str(path)], stdin=process.PIPE, stdout=process.PIPE
    )
    assert first.stdout is not None
    try:
        assert first.stdout.readline() == b"open\n"
        with pytest.raises(ConfigError, match=f"process {first.pid} "):
            reader.open()
        writer = Writer(path)
    finally:
        first.send_signal(signal.SIGKILL)
        first.communicate()
    writer.say("MASTER")  # nobody reads
    assert [line.state for line in reader.open()] == ["MASTER"]
    writer.close()


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(str(path))


def _link(path: Path) -> None:
    os.mkfifo(path.with_name("elsewhere"), 0o600)
    path.symlink_to("elsewhere")


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda path: path.write_text("mine"), "a file"),
        (_link, "a symbolic link"),
        (lambda path: path.symlink_to("nowhere"), "a symbolic link"),
        (lambda path: path.mkdir(), "a directory"),
        (_socket, "a socket"),
    ],
)
def test_what_is_no_fifo_is_refused_and_left_alone(
    reader: FifoReader, path: Path, make: Callable[[Path], object], what: str
) -> None:
    path.parent.mkdir()
    make(path)
    before, open_before = path.lstat(), descriptors()
    with pytest.raises(ConfigError, match=f"vrrp.fifo is {what}, no FIFO: remove it"):
        reader.open()
    assert os.path.samestat(before, path.lstat())
    assert descriptors() == open_before


def test_what_others_can_write_into_is_refused(reader: FifoReader, path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(path)
    for mode in (0o620, 0o602, 0o666):
        path.chmod(mode)
        with pytest.raises(ConfigError, match="can be written by other users: chmod 0600 it"):
            reader.open()
    path.chmod(0o640)
    assert reader.open() == ()


@needs_root
def test_root_takes_no_fifo_of_another_user(reader: FifoReader, path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(path, 0o600)
    os.chown(path, NOBODY, -1)
    with pytest.raises(
        ConfigError,
        match=r"belongs to user nobody, and this is user root: chown root it, and .* "
        r"`vrrp_notify_fifo .*/vrrp\.fifo root`",
    ):
        reader.open()


@needs_root
def test_root_makes_it_for_the_user_of_the_directory_who_can_use_it_then() -> None:
    with directory_of(NOBODY) as directory:
        path = directory / "vrrp.fifo"
        for user in (0, 0, NOBODY):  # made, and found
            reader = FifoReader(path)
            with effective_user(user):
                reader.open()
            reader.close()
        assert path.stat().st_uid == NOBODY


@needs_root
def test_an_ordinary_user_makes_reads_and_heals_it_in_a_directory_of_its_own() -> None:
    with directory_of(NOBODY) as directory, effective_user(NOBODY):
        reader = FifoReader(directory / "vrrp.fifo")
        reader.open()
        assert reader.path.stat().st_uid == NOBODY
        writer = Writer(reader.path)
        reader.path.unlink()
        assert reader.check()
        writer.say("MASTER")
        assert states(reader) == ["MASTER"]
        writer.close()
        reader.close()


@needs_root
def test_an_ordinary_user_is_told_what_to_do_about_roots_fifo() -> None:
    with directory_of(0) as directory:
        path = directory / "vrrp.fifo"
        os.mkfifo(path, 0o600)
        reader = FifoReader(path)
        with effective_user(NOBODY), pytest.raises(ConfigError, match="chown nobody it"):
            reader.open()
        reader.close()


@needs_root
def test_an_ordinary_user_is_told_who_makes_the_directory() -> None:
    with directory_of(0) as directory:
        reader = FifoReader(directory / "cloudfail" / "vrrp.fifo")
        with (
            effective_user(NOBODY),
            pytest.raises(ConfigError, match=r"user nobody: Permission denied; systemd-tmpfiles"),
        ):
            reader.open()
        reader.close()

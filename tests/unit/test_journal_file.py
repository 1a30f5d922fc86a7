"""The file: whole lines, rotation, torn ends, and what a reader makes of them."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloudfail.journal import Entry, read, scan
from cloudfail.journal.entry import encode
from cloudfail.journal.file import AppendFile, rotated
from cloudfail.testing.clock import FakeClock


@pytest.fixture(autouse=True)
def _umask_of_keepalived() -> Iterator[None]:
    before = os.umask(0o177)
    yield
    os.umask(before)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log" / "cloudfail" / "journal.jsonl"


def line(n: int, **fields: object) -> bytes:
    return encode({"instance": "edge"}, "note", {"n": n, **fields})


def append_file(path: Path, *, max_bytes: int = 1 << 20, keep: int = 5) -> AppendFile:
    return AppendFile(path, max_bytes=max_bytes, keep=keep, clock=FakeClock())


def numbers(path: Path) -> list[int]:
    return [entry.fields["n"] for entry in read(path)]


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_directories_and_file_have_their_modes_under_any_umask(path: Path) -> None:
    file = append_file(path)
    file.append(line(1))
    assert (mode(path), mode(path.parent), mode(path.parent.parent)) == (0o640, 0o750, 0o750)
    file.close()


def test_a_file_that_exists_keeps_its_mode(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.parent.chmod(0o755)
    path.write_text("")
    path.chmod(0o600)
    append_file(path).append(line(1))
    assert mode(path) == 0o600


def test_a_missing_journal_is_empty(path: Path) -> None:
    assert read(path) == []


def test_an_empty_journal_is_empty(tmp_path: Path) -> None:
    (tmp_path / "j").touch()
    assert scan(tmp_path / "j").skipped == 0


def test_a_file_cut_at_any_byte_is_read_to_its_last_whole_line_and_continued(path: Path) -> None:
    file = append_file(path)
    lines = [line(n, text="é\n\u2028") for n in range(3)]
    for each in lines:
        file.append(each)
    file.close()
    whole = path.read_bytes()
    assert whole == b"".join(lines)
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        entries = [n for n in range(3) if size >= len(b"".join(lines[: n + 1])) - 1]
        assert numbers(path) == entries
        file = append_file(path)
        file.append(line(99))
        file.close()
        assert numbers(path) == [*entries, 99]
        torn = size - sum(len(each) for each in lines[: len(entries)])
        assert scan(path).skipped == (torn > 0)


def test_garbage_anywhere_is_skipped_and_counted(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.parent.chmod(0o750)
    garbage = [b"\xff\xfe\n", b"{\n", b"\n", b"\0" * 100 + b"\n", b"null\n", b"  \n"]
    path.write_bytes(line(1) + b"".join(garbage) + line(2) + b"\0\0")
    assert numbers(path) == [1, 2]
    assert scan(path).skipped == 5
    append_file(path).append(line(3))
    assert numbers(path) == [1, 2, 3]


def test_a_full_file_is_rotated_and_only_so_many_are_kept(path: Path) -> None:
    size = len(line(10))
    file = append_file(path, max_bytes=3 * size, keep=2)
    for n in range(10, 22):
        file.append(line(n))
    file.close()
    assert numbers(path) == list(range(13, 22))
    names = sorted(each.name for each in path.parent.iterdir())
    assert names == ["journal.jsonl", "journal.jsonl.1", "journal.jsonl.2"]
    assert {mode(each) for each in path.parent.iterdir()} == {0o640}


def test_a_line_longer_than_the_limit_is_still_written(path: Path) -> None:
    file = append_file(path, max_bytes=10, keep=9)
    for n in range(3):
        file.append(line(n))
    assert numbers(path) == [0, 1, 2]


def test_at_least_one_old_file_is_kept(path: Path) -> None:
    file = append_file(path, max_bytes=10, keep=0)
    file.append(line(1))
    file.append(line(2))
    assert numbers(path) == [1, 2]


def test_a_file_that_cannot_be_rotated_grows(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    file = append_file(path, max_bytes=10)
    file.append(line(1))
    monkeypatch.setattr(Path, "rename", refuse)
    file.append(line(2))
    assert numbers(path) == [1, 2]
    assert not rotated(path, 1).exists()


def test_a_file_rotated_by_another_process_is_left_for_the_new_one(path: Path) -> None:
    one, two = append_file(path), append_file(path)
    one.append(line(1))
    two.append(line(2))
    path.rename(rotated(path, 1))
    one.append(line(3))
    two.append(line(4))
    assert path.read_bytes() == line(3) + line(4) or numbers(path) == [1, 2, 3, 4]
    one.sync()
    two.sync()


def test_a_file_that_was_removed_is_made_again(path: Path) -> None:
    file = append_file(path)
    file.append(line(1))
    path.unlink()
    file.append(line(2))
    assert numbers(path) == [2]


def test_a_file_that_moves_away_every_time_gets_the_line_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = append_file(path)
    monkeypatch.setattr(file, "_is_current", lambda _: False)
    file.append(line(1))
    assert numbers(path) == [1]


def test_a_reader_that_holds_the_lock_delays_a_line_and_stops_none(path: Path) -> None:
    clock = FakeClock()
    file = AppendFile(path, max_bytes=10, keep=5, clock=clock)
    file.append(line(1))
    with path.open("rb") as reader:
        fcntl.flock(reader, fcntl.LOCK_SH)
        file.append(line(2))
    assert numbers(path) == [1, 2]
    assert clock.now() == pytest.approx(0.05, abs=0.01)
    assert not rotated(path, 1).exists()  # not without the lock


def test_a_file_system_without_locks_will_do(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    append_file(path).append(line(1))
    assert numbers(path) == [1]


def test_a_file_that_another_process_makes_at_the_same_moment_is_shared(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def another_was_quicker(name: Path, flags: int, *rest: int) -> int:
        if flags & os.O_EXCL:
            os.close(real(name, os.O_CREAT | os.O_WRONLY, 0o640))
        return real(name, flags, *rest)

    monkeypatch.setattr(os, "open", another_was_quicker)
    append_file(path).append(line(1))
    assert numbers(path) == [1]


@pytest.mark.parametrize("name", ["/dev/full", "/dev/null", "fifo"])
def test_what_is_not_a_regular_file_is_refused_without_waiting(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "fifo", 0o600)
    with pytest.raises(OSError, match="not a regular file"):
        append_file(tmp_path / name).append(line(1))


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "journal").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match="symbolic"):
        append_file(tmp_path / "journal").append(line(1))
    assert (tmp_path / "victim").read_text() == "precious"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_makes_in_the_agents_directory_is_the_agents(path: Path) -> None:
    path.parent.mkdir(parents=True)
    os.chown(path.parent, 12345, 12346)
    file = append_file(path, max_bytes=10)
    file.append(line(1))
    file.append(line(2))
    found = {(each.stat().st_uid, each.stat().st_gid) for each in path.parent.iterdir()}
    assert found == {(12345, 12346)}
    assert mode(path) == 0o640


def test_a_write_that_stops_in_the_middle_is_continued(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[:10]))
    append_file(path).append(line(1))
    assert numbers(path) == [1]


def test_a_disk_that_fills_up_in_the_middle_of_a_line_costs_that_line_only(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, written = os.write, []

    def fills_up(fd: int, data: bytes) -> int:
        written.append(data)
        if len(written) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(fd, data[:10])

    file = append_file(path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", fills_up)
        with pytest.raises(OSError, match="No space"):
            file.append(line(1))
    file.append(line(2))
    assert numbers(path) == [2]
    assert scan(path).skipped == 1


# Sync.


def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    calls: list[str] = []
    real = os.fsync

    def note(fd: int) -> None:
        calls.append(str(Path(f"/proc/self/fd/{fd}").readlink()))
        real(fd)

    monkeypatch.setattr(os, "fsync", note)
    return calls


def test_sync_covers_the_file_and_a_new_name_in_the_directory(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, calls = append_file(path), synced(monkeypatch)
    file.append(line(1))
    file.sync()
    assert calls == [str(path), str(path.parent)]
    file.sync()
    assert len(calls) == 2  # nothing new, nothing to do
    file.append(line(2))
    file.sync()
    assert calls[2:] == [str(path)]


def test_sync_covers_what_was_rotated_away_before(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, calls = append_file(path, max_bytes=10), synced(monkeypatch)
    file.append(line(1))
    file.append(line(2))
    file.sync()
    assert calls == [str(rotated(path, 1)), str(path), str(path.parent)]
    file.close()


def test_files_rotated_away_do_not_pile_up(path: Path) -> None:
    file = append_file(path, max_bytes=10, keep=20)
    before = open_files()
    for n in range(15):
        file.append(line(n))
    assert open_files() - before <= 5
    file.close()
    assert open_files() == before
    assert numbers(path) == list(range(15))


def test_closing_what_was_never_opened_is_fine(path: Path) -> None:
    append_file(path).close()
    assert not path.exists()


# Reading.


def test_reading_selects_an_instance_and_the_newest(path: Path) -> None:
    file = append_file(path)
    for n in range(6):
        file.append(encode({"instance": "ab"[n % 2]}, "note", {"n": n}))
    assert [entry.fields["n"] for entry in read(path, instance="a")] == [0, 2, 4]
    assert [entry.fields["n"] for entry in read(path, instance="a", limit=2)] == [2, 4]
    assert read(path, limit=0) == []
    assert len(read(path, limit=100)) == 6
    assert isinstance(read(path)[0], Entry)


def test_a_rotation_while_reading_loses_and_repeats_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = append_file(path)
    file.append(line(1))
    real, opened = Path.open, []

    def rotates_meanwhile(self: Path, mode: str) -> object:
        handle = real(self, mode)
        opened.append(self)
        if len(opened) == 1:
            path.rename(rotated(path, 1))
            append_file(path).append(line(2))
        return handle

    monkeypatch.setattr(Path, "open", rotates_meanwhile)
    assert numbers(path) == [1]


def test_between_the_two_renames_of_a_rotation_the_old_files_are_read(path: Path) -> None:
    file = append_file(path)
    file.append(line(1))
    path.rename(rotated(path, 1))
    assert numbers(path) == [1]

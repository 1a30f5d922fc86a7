"""No disk, however slow or full, and no syslog, however hung, holds a run up."""

from __future__ import annotations

import errno
import os
import signal
import syslog
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from cloudfail.journal import FileJournal, NullJournal, read, writer
from cloudfail.journal.system_log import SystemLog
from cloudfail.journal.thread import WriterThread

NO_SPACE = OSError(errno.ENOSPC, "No space left on device")


class Syslog:
    """Stands in for the C library's; `hang` makes it what a stopped daemon makes it."""

    def __init__(self) -> None:
        self.lines: list[tuple[int, str]] = []
        self.hang: threading.Event | None = None
        self.system = SystemLog()

    def __call__(self, priority: int, text: str) -> None:
        if self.hang is not None:
            self.hang.wait(90)
        self.lines.append((priority, text))

    def _said(self) -> list[tuple[int, str]]:
        """What was posted, once it has all arrived."""
        assert self.system.flush(60)
        return self.lines

    @property
    def warnings(self) -> list[str]:
        return [text for priority, text in self._said() if priority == syslog.LOG_WARNING]

    def numbers(self) -> list[int]:
        texts = [text for priority, text in self._said() if priority == syslog.LOG_INFO]
        return [int(text.rpartition('"n":')[2].rstrip("}")) for text in texts]


@pytest.fixture(autouse=True)
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Syslog]:
    stand_in = Syslog()
    monkeypatch.setattr(syslog, "syslog", stand_in)
    monkeypatch.setattr(writer, "SYSTEM_LOG", stand_in.system)
    monkeypatch.setattr(writer, "_CLOSE", 60.0)  # a busy machine is no disk that hangs
    yield stand_in
    if stand_in.hang is not None:
        stand_in.hang.set()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def journal(path: Path, **options: Any) -> FileJournal:
    return FileJournal(path, run_id="r1", instance="edge", generation=3, node="a", **options)


def numbers(path: Path) -> list[int]:
    return [entry.fields["n"] for entry in read(path)]


def failing(error: OSError) -> Any:
    def fail(*_: object) -> None:
        raise error

    return fail


class Gate:
    """Replaces a system call, and lets nobody through until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        self.opened = threading.Event()
        self.reached = threading.Event()
        real = getattr(os, name)

        def call(*args: Any) -> Any:
            self.reached.set()
            self.opened.wait(90)
            return real(*args)

        monkeypatch.setattr(os, name, call)


@pytest.fixture
def fsync_hangs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate(monkeypatch, "fsync")
    yield gate
    gate.opened.set()


@pytest.fixture
def write_hangs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    gate = Gate(monkeypatch, "write")
    yield gate
    gate.opened.set()


def test_a_settled_line_is_on_the_disk_with_all_its_fields(path: Path, log: Syslog) -> None:
    one = journal(path)
    one.write("intent", n=1)
    assert one.settle() is True
    (entry,) = read(path)
    assert (entry.run_id, entry.instance, entry.generation, entry.node) == ("r1", "edge", 3, "a")
    one.close()
    assert (one.problem, log.lines) == ("", [])


def test_a_journal_made_before_its_run_is_named_by_it(path: Path) -> None:
    early = FileJournal(path, run_id="", instance="edge", generation=0)
    early.begin("r2", 4)
    early.write("started")
    early.close()
    (entry,) = read(path)
    assert (entry.run_id, entry.generation, entry.instance) == ("r2", 4, "edge")


def test_closing_writes_what_was_not_settled(path: Path, log: Syslog) -> None:
    one = journal(path)
    for n in range(100):
        one.write("note", n=n)
    one.close()
    one.close()
    assert numbers(path) == list(range(100))
    assert log.lines == []


def test_a_line_after_the_end_goes_to_syslog(path: Path, log: Syslog) -> None:
    one = journal(path)
    one.close()
    one.write("note", n=1)
    assert log.system.flush(30)
    assert log.numbers() == [1]


def test_many_threads_settle_with_few_syncs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    real = os.fsync

    def count(fd: int) -> None:
        calls.append(fd)
        real(fd)

    monkeypatch.setattr(os, "fsync", count)
    one = journal(path)
    settled: list[bool] = []

    def lane(n: int) -> None:
        one.write("intent", n=n)
        settled.append(one.settle(30))

    threads = [threading.Thread(target=lane, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert settled == [True] * 50
    assert sorted(numbers(path)) == list(range(50))
    assert len(calls) <= 51  # one a settle at most, and one of the directory
    one.close()


def test_a_sync_that_hangs_costs_its_time_once_and_the_lines_go_to_syslog(
    path: Path, log: Syslog, fsync_hangs: Gate
) -> None:
    one = journal(path)
    one.write("intent", n=1)
    began = time.monotonic()
    assert one.settle(0.2) is False
    assert 0.15 <= time.monotonic() - began < 60
    assert log.numbers() == [1]
    began = time.monotonic()
    for n in range(2, 22):
        one.write("intent", n=n)
        assert one.settle(30) is False
    one.close()
    assert time.monotonic() - began < 60  # 20 would take 600
    assert log.numbers() == list(range(1, 22))
    assert len(log.warnings) == 1
    assert "not on the disk within 0.2 s" in one.problem
    fsync_hangs.opened.set()


def test_a_disk_that_comes_back_has_every_line_and_settles_again(
    path: Path, fsync_hangs: Gate
) -> None:
    one = journal(path)
    one.write("intent", n=1)
    assert one.settle(0.01) is False
    fsync_hangs.opened.set()
    one.write("intent", n=2)
    deadline = time.monotonic() + 60
    while not one.settle(0.2):
        assert time.monotonic() < deadline
    assert numbers(path) == [1, 2]
    one.close()


def test_a_write_that_hangs_delays_nobody_and_does_not_prevent_the_end(
    path: Path, log: Syslog, write_hangs: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_CLOSE", 0.4)
    one = journal(path)
    began = time.monotonic()
    for n in range(1000):
        one.write("note", n=n)
    assert write_hangs.reached.wait(60)
    one.close()
    assert time.monotonic() - began < 60
    assert log.numbers() == list(range(1000))
    assert "not written when the run ended" in one.problem


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EACCES, errno.EDQUOT])
def test_an_error_of_the_disk_sends_the_lines_to_syslog_with_one_warning(
    path: Path, log: Syslog, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr(os, "write", failing(OSError(code, os.strerror(code))))
    one = journal(path)
    for n in range(3):
        one.write("intent", n=n)
        assert one.settle(30) is False
    one.close()
    assert log.numbers() == [0, 1, 2]
    assert log.warnings == [one.problem]
    assert os.strerror(code) in one.problem
    assert str(path) in one.problem


def test_lines_that_found_the_disk_full_are_written_when_there_is_space_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = journal(path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", failing(NO_SPACE))
        one.write("intent", n=1)
        assert one.settle(30) is False
    one.write("intent", n=2)
    assert one.settle(30) is True
    assert numbers(path) == [1, 2]
    one.close()


def test_a_sync_that_fails_is_believed(
    path: Path, log: Syslog, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = journal(path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing(OSError(errno.EIO, "Input/output error")))
        one.write("intent", n=1)
        assert one.settle(30) is False
    one.write("intent", n=2)
    assert one.settle(30) is True
    assert log.numbers() == [1]
    one.close()


def test_a_failed_sync_of_lines_that_nobody_waits_for_is_told_at_the_end(
    path: Path, log: Syslog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudfail.journal.thread._MOST_UNSYNCED", 3)
    monkeypatch.setattr(os, "fsync", failing(OSError(errno.EIO, "Input/output error")))
    one = journal(path)
    for n in range(3):
        one.write("intent", n=n)
    one.close()
    assert log.numbers() == [0, 1, 2]
    assert "Input/output error" in one.problem


def test_a_mistake_in_the_writer_ends_neither_the_thread_nor_the_run(
    path: Path, log: Syslog, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = journal(path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda *_: "not a number")
        one.write("intent", n=1)
        assert one.settle(30) is False
    assert "TypeError" in one.problem
    assert one.settle(30) is True
    one.close()
    assert log.numbers() == [1]


def test_without_threads_to_be_had_a_run_goes_on(
    path: Path, log: Syslog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        threading.Thread,
        "start",
        failing(RuntimeError("can't start new thread")),  # type: ignore[arg-type]
    )
    one = journal(path)
    one.write("intent", n=1)
    assert one.settle(0.01) is False
    one.close()
    assert not path.exists()
    assert not log.system.flush(0.01)


def test_a_hung_syslog_on_top_of_a_full_disk_stops_nobody(
    path: Path, log: Syslog, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.hang = threading.Event()
    monkeypatch.setattr(os, "write", failing(NO_SPACE))
    one = journal(path)
    began = time.monotonic()
    one.write("intent", n=1)
    assert one.settle(0.2) is False
    one.write("intent", n=2)
    one.close()
    assert time.monotonic() - began < 60
    assert log.lines == []
    log.hang.set()
    assert log.system.flush(30)
    assert log.numbers() == [1, 2]


def test_a_disk_that_hangs_for_hours_does_not_fill_the_memory(
    path: Path, log: Syslog, monkeypatch: pytest.MonkeyPatch, fsync_hangs: Gate
) -> None:
    monkeypatch.setattr(writer, "_MOST_OPEN", 10)
    one = journal(path)
    one.write("intent", n=0)
    assert one.settle(0.01) is False
    for n in range(1, 100):
        one.write("note", n=n)
    assert len(one._open) == 10
    assert log.system.flush(30)
    assert set(range(10, 100)) <= set(log.numbers())
    fsync_hangs.opened.set()
    one.close()


def test_a_disk_that_is_full_for_hours_does_not_fill_the_memory(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudfail.journal.thread._MOST_BACKLOG", 5)
    monkeypatch.setattr(os, "write", failing(NO_SPACE))
    one = journal(path)
    for n in range(50):
        one.write("intent", n=n)
        one.settle(30)
    assert len(one._thread._backlog) <= 7
    assert len(one._open) <= 1
    one.close()


def test_an_agent_that_never_settles_does_not_fill_the_memory(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudfail.journal.thread._MOST_UNSYNCED", 10)
    one = journal(path)
    for n in range(100):
        one.write("note", n=n)
    deadline = time.monotonic() + 60
    while len(one._open) >= 10:
        assert time.monotonic() < deadline
        threading.Event().wait(0.001)
    one.close()
    assert numbers(path) == list(range(100))


def test_lines_that_end_while_they_are_looked_through_are_looked_through_again(
    path: Path, log: Syslog, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = journal(path)
    monkeypatch.setattr(os, "write", failing(NO_SPACE))
    one.write("intent", n=1)

    class Changing(list[Any]):
        asked = 0

        def __iter__(self) -> Iterator[Any]:
            Changing.asked += 1
            if Changing.asked == 1:
                raise RuntimeError("deque mutated during iteration")
            return super().__iter__()

        def popleft(self) -> Any:
            return self.pop(0)

    one._open = Changing(one._open)  # type: ignore[assignment]
    assert one.settle(30) is False
    one.close()
    assert log.numbers() == [1]


def test_a_signal_handler_may_write_in_the_middle_of_a_write(path: Path) -> None:
    one = journal(path)

    def handler(_: int, __: FrameType | None) -> None:
        one.write("note", n=-1)

    before = signal.signal(signal.SIGUSR1, handler)
    stop = threading.Event()

    def interrupt() -> None:
        while not stop.wait(0.0005):
            os.kill(os.getpid(), signal.SIGUSR1)

    thread = threading.Thread(target=interrupt)
    thread.start()
    for n in range(3000):
        one.write("note", n=n)
    stop.set()
    thread.join(60)
    signal.signal(signal.SIGUSR1, before)
    one.close()
    found = numbers(path)
    assert [n for n in found if n >= 0] == list(range(3000))
    assert -1 in found


def test_a_journal_that_keeps_nothing_is_always_settled() -> None:
    one = NullJournal()
    one.write("note", n=1)
    assert one.settle() is True
    one.close()


def test_the_writer_thread_ends_with_the_journal(path: Path) -> None:
    def threads() -> list[threading.Thread]:
        return [each for each in threading.enumerate() if each.name == "cloudfail-journal"]

    before = set(threads())
    one = journal(path)
    (mine,) = set(threads()) - before
    assert mine.daemon
    one.close()
    mine.join(60)
    assert not mine.is_alive()
    assert isinstance(one._thread, WriterThread)

"""The log: one line a fact, where somebody reads it, and never in the agent's way."""

from __future__ import annotations

import json
import os
import pty
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from cloudfail import process
from cloudfail.agent import sink as sinks
from cloudfail.agent.log import WARNINGS, Log, sink_for
from cloudfail.agent.log_lines import LONGEST, Level, render
from cloudfail.agent.role.standing import Standing
from cloudfail.agent.sink import StandardError, Syslog
from cloudfail.agent.view import Phases
from cloudfail.journal.system_log import SYSTEM_LOG
from cloudfail.role import Role

from agent.metrics.views import BACKUP, DOUBTFUL, MASTER, call, ran

QUOTED = '"no advert of ours left for 4.1 s"'
ROOT = Path(__file__).resolve().parents[2]


class Memory:
    """A sink that keeps the lines."""

    longest = LONGEST

    def __init__(self, *, has_clock: bool = True) -> None:
        self.has_clock = has_clock
        self.lines: list[tuple[Level, str]] = []

    def put(self, level: Level, text: str) -> None:
        self.lines.append((level, text))

    def flush(self, seconds: float) -> bool:
        return seconds > 0


def test_a_run_is_one_line_with_its_phases() -> None:
    memory = Memory()
    phases = Phases(queue=0.0011, plan=0.0, api=0.2, verify=0.04)
    Log("logfmt", memory).ran("edge", ran(phases=phases))
    assert memory.lines == [
        (
            Level.INFO,
            (
                "level=info event=ran instance=edge why=event result=ok generation=3 run_id=r-1 "
                "queue=0.0011 plan=0.0 api=0.2 verify=0.04 total=0.2411 prepared=yes"
            ),
        )
    ]


@pytest.mark.parametrize(
    ("result", "level"),
    [("failed", Level.ERROR), ("superseded", Level.NOTICE), ("unchanged", Level.INFO)],
)
def test_how_bad_a_result_is_is_the_level(result: str, level: Level) -> None:
    memory = Memory()
    Log("logfmt", memory).ran("edge", ran(result, error="ec2 said no"))
    ((found, line),) = memory.lines
    assert found is level
    assert 'error="ec2 said no"' in line


def test_looks_that_succeed_are_not_written_and_writes_and_failures_are() -> None:
    memory = Memory()
    log = Log("logfmt", memory)
    log.called("edge", call("DescribeAddresses", mutating=False))
    trial = call("AssociateAddress", mutating=False, status=412, code="DryRunOperation")
    log.called("edge", trial)  # a standby's: it would be allowed to
    log.called("edge", call("AssociateAddress"))
    log.called("edge", call("DescribeAddresses", mutating=False, status=503, code="Throttling"))
    log.called("edge", call("DescribeAddresses", mutating=False, status=0, code=""))
    levels = [level for level, _ in memory.lines]
    assert levels == [Level.INFO, Level.WARNING, Level.WARNING]
    assert "event=call instance=edge operation=AssociateAddress" in memory.lines[0][1]
    assert "code=Throttling" in memory.lines[1][1]


def test_a_role_is_written_once_and_not_again_for_another_wording_of_a_doubt() -> None:
    memory = Memory()
    log = Log("logfmt", memory)
    log.changed("edge", BACKUP, MASTER)
    log.changed("edge", MASTER, DOUBTFUL)
    log.changed("edge", DOUBTFUL, Standing(role=Role.MASTER, generation=3, doubt="for 5.1 s"))
    log.changed("edge", DOUBTFUL, MASTER)
    head = "event=role instance=edge"
    assert [line for _, line in memory.lines] == [
        f"level=notice {head} before=BACKUP now=MASTER generation=3 priority=150",
        f"level=warning {head} before=MASTER now=doubtful generation=3 doubt={QUOTED}",
        f"level=notice {head} before=doubtful now=MASTER generation=3 priority=150",
    ]


def test_a_note_is_its_word_and_a_sentence() -> None:
    memory = Memory()
    log = Log("logfmt", memory)
    log.noted("start", text="cloudfail 1.2 reads /run/cloudfail/vrrp.fifo")
    log.noted("alarm", "edge", "held by a stranger")
    assert memory.lines == [
        (Level.INFO, 'level=info event=start text="cloudfail 1.2 reads /run/cloudfail/vrrp.fifo"'),
        (Level.WARNING, 'level=warning event=alarm instance=edge text="held by a stranger"'),
    ]
    assert all(re.fullmatch("[a-z]+", word) for word in WARNINGS)


def test_json_is_an_object_a_line() -> None:
    memory = Memory()
    Log("json", memory).noted("alarm", 'ed"ge', "two\nlines")
    ((_, line),) = memory.lines
    assert json.loads(line) == {
        "level": "warning",
        "event": "alarm",
        "instance": 'ed"ge',
        "text": "two\nlines",
    }
    assert "\n" not in line


@pytest.mark.parametrize("format_", ["logfmt", "json"])
def test_where_nobody_notes_the_time_the_line_does(format_: str) -> None:
    memory = Memory(has_clock=False)
    Log(format_, memory).noted("start")
    ((_, line),) = memory.lines
    assert re.search(r"^.{0,7}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line)


@pytest.mark.parametrize("format_", ["logfmt", "json"])
@pytest.mark.parametrize(
    "evil",
    ["a\nlevel=error", "\x1b[2J", "\u2028", "\x00", "x" * 100_000, "\ud800", "\U0001f600" * 5_000],
)
def test_nothing_breaks_out_of_its_line(format_: str, evil: str) -> None:
    line = render(format_, Level.INFO, {"event": "note", "text": evil}, has_clock=True)
    assert len(line) <= LONGEST + 3
    assert line.isprintable()
    if format_ == "json":
        assert json.loads(line)["text"] == evil[: len(json.loads(line)["text"])]


def test_what_is_too_long_for_syslog_in_one_piece_is_one_object_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queued: list[tuple[int, str]] = []
    monkeypatch.setattr(SYSTEM_LOG, "_put", queued.append)
    Log("json", Syslog()).noted("problem", "edge", "word " * 1_000)
    ((_, line),) = queued
    told = json.loads(line)
    assert (told["event"], told["instance"]) == ("problem", "edge")
    assert told["text"] == ("word " * 1_000)[: len(told["text"])]
    assert len(told["text"]) > 1_000


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)
    os.close(writing)


def test_under_systemd_a_line_begins_with_its_priority(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    log = Log("logfmt", StandardError(under_journal=True, descriptor=writing))
    log.noted("start")
    log.ran("edge", ran("failed", error="no"))
    assert log.flush(30)
    first, second = os.read(reading, 65536).decode().splitlines()
    assert first == "<6>level=info event=start"
    assert second.startswith("<3>level=error event=ran instance=edge ")


def test_a_standard_error_that_hangs_holds_nobody_up_and_lost_lines_are_counted(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sinks, "_MOST_WAITING", 100)
    reading, writing = pipe
    filled = fill(writing)
    log = Log("json", StandardError(under_journal=True, format_="json", descriptor=writing))
    for number in range(500):
        log.noted("note", "edge", str(number))
    assert not log.flush(0.05)
    read = bytearray()

    def drain() -> None:
        while b'"event":"last"' not in read:
            read.extend(os.read(reading, 65536))

    thread = threading.Thread(target=drain)
    thread.start()
    assert log.flush(30)
    log.noted("last")
    thread.join()
    lines = [json.loads(line[3:]) for line in read[filled:].decode().splitlines()]
    dropped = [line["lines"] for line in lines if line["event"] == "dropped"]
    assert len(lines) - len(dropped) - 1 + sum(dropped) == 500
    assert sum(dropped) >= 399


def fill(pipe: int) -> int:
    """Write until the pipe takes no more, and return how much that was."""
    size = 0
    os.set_blocking(pipe, False)
    for piece in (b"x" * 4096, b"x"):
        with suppress(BlockingIOError):
            while True:
                size += os.write(pipe, piece)
    os.set_blocking(pipe, True)
    return size


def test_a_standard_error_that_is_closed_is_no_end() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    log = Log("logfmt", StandardError(under_journal=False, descriptor=writing))
    for _ in range(10):
        log.noted("note")
    assert log.flush(30)
    os.close(writing)
    log.noted("note")
    assert log.flush(30)


SAY = (
    "import pathlib, sys\n"
    "from cloudfail.agent import log as logs\n"
    "from cloudfail.agent.log import Log, sink_for\n"
    "logs._SYSLOG = pathlib.Path(sys.argv[2])\n"
    "log = Log('logfmt', sink_for(sys.argv[1]))\n"
    "log.noted('start')\n"
    "log.flush(10)\n"
    "print(type(sink_for(sys.argv[1])).__name__)\n"
)


def said(target: str, stderr: int, syslog: str = "/", **environ: str) -> str:
    """Say a line, and return the sink; `syslog` is the path of its socket, here one that exists."""
    done = process.run(
        [sys.executable, "-c", SAY, target, syslog],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environ},
        stdout=process.PIPE,
        stderr=stderr,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.strip()


def test_systemds_journal_is_recognized_by_its_stream(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    status = os.fstat(writing)
    stream = f"{status.st_dev}:{status.st_ino}"
    assert said("auto", writing, JOURNAL_STREAM=stream) == "StandardError"
    assert os.read(reading, 4096) == b"<6>level=info event=start\n"


def test_another_ones_stream_is_not_ours(pipe: tuple[int, int]) -> None:
    assert said("auto", pipe[1], JOURNAL_STREAM="1:2") == "Syslog"
    assert said("auto", pipe[1]) == "Syslog"


def test_where_nobody_reads_syslog_standard_error_is_told(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    assert said("auto", writing, "/nowhere/log") == "StandardError"
    assert os.read(reading, 4096).startswith(b"ts=")


def test_a_terminal_is_told_without_priority_and_with_the_time() -> None:
    main, terminal = pty.openpty()
    try:
        assert said("auto", terminal) == "StandardError"
        line = os.read(main, 4096).decode()
    finally:
        os.close(main)
        os.close(terminal)
    assert re.fullmatch(r"ts=\S+Z level=info event=start\r\n", line)


def test_who_asks_for_standard_error_gets_it(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    assert said("stderr", writing) == "StandardError"
    assert os.read(reading, 4096).startswith(b"ts=")


def test_syslog_is_given_the_text_and_its_priority(monkeypatch: pytest.MonkeyPatch) -> None:
    posted: list[tuple[int, str]] = []
    monkeypatch.setattr("cloudfail.agent.sink.SYSTEM_LOG.post", lambda *words: posted.append(words))
    sink = sink_for("syslog")
    assert isinstance(sink, Syslog)
    Log("logfmt", sink).noted("alarm", "edge", "two masters")
    assert posted == [(4, 'level=warning event=alarm instance=edge text="two masters"')]

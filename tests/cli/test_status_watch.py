"""`status --watch`: in place on a terminal, block after block in a pipe, until nobody looks."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cloudfail import process

from cli.machine import EIP, EXECUTABLE, VIP, Machine

_SECONDS = 30.0
_ROWS = 24
_CLEAR = "\x1b[2J"


class Screen:
    """What a process writes to a terminal, as a person's terminal gets it."""

    def __init__(self, terminal: int, running: process.Popen[bytes]) -> None:
        self.terminal, self.running = terminal, running
        self.written = ""

    def until(self, question: Callable[[str], bool]) -> None:
        end = time.monotonic() + _SECONDS
        while not question(self.written):
            assert time.monotonic() < end, repr(self.written)
            if select.select([self.terminal], [], [], 0.1)[0]:
                self.written += os.read(self.terminal, 65536).decode()

    @property
    def frames(self) -> list[str]:
        """Each whole picture: what follows one way home, up to where the wrap is on again."""
        found: list[str] = re.findall(
            r"\x1b\[\?7l\x1b\[H(.*?)\x1b\[J\x1b\[\?7h", self.written, re.DOTALL
        )
        return found

    def type(self, keys: bytes) -> None:
        os.write(self.terminal, keys)


@contextmanager
def on_terminal(
    machine: Machine, *words: str, rows: int = _ROWS, term: str = "xterm"
) -> Iterator[Screen]:
    """Run a command on a terminal of its own, which is its controlling one: Ctrl-C reaches it."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 40, 0, 0))
    running = process.Popen(
        ["setsid", "--ctty", EXECUTABLE, *words],
        env=machine.environ | {"TERM": term},
        stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    try:
        yield Screen(ours, running)
    finally:
        if running.poll() is None:
            running.kill()
        running.wait(_SECONDS)
        os.close(ours)


def test_it_is_shown_in_place_and_follows_what_happens(machine: Machine) -> None:
    machine.config()
    with on_terminal(machine, "status", "--watch", "0.1") as screen:
        screen.until(lambda _: len(screen.frames) >= 2)
        assert screen.written.count(_CLEAR) == 1
        head, titles, eip, vip, rest = screen.frames[0].split("\x1b[K\r\n")
        assert head == "instance edge, node a, role not recorded"
        assert titles.split()[0] == "CLAIM"
        assert "peer" in eip
        assert "nobody" in vip
        assert rest == ""
        machine.world({EIP: "nic-a", VIP: "nic-a"})
        screen.until(lambda _: "mine" in screen.frames[-1])
        screen.type(b"\x03")
        assert screen.running.wait(_SECONDS) == 0
        assert "Traceback" not in screen.written


def test_what_has_no_room_is_cut_off(machine: Machine) -> None:
    machine.config()
    with on_terminal(machine, "status", "--watch", "0.1", rows=3) as screen:
        screen.until(lambda _: bool(screen.frames))
        assert screen.frames[0].count("\n") == 2
        screen.type(b"\x03")
        assert screen.running.wait(_SECONDS) == 0


def test_what_goes_wrong_is_shown_and_ends_nothing(machine: Machine) -> None:
    machine.config()
    machine.world(fail={"error": "DeniedError", "message": "not allowed"})
    with on_terminal(machine, "status", "--watch", "0.1") as screen:
        screen.until(lambda _: bool(screen.frames))
        assert screen.frames[0].split("\x1b[K\r\n")[0] == "cloudfail: not allowed"
        machine.world({EIP: "nic-a", VIP: "nic-a"})
        screen.until(lambda _: "mine" in screen.frames[-1])


def test_a_terminal_that_cannot_go_back_gets_block_after_block(machine: Machine) -> None:
    machine.config()
    machine.set("NO_COLOR", "1")
    with on_terminal(machine, "status", "--watch", "0.1", term="dumb") as screen:
        screen.until(lambda text: text.count("instance edge") >= 2)
        assert "\x1b" not in screen.written


def test_a_pipe_gets_block_after_block_until_it_closes(machine: Machine) -> None:
    machine.config()
    with machine.spawn("status", "--watch", "0.1") as running:
        assert running.stdout is not None
        assert running.stderr is not None
        lines = [running.stdout.readline() for _ in range(10)]
        assert lines[:5] == lines[5:]
        assert lines[4] == "\n"
        assert "\x1b" not in "".join(lines)
        running.stdout.close()
        assert running.wait(_SECONDS) == 0
        assert running.stderr.read() == ""


def test_an_interrupt_in_a_pipe_is_its_end(machine: Machine) -> None:
    machine.config()
    with machine.spawn("status", "--watch", "0.1") as running:
        assert running.stdout is not None
        assert running.stdout.readline()
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=_SECONDS)
        assert running.returncode == 0
        assert said == ""


def test_documents_are_a_stream_of_documents_whatever_happens(machine: Machine) -> None:
    machine.config()
    machine.world(fail={"error": "DeniedError", "message": "not allowed"})
    with machine.spawn("status", "--watch", "0.1", "--output", "json") as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert '"type": "denied"' in _until_blank(running.stdout.readline)
        assert running.stderr.readline() == "cloudfail: not allowed\n"
        machine.world({EIP: "nic-a", VIP: "nic-a"})
        while '"mine"' not in _until_blank(running.stdout.readline):
            pass
        running.terminate()


def test_a_full_disk_is_no_reader(machine: Machine) -> None:
    machine.config()
    with Path("/dev/full").open("w") as full:
        running = process.Popen(
            [EXECUTABLE, "status", "--watch", "0.1"],
            env=machine.environ, stdout=full, stderr=process.PIPE, text=True,
        )  # fmt: skip
        _, said = running.communicate(timeout=_SECONDS)
    assert running.returncode == 74
    assert "No space left" in said


@pytest.mark.parametrize("text", ["0", "-1", "soon", "nan"])
def test_seconds_that_are_none_are_refused(machine: Machine, text: str) -> None:
    machine.config()
    answer = machine.run("status", f"--watch={text}")
    assert answer.code == 64
    assert f'"{text}" is not a number of seconds' in answer.err


def _until_blank(read: Callable[[], str]) -> str:
    lines = []
    while (line := read()) not in {"\n", ""}:
        lines.append(line)
    return "".join(lines)

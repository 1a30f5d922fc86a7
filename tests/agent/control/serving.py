"""The agent's socket in a loop of its own thread, and clients of every sort."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cloudfail import process
from cloudfail.agent.control.framing import Answer, DeclinedError, Request
from cloudfail.agent.control.server import Server

PATIENCE = 30.0
TESTS = Path(__file__).parents[2]
HUGE = 8 << 20  # more than any socket buffers


class Served:
    """A server whose commands are these words; `log` is what was said, `asked` who got as far."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "agent.sock"
        self.log = list[str]()
        self.asked = list[Request]()
        self.let_go = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def start(self) -> None:
        self._thread.start()
        self._run(self._start())

    def end(self) -> None:
        """End the server, as SIGTERM does; the loop goes on."""
        self._run(self._server.stop())

    def stop(self) -> None:
        self.let_go.set()
        self.end()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Hang the loop until the end of the block, as a stopped process does."""
        hangs, goes_on = threading.Event(), threading.Event()

        def hang() -> None:
            hangs.set()
            goes_on.wait(PATIENCE)

        self._loop.call_soon_threadsafe(hang)
        assert hangs.wait(PATIENCE)
        try:
            yield
        finally:
            goes_on.set()

    def connect(self, path: Path | None = None) -> socket.socket:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(PATIENCE)
        line.connect(str(path or self.path))
        return line

    def answers(self) -> bool:
        """True when an ordinary client is served."""
        return self.say(request("done"))[-1] == {"exit_code": 0, "stdout": "done\n", "stderr": ""}

    def say(self, text: bytes, *, ends: bool = False) -> list[dict[str, Any]]:
        """Send it, and return every line that comes back until the end."""
        with self.connect() as line:
            line.sendall(text)
            if ends:
                line.shutdown(socket.SHUT_WR)
            return heard(line)

    def said(self, words: str) -> bool:
        return any(words in text for text in self.log)

    async def _start(self) -> None:
        self._server = Server(self.path, self._answer, self.log.append)
        await self._server.start()

    async def _answer(self, asked: Request) -> Answer:
        self.asked.append(asked)
        match asked.argv:
            case ("decline",):
                raise DeclinedError("not this one")
            case ("bug",):
                raise ZeroDivisionError("of nothing")
            case ("huge",):
                return Answer(0, "x" * HUGE)
            case ("slow",):
                while not self.let_go.is_set():
                    await asyncio.sleep(0.01)
            case _:
                pass
        return Answer(0, "done\n")

    def _run(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    one = Served(folder)
    one.start()
    try:
        yield one
    finally:
        one.stop()


def request(*argv: str, **fields: Any) -> bytes:
    asked = {"v": 1, "argv": argv, "environ": {}, "cwd": "/", **fields}
    return json.dumps(asked).encode() + b"\n"


def heard(line: socket.socket) -> list[dict[str, Any]]:
    said = b""
    while chunk := line.recv(1 << 16):
        said += chunk
    return [json.loads(each) for each in said.splitlines()]


def until(question: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not question():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


def open_files(pid: int | str = "self") -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def resident_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def as_user(uid: int, gid: int, code: str, *argv: str, groups: Sequence[int] = ()) -> str:
    """Run Python as somebody else, who imports while root still; return what is printed."""
    imports = (
        "import os, socket, sys\nfrom pathlib import Path\nfrom agent.control import serving\n"
    )
    become = f"os.setgroups({list(groups)}); os.setgid({gid}); os.setuid({uid})\n"
    done = process.run(
        [sys.executable, "-c", imports + become + code, *argv],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(TESTS)},
        capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout

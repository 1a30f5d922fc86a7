"""Responders in a loop of their own thread, and a load balancer that asks them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self, TypeVar

from cloudfail.agent.responder.responders import Responders
from cloudfail.config.agent.model import Responder

T = TypeVar("T")
PATIENCE = 30.0


class Served:
    """`answers` is what is asked; `noted` what was said. One instance, "edge", unless told others."""

    def __init__(self, *responders: Responder, answers: bool = False) -> None:
        self.answers: bool | Exception = answers
        self.asked: list[str] = []
        self.noted: list[str] = []
        self.responders = Responders(self._ask, lambda *words: self.noted.append(" ".join(words)))
        self._configured = {"edge": responders}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        self.run(self.responders.start(self._configured))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.run(self.responders.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, coroutine: Callable[[], T] | object) -> object:
        """Run a coroutine, or a function, in the loop's thread."""

        async def call() -> object:
            return coroutine() if callable(coroutine) else await coroutine  # type: ignore[misc]

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(PATIENCE)

    def set(self, answers: bool | Exception) -> None:
        """Answer so from now on; returns when every port has followed."""
        self.answers = answers
        self.run(self.responders._look)

    def _ask(self, instance: str) -> bool:
        self.asked.append(instance)
        if isinstance(self.answers, Exception):
            raise self.answers
        return self.answers


def free_port() -> int:
    """Return a port at which nobody listens, in either family."""
    while True:
        with socket.socket() as one, socket.socket(socket.AF_INET6) as other:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            with contextlib.suppress(OSError):
                other.bind(("::1", port))
                return port


@contextlib.contextmanager
def connected(port: int, host: str = "127.0.0.1") -> Iterator[socket.socket]:
    with socket.create_connection((host, port), PATIENCE) as connection:
        yield connection


def is_refused(port: int, host: str = "127.0.0.1") -> bool:
    """True when the connection is refused, or reset before anybody took it."""
    try:
        with connected(port, host) as connection:
            return ended_by(connection) == "reset"
    except ConnectionError:
        return True


def ended_by(connection: socket.socket) -> str:
    """Wait for the other side's end, and name it."""
    try:
        while connection.recv(4096):
            pass
    except ConnectionResetError:
        return "reset"
    return "close"


def ask(port: int, request: bytes, host: str = "127.0.0.1") -> bytes:
    """Send a request, and return all that comes until the other side ends it."""
    with connected(port, host) as connection:
        connection.sendall(request)
        return heard(connection)


def heard(connection: socket.socket) -> bytes:
    said = b""
    while chunk := connection.recv(4096):
        said += chunk
    return said


def status(port: int, path: str = "/", host: str = "127.0.0.1") -> int:
    said = ask(port, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), host)
    return int(said.split()[1])


def wait_until(question: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not question():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)

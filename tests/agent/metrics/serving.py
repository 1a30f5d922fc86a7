"""Metrics in a loop of its own, as the agent runs them; tests talk to it over loopback."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from http.client import HTTPConnection, HTTPResponse
from typing import Any, TypeVar

from cloudfail.agent.metrics.service import Metrics
from cloudfail.agent.view import AgentView
from cloudfail.config.agent.model import AgentSettings, Listen

T = TypeVar("T")
ANY_PORT = Listen("127.0.0.1", 0)


class Served:
    """A service that runs until `close`; `view` may be replaced at any time."""

    def __init__(self, view: AgentView, settings: AgentSettings | None = None) -> None:
        self.view = view
        self.make: Callable[[], AgentView] = lambda: self.view
        self.loop = asyncio.new_event_loop()
        self.metrics = Metrics(self._made)
        self.complaints: list[dict[str, Any]] = []
        self.loop.set_exception_handler(lambda _, context: self.complaints.append(context))
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        self.do(self.metrics.apply(settings or AgentSettings(metrics_listen=ANY_PORT)))

    def _made(self) -> AgentView:
        return self.make()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self.loop)
        return future.result(30)

    @property
    def port(self) -> int:
        return self.metrics.port

    @property
    def connections(self) -> int:
        server = self.metrics._server
        return len(server._connections) if server else 0

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def say(self, data: bytes) -> bytes:
        """Send, and return everything that comes back until the other side has closed."""
        with self.connect() as client:
            client.sendall(data)
            return everything(client)

    def close(self) -> None:
        self.do(self.metrics.stop())
        self.do(_settled())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


def everything(client: socket.socket) -> bytes:
    found = b""
    while piece := client.recv(65536):
        found += piece
    return found


async def _settled() -> None:
    """Wait for what still runs in the loop: connections that were cut end by themselves."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.wait_for(asyncio.gather(*others, return_exceptions=True), 30)

"""A small HTTP server in the agent's loop: nobody who connects to it can hold the loop up."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from cloudfail.agent.metrics.request import (
    LONGEST_LINE,
    RejectedError,
    Request,
    Response,
    read_request,
)
from cloudfail.config.agent.model import Listen

MOST_CONNECTIONS: Final = 64
_READ = 1.0
_ANSWER = 2.0
_WRITE = 1.0
_LINGER = 0.5
_RETRY = 5.0

Answer = Callable[[Request], Awaitable[Response]]


class HttpServer:
    """Answers one request a connection.

    A request has to come within a second, and its answer to be read within another. 64
    connections are served at once; one more, and the oldest that has not asked yet is dropped, or
    itself if all have: who is being answered is soon gone. A port that is taken is tried again
    every 5 s: `problem` says it, and is empty while the port is open.
    """

    def __init__(self, listen: Listen, answer: Answer) -> None:
        self._listen = listen
        self._answer = answer
        self._server: asyncio.Server | None = None
        self._opening: asyncio.Task[None] | None = None
        self._connections: set[asyncio.StreamWriter] = set()
        self._asking: dict[asyncio.StreamWriter, None] = {}  # of those, the oldest first
        self.problem = ""

    @property
    def port(self) -> int:
        """The port that is listened on; 0: none yet."""
        sockets = self._server.sockets if self._server else ()
        return int(sockets[0].getsockname()[1]) if sockets else 0

    async def start(self) -> None:
        """Open the port now, or as soon as it is free. Never raises for a port."""
        if not await self._open():
            self._opening = asyncio.create_task(self._open_later(), name="metrics port")

    async def stop(self) -> None:
        """Close the port and every connection."""
        if self._opening is not None:
            self._opening.cancel()
        if self._server is not None:
            self._server.close()
        for writer in list(self._connections):
            writer.transport.abort()

    async def _open(self) -> bool:
        host, port = self._listen.host, self._listen.port
        try:
            self._server = await asyncio.start_server(
                self._serve, host, port, limit=LONGEST_LINE, backlog=2 * MOST_CONNECTIONS
            )
        except OSError as exc:
            self.problem = (
                f"metrics cannot be served on {host} port {port}: {exc.strerror or exc}; free the "
                "port, or set agent.metrics_listen"
            )
            return False
        self.problem = ""
        return True

    async def _open_later(self) -> None:
        while True:
            await asyncio.sleep(_RETRY)
            if await self._open():
                return

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= MOST_CONNECTIONS and not self._drop_one():
            writer.transport.abort()
            return
        self._connections.add(writer)
        self._asking[writer] = None
        try:
            await self._converse(reader, writer)
        except (OSError, TimeoutError):
            writer.transport.abort()
        finally:
            self._asking.pop(writer, None)
            self._connections.discard(writer)
            writer.close()

    def _drop_one(self) -> bool:
        """Make room, by whoever has taken longest to ask."""
        oldest = next(iter(self._asking), None)
        if oldest is None:
            return False
        del self._asking[oldest]
        self._connections.discard(oldest)  # it ends later: the next one drops another
        oldest.transport.abort()
        return True

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await self._data(reader, writer)
        if not data:
            return
        writer.transport.set_write_buffer_limits(0)  # drained: the kernel has all of it
        writer.write(data)
        async with asyncio.timeout(_WRITE):
            await writer.drain()
        writer.write_eof()
        # A socket that is closed with input unread resets what the client has not read yet.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER):
                while await reader.read(LONGEST_LINE):
                    pass

    async def _data(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        try:
            async with asyncio.timeout(_READ):
                request = await read_request(reader)
        except RejectedError as exc:
            return exc.response.encode()
        except TimeoutError:
            return Response.saying(HTTPStatus.REQUEST_TIMEOUT).encode()
        finally:
            self._asking.pop(writer, None)
        if request is None:
            return b""
        response = await self._response(request)
        return response.encode(without_body=request.method == "HEAD")

    async def _response(self, request: Request) -> Response:
        if request.method not in {"GET", "HEAD"}:
            refusal = Response.saying(HTTPStatus.METHOD_NOT_ALLOWED)
            return Response(refusal.status, refusal.body, headers=(("Allow", "GET, HEAD"),))
        try:
            async with asyncio.timeout(_ANSWER):
                return await self._answer(request)
        except TimeoutError:
            return Response.saying(HTTPStatus.SERVICE_UNAVAILABLE, "no answer in time")
        except Exception as exc:  # noqa: BLE001  a mistake of ours ends this request, not the agent
            name = type(exc).__name__
            return Response.saying(
                HTTPStatus.INTERNAL_SERVER_ERROR, f"the answer could not be made: {name}"
            )

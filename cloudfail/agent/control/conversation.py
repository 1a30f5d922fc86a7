"""One connection: a request, the ack, signs of life, the answer."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable

from cloudfail.agent.control import framing
from cloudfail.agent.control.client import REQUEST_BYTES
from cloudfail.agent.control.framing import Answer, DeclinedError, Request
from cloudfail.agent.control.peer import Peer
from cloudfail.errors import DeniedError

Answerer = Callable[[Request], Awaitable[Answer]]
_REQUEST_SECONDS = 1.0
_SEND_SECONDS = 5.0
_SIGN_SECONDS = 1.0


class Conversation:
    """`problem` says what went wrong, if anything did. All conversations share one `turn`."""

    def __init__(
        self, connection: socket.socket, peer: Peer, answer: Answerer, turn: asyncio.Lock
    ) -> None:
        self._connection, self._peer, self._answer = connection, peer, answer
        self._turn = turn
        self._loop = asyncio.get_running_loop()
        self._line = b""
        self.problem = ""

    async def read(self) -> None:
        """Wait for the request, a second at most."""
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                await self._read()
        except TimeoutError:
            self.problem = "sent no whole request within a second"
        except ConnectionResetError:
            self.problem = "left before it was answered"

    async def respond(self) -> None:
        """Answer what was read. Whoever came and left without a word is no problem."""
        if self.problem or not self._line:
            return
        try:
            self.problem = await self._respond(self._line)
        except TimeoutError:
            self.problem = "does not read its answer"
        except (BrokenPipeError, ConnectionResetError):
            self.problem = "left before it was answered"

    async def _read(self) -> None:
        while b"\n" not in self._line and len(self._line) <= REQUEST_BYTES:
            chunk = await self._loop.sock_recv(self._connection, REQUEST_BYTES)
            if not chunk:
                return
            self._line += chunk

    async def _respond(self, line: bytes) -> str:
        request, problem = self._request(line)
        if request is None:
            await self._send(framing.decline(problem))
            return f"was declined: {problem}"
        refusal = self._peer.refusal(request.argv)
        if refusal:
            text = f"cloudfail: {refusal}\n"
            await self._send(framing.encode(Answer(DeniedError.exit_code, stderr=text)))
            return f"was refused: {refusal}"
        await self._send(framing.ack())
        async with self._turn:
            await asyncio.sleep(0)  # the loop has VRRP to hear between two commands
        if self._is_gone():
            return "left before its command was taken; nothing was done for it"
        reply, problem = await self._reply(request)
        await self._send(reply)
        return problem

    def _request(self, line: bytes) -> tuple[Request | None, str]:
        first, newline, _ = line.partition(b"\n")
        if len(first) + len(newline) > REQUEST_BYTES:
            return None, "the request is longer than 64 KiB"
        if not newline:
            return None, "the request has no end"
        try:
            return framing.decode(first, self._peer), ""
        except (ValueError, RecursionError) as error:
            return None, f"the request is not understood: {error}"

    async def _reply(self, request: Request) -> tuple[bytes, str]:
        """Run the command, and tell every second that it runs. Whoever leaves is not waited for.

        Returns the last line, and what went wrong here: whoever asks does the work then.
        """
        task = asyncio.ensure_future(self._answer(request))
        try:
            while not (await asyncio.wait({task}, timeout=_SIGN_SECONDS))[0]:
                await self._send(framing.wait())
            return _last_line(task, request)
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task

    def _is_gone(self) -> bool:
        """An agent that hung finds requests whose clients have done the work themselves since."""
        try:
            return not self._connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False

    async def _send(self, data: bytes) -> None:
        async with asyncio.timeout(_SEND_SECONDS):
            await self._loop.sock_sendall(self._connection, data)


def _last_line(task: asyncio.Future[Answer], request: Request) -> tuple[bytes, str]:
    try:
        return framing.encode(task.result()), ""
    except DeclinedError as declined:
        return framing.decline(str(declined)), ""
    except Exception as error:  # noqa: BLE001 - whatever it is: the client can do without
        bug = f"a bug in the agent: {type(error).__name__}: {error}"
        return framing.decline(bug), f"asked for {' '.join(request.argv[:1])}: {bug}"

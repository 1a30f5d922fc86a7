"""One connection of a health check: bounded in time and in size, whatever the other side does."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

from cloudfail.agent.responder import http
from cloudfail.agent.responder.sockets import reset

# Load balancers probe within milliseconds; whoever takes longer is not one.
SECONDS = 1.0
_CHUNK = 1 << 14

# Takes the head of a request, and returns the whole answer.
Reply = Callable[[bytes], bytes]


class Visit:
    """An accepted connection. Without `reply` it says nothing: that it stands is the answer.

    It ends when the other side ends it, after `SECONDS`, or by `reset`; `ended` is told once.
    """

    def __init__(
        self, connection: socket.socket, reply: Reply | None, ended: Callable[[Visit], None]
    ) -> None:
        self._socket, self._reply, self._ended = connection, reply, ended
        self._head = b""
        self._answered = False
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(SECONDS, self.close)
        self._loop.add_reader(connection, self._read)

    def close(self) -> None:
        """End it in good order."""
        if self._leave():
            self._socket.close()

    def reset(self) -> None:
        """End it at once: the other side gets RST, and knows that nobody answers here."""
        if self._leave():
            reset(self._socket)

    def _leave(self) -> bool:
        if self._socket.fileno() < 0:
            return False
        self._timer.cancel()
        self._loop.remove_reader(self._socket)
        self._ended(self)
        return True

    def _read(self) -> None:
        try:
            chunk = self._socket.recv(_CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:  # it was reset
            self.close()
            return
        if self._reply is not None and not self._answered:
            self._head += chunk
            if not chunk or http.is_whole(self._head):
                self._answer(self._reply)
        if not chunk:
            self.close()

    def _answer(self, reply: Reply) -> None:
        """Answer, and end our half. What still comes is read and dropped until the other half ends.

        To close with unread data would reset the connection, and might take the answer with it.
        """
        self._answered = True
        with contextlib.suppress(OSError):  # a few hundred bytes fit; or it was reset meanwhile
            if self._head:
                self._socket.send(reply(self._head))
            self._socket.shutdown(socket.SHUT_WR)

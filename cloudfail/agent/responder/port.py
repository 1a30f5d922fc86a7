"""One responder: its listening sockets, and those who are connected."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable

from cloudfail.agent.responder import http
from cloudfail.agent.responder.sockets import (
    Place,
    is_without_ipv6,
    listen,
    places,
    problem,
    reset,
)
from cloudfail.agent.responder.visit import Visit
from cloudfail.config.agent.model import Responder

MOST = 64
_OUT_OF_FILES = (errno.EMFILE, errno.ENFILE)


class Port:
    """Answers while `answers` says so, asked anew for each connection and each request.

    protocol tcp: listens while it answers, so that others are refused. http: listens always, and
    says 503 meanwhile. `look` follows a change, and tries again what could not be opened; `problem`
    says what that is, and is empty while all is well. Used by the loop's thread only.
    """

    def __init__(self, responder: Responder, answers: Callable[[], bool]) -> None:
        self._responder, self._answers = responder, answers
        self._listening: dict[Place, socket.socket] = {}
        self._visits: dict[Visit, None] = {}  # the oldest first
        self.answered = False
        self.problem = ""

    def look(self) -> bool:
        """Ask, and open or close; what stands is reset when a yes becomes a no. Returns the answer."""
        before, self.answered = self.answered, self._answers()
        if before and not self.answered:
            self._end_visits()
        if self.answered or self._is_http:
            self._open()
        else:
            self._close()
            self.problem = ""
        return self.answered

    def stop(self) -> None:
        """Listen no more, and reset what stands."""
        self._close()
        self._end_visits()

    @property
    def is_listening(self) -> bool:
        return bool(self._listening)

    @property
    def _is_http(self) -> bool:
        return self._responder.protocol == "http"

    def _open(self) -> None:
        problems = []
        for place in places(self._responder.address):
            if place in self._listening:
                self._hear(self._listening[place])
                continue
            try:
                self._listening[place] = listen(place, self._responder.port)
            except OSError as error:
                if not is_without_ipv6(place, error):
                    problems.append(problem(self._responder, place, error))
                continue
            self._hear(self._listening[place])
        self.problem = "; ".join(problems)

    def _hear(self, listening: socket.socket) -> None:
        """Listen, or go on with it where `_refused` had ended it."""
        asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    def _close(self) -> None:
        for listening in self._listening.values():
            asyncio.get_running_loop().remove_reader(listening)
            listening.close()  # resets what waits to be accepted
        self._listening.clear()

    def _end_visits(self) -> None:
        for visit in list(self._visits):
            visit.reset()

    def _accept(self, listening: socket.socket) -> None:
        """Take what waits, a bounded number: a flood must not hold up the loop."""
        for _ in range(MOST):
            if listening.fileno() < 0:
                return  # the answer changed
            try:
                connection, _ = listening.accept()
            except OSError as error:
                self._refused(listening, error)
                return
            self._take(connection)

    def _refused(self, listening: socket.socket, error: OSError) -> None:
        """Nobody waits any more; or no file is left for whoever does: then the oldest makes place.

        Otherwise nobody is taken until the next look: whoever waits would keep the loop busy.
        """
        if isinstance(error, BlockingIOError | ConnectionAbortedError | InterruptedError):
            return
        if error.errno in _OUT_OF_FILES and self._visits:
            self._drop_the_oldest()
            return
        asyncio.get_running_loop().remove_reader(listening)

    def _take(self, connection: socket.socket) -> None:
        if not self._is_http and not self.look():
            reset(connection)
            return
        if len(self._visits) >= MOST:
            self._drop_the_oldest()
        connection.settimeout(0)
        reply = self._reply if self._is_http else None
        self._visits[Visit(connection, reply, self._forget)] = None

    def _drop_the_oldest(self) -> None:
        next(iter(self._visits)).reset()

    def _forget(self, visit: Visit) -> None:
        self._visits.pop(visit, None)

    def _reply(self, head: bytes) -> bytes:
        status = http.status_of(head, self._responder.path, answers=self._answers())
        return http.answer(head, status)

"""Answer at the agent's socket, whatever is thrown at it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path

from cloudfail.agent.control.client import VARIABLE, socket_path
from cloudfail.agent.control.conversation import Answerer, Conversation
from cloudfail.agent.control.listening import inode, listen
from cloudfail.agent.control.peer import peer_of
from cloudfail.agent.control.sparing import Sparing
from cloudfail.errors import ConfigError
from cloudfail.line import one_line

# Of those that have sent no request yet; further ones wait in the kernel's queue, and do the work
# themselves when it takes too long.
_READING = 64
# Of all: file descriptors have to be left for the clouds (1,024 is the usual limit of a process).
_MOST = 256
_CHECK_SECONDS = 2.0
_REST_SECONDS = 0.2


class Server:
    """Listens from `start` to `stop`, in the running loop. `log` is given one sentence a problem.

    Root and the agent's own user may ask for everything, members of the socket's group may look.
    A socket that is removed is made again.
    """

    def __init__(self, path: Path, answer: Answerer, log: Callable[[str], None]) -> None:
        self._path, self._answer = path, answer
        self._loop = asyncio.get_running_loop()
        self._log = Sparing(log, self._loop.time)
        self._listener: socket.socket | None = None
        self._inode: tuple[int, int] | None = None
        self._group = -1
        self._held: set[asyncio.Task[None]] = set()
        self._reading = 0
        self._is_accepting = False
        self._turn = asyncio.Lock()  # whose command begins: one a round of the loop
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to answer. Raises ConfigError when that is impossible here."""
        self._open()
        self._watch = self._loop.create_task(self._keep())
        expected = socket_path(os.environ)
        if expected != str(self._path):
            self._log(
                f"commands look for the agent at {expected}, it listens at {self._path}; give "
                f"them {VARIABLE}={self._path}, or they do the work themselves"
            )

    async def stop(self) -> None:
        """Answer nobody any more: whoever waits does the work itself."""
        tasks = [*self._held, *([self._watch] if self._watch else [])]
        self._close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._log.flush()

    def _open(self) -> None:
        self._listener = listen(self._path)
        self._inode = inode(self._path)
        self._group = self._path.stat().st_gid
        self._resume()

    def _close(self) -> None:
        """Remove the socket, but not one that another agent has put there since."""
        if self._listener is None:
            return
        self._pause()
        self._listener.close()
        self._listener = None
        if self._inode is not None and inode(self._path) == self._inode:
            with contextlib.suppress(OSError):
                self._path.unlink()

    async def _keep(self) -> None:
        """Make the socket again when somebody removed it: nobody finds the agent without."""
        while True:
            await asyncio.sleep(_CHECK_SECONDS)
            if inode(self._path) == self._inode:
                continue
            try:
                fresh = listen(self._path)
            except ConfigError as error:
                self._log(f"the socket was taken away: {error}")
                continue
            self._close()
            self._listener, self._inode = fresh, inode(self._path)
            self._resume()
            self._log(f"the socket {self._path} was taken away, and is there again")

    def _resume(self) -> None:
        free = self._reading < _READING and len(self._held) < _MOST
        if self._listener is not None and free and not self._is_accepting:
            self._loop.add_reader(self._listener.fileno(), self._accept)
            self._is_accepting = True

    def _pause(self) -> None:
        if self._listener is not None and self._is_accepting:
            self._loop.remove_reader(self._listener.fileno())
        self._is_accepting = False

    def _accept(self) -> None:
        """Take one; the loop calls again while others wait."""
        if self._listener is None:
            return
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:
            return
        except OSError as error:
            self._log(f"the socket: {error.strerror}; nobody is answered for a moment")
            self._pause()
            self._loop.call_later(_REST_SECONDS, self._resume)
            return
        connection.settimeout(0)
        self._reading += 1
        task = self._loop.create_task(self._serve(connection))
        self._held.add(task)
        task.add_done_callback(self._ended)
        if self._reading >= _READING or len(self._held) >= _MOST:
            self._pause()

    async def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                peer = peer_of(connection, self._group)
                conversation = Conversation(connection, peer, self._answer, self._turn)
                await conversation.read()
            finally:
                self._reading -= 1
                self._resume()
            await conversation.respond()
            if conversation.problem:
                text = one_line(conversation.problem)
                self._log(f"the socket: process {peer.pid} of {peer.name} {text}")

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._held.discard(task)
        self._resume()
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log(f"the socket: {type(error).__name__}: {one_line(str(error))}")

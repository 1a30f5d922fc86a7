"""keepalived's FIFO: the ordered channel of its roles, whoever deletes or replaces it."""

from __future__ import annotations

import select
from pathlib import Path

from cloudfail.agent.hearing.lines import FifoLine
from cloudfail.agent.hearing.pipe import Pipe
from cloudfail.errors import ConfigError

_CHUNKS = 128  # of 16 KiB, when it is opened: more than a pipe takes
_KEPT = 64


class FifoReader:
    """Reads the FIFO at `path`, and those that were there before for as long as one writes there.

    keepalived keeps the FIFO open that it found when it started, or was reloaded (measured with
    2.2.7): deleted, it goes on writing into what has no name any more. `problem` says in one
    sentence why a new one cannot be opened; empty: it was. Used by one thread.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem = ""
        self._pipes: list[Pipe] = []  # the oldest first
        self._junk: list[str] = []
        self._poll = select.epoll()

    def open(self) -> tuple[FifoLine, ...]:
        """Open the FIFO, and return what waits in it: events of unknown age.

        Makes it with mode 0600 where there is none. Raises ConfigError with what to do when it is
        no FIFO, not ours, or has a reader already; may be called again then.
        """
        self._add(Pipe.open(self.path))
        self.problem = ""
        lines: list[FifoLine] = []
        for _ in range(_CHUNKS):
            found, is_more = self._pipes[-1].read()
            lines += found
            if not is_more:
                break
        return tuple(lines)

    def filenos(self) -> tuple[int, ...]:
        """Readable when lines may wait. The same until `close`, whatever is replaced."""
        return (self._poll.fileno(),)

    def read(self, fd: int = -1) -> list[FifoLine]:
        """Return the next lines, the oldest first; at most 16 KiB of a FIFO, and then again.

        What is in a replaced FIFO comes before what is in the new one. `fd` may be what `filenos`
        returned; it makes no difference.
        """
        del fd
        lines: list[FifoLine] = []
        for pipe in tuple(self._pipes):
            found, is_more = pipe.read()
            lines += found
            self._junk = (self._junk + pipe.splitter.take_rejected())[:_KEPT]
            if pipe.is_over:
                self._drop(pipe)
            elif is_more:
                break
        return lines

    def is_at(self, path: Path) -> bool:
        """Say whether this path, too, leads to what is read: /var/run and /run are the same."""
        try:
            return path == self.path or self._pipes[-1].is_at(path)
        except (IndexError, OSError):
            return False

    def check(self) -> bool:
        """Look whether the path still leads to the FIFO that is read; True: a new one is open.

        To be called at least twice a second. Never raises: see `problem`.
        """
        try:
            if not self._pipes or self._pipes[-1].is_at(self.path):
                self.problem = ""
                return False
            opened = Pipe.open(self.path)
        except (ConfigError, OSError) as error:
            self.problem = str(error)
            return False
        self.problem = ""
        self._pipes[-1].retire()
        self._add(opened)
        return True

    def take_rejected(self) -> list[str]:
        """Return what was no line since the last call, each fit for one line of a log.

        At most 64 of them, however much it was.
        """
        taken, self._junk = self._junk, []
        return taken

    def close(self) -> None:
        """May be called twice."""
        for pipe in tuple(self._pipes):
            self._drop(pipe)
        self._poll.close()

    def _add(self, pipe: Pipe) -> None:
        self._pipes.append(pipe)
        self._poll.register(pipe.fd, select.EPOLLIN)

    def _drop(self, pipe: Pipe) -> None:
        self._pipes.remove(pipe)
        self._poll.unregister(pipe.fd)
        pipe.close()

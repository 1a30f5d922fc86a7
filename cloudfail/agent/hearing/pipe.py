"""One FIFO, as one inode: checked, opened, locked, and read to its end."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Self

from cloudfail.agent.hearing.lines import FifoLine, Splitter
from cloudfail.agent.hearing.ownership import check, reader_of, user_name
from cloudfail.directory import give_to_owner, make_directory
from cloudfail.errors import ConfigError

_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
_CHUNK = 1 << 14  # 600 lines take 3 ms; junk takes 17 ms, and the loop has more to do
_ROOM = 1 << 20  # fs.pipe-max-size: more needs CAP_SYS_RESOURCE


class Pipe:
    """A FIFO that is read here and nowhere else.

    It is held open for writing as well: while it is, it has no end, whether keepalived runs or not.
    `retire` lets that go; then its end comes when keepalived has closed it, and `is_over` says so.
    """

    def __init__(self, fd: int, holding: int) -> None:
        self.fd = fd
        self.is_over = False
        self.splitter = Splitter()
        self._holding = holding
        self._identity = os.fstat(fd)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the FIFO; make it first (0600), and its directory, where there is none.

        Raises ConfigError with what to do: no FIFO, not ours, or read by another process.
        """
        try:
            holding = _held_open(path)
        except OSError as error:
            raise ConfigError(_reason(path, error)) from error
        try:
            check(path, os.fstat(holding))
            _lock(path, holding)
            _widen(holding)
            return cls(_reading(path, holding), holding)
        except BaseException as error:
            os.close(holding)
            if isinstance(error, OSError):
                raise ConfigError(_reason(path, error)) from error
            raise

    def is_at(self, path: Path) -> bool:
        """Say whether the path leads to this FIFO. Raises OSError when that cannot be seen."""
        try:
            return os.path.samestat(path.lstat(), self._identity)
        except (FileNotFoundError, NotADirectoryError):
            return False

    def read(self) -> tuple[list[FifoLine], bool]:
        """Return the lines of the next 16 KiB, and whether that was not all."""
        try:
            data = os.read(self.fd, _CHUNK)
        except BlockingIOError:
            return [], False
        self.is_over = not data
        return self.splitter.feed(data), len(data) == _CHUNK

    def retire(self) -> None:
        """Read on only for as long as keepalived has it open."""
        if self._holding >= 0:
            os.close(self._holding)
            self._holding = -1

    def close(self) -> None:
        self.retire()
        os.close(self.fd)


def _held_open(path: Path) -> int:
    try:
        check(path, path.lstat())
    except FileNotFoundError:
        return _made(path)
    return os.open(path, os.O_RDWR | _FLAGS)


def _made(path: Path) -> int:
    make_directory(path.parent, 0o755)
    with contextlib.suppress(FileExistsError):  # keepalived starts just now
        os.mkfifo(path, 0o600)
    fd = os.open(path, os.O_RDWR | _FLAGS)
    try:
        give_to_owner(fd, path.parent.stat())
    except BaseException:
        os.close(fd)
        raise
    return fd


def _reading(path: Path, holding: int) -> int:
    """Open it once more: what is open for writing as well never shows its end."""
    fd = os.open(path, os.O_RDONLY | _FLAGS)
    if not os.path.samestat(os.fstat(fd), os.fstat(holding)):
        os.close(fd)
        raise ConfigError(f"{path} was replaced just when it was opened; try again")
    return fd


def _lock(path: Path, fd: int) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ConfigError(
            f"{path} is read by {reader_of(os.fstat(fd))} already, and each of two readers would "
            "get a part of the lines: stop that one"
        ) from error


def _widen(fd: int) -> None:
    """A full pipe loses the newest line: let it take what comes while this process is frozen."""
    with contextlib.suppress(OSError):  # fs.pipe-user-pages-soft is used up: 64 KiB then
        fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _ROOM)


def _reason(path: Path, error: OSError) -> str:
    return (
        f"{path} cannot be opened by user {user_name(os.geteuid())}: {error.strerror}; "
        "systemd-tmpfiles --create makes its directory and itself with the right owner"
    )

"""One journal file that several processes append to and rotate.

Every method may block for as long as the disk likes: only the writer's thread calls them.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from cloudfail.clock import Clock, Deadline
from cloudfail.directory import give_to_owner, make_directory

_LOCK_WAIT = 0.05
_LOCK_POLL = 0.001
_ATTEMPTS = 8
_MOST_RETIRED = 4
# No link is followed: in a directory of the agent's user, root would append to any file.
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


class AppendFile:
    """Appends whole lines, each with one write(2) to the end; a reader's group may read them.

    The flock on the file itself orders torn-line repair and rotation between processes. Anybody
    who may read the file can hold it, so after 50 ms the line is written without it.
    """

    def __init__(self, path: Path, *, max_bytes: int, keep: int, clock: Clock) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._keep = max(1, keep)
        self._clock = clock
        self._fd = -1
        self._dirty = False
        self._made = False
        self._retired: list[int] = []

    def append(self, line: bytes) -> None:
        """Append a line; raises OSError when not all of it was written."""
        for _ in range(_ATTEMPTS):
            if self._appended(self._opened(), line):
                return
            self._retire()
        self._write(self._opened(), line)

    def _appended(self, fd: int, line: bytes) -> bool:
        """Append to this file; False when the path names another one by now."""
        with self._locked(fd) as locked:
            if not self._is_current(fd) or (locked and self._has_rotated(fd, len(line))):
                return False
            self._write(fd, line)
        return True

    def sync(self) -> None:
        """Return when all that was appended is on the disk; raises OSError."""
        try:
            for fd in self._retired:
                os.fsync(fd)
            if self._dirty:
                os.fsync(self._fd)
            if self._made:
                _sync_directory(self._path.parent)
        finally:  # after an error the kernel forgets the pages: asking again would be a lie
            self._dirty = self._made = False
            while self._retired:
                os.close(self._retired.pop())

    def close(self) -> None:
        self._retire()
        while self._retired:
            os.close(self._retired.pop())

    def _opened(self) -> int:
        if self._fd < 0:
            try:
                self._fd = os.open(self._path, _FLAGS)
            except FileNotFoundError:
                self._fd = self._make()
        return self._fd

    def _make(self) -> int:
        make_directory(self._path.parent, 0o750)
        try:
            fd = os.open(self._path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:  # another process was quicker
            return os.open(self._path, _FLAGS)
        self._made = True
        os.fchmod(fd, 0o640)
        with contextlib.suppress(OSError):  # then only root can write here
            give_to_owner(fd, self._path.parent.stat())
        return fd

    def _is_current(self, fd: int) -> bool:
        """Tell whether the path still names this file: it may be rotated, or removed."""
        try:
            return os.path.samestat(self._path.lstat(), os.fstat(fd))
        except FileNotFoundError:
            return False

    @contextlib.contextmanager
    def _locked(self, fd: int) -> Iterator[bool]:
        locked = self._lock(fd)
        try:
            yield locked
        finally:
            if locked:
                fcntl.flock(fd, fcntl.LOCK_UN)

    def _lock(self, fd: int) -> bool:
        deadline = Deadline.after(self._clock, _LOCK_WAIT)
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not deadline.left():
                    return False
                self._clock.sleep(_LOCK_POLL)
            except OSError:  # a file system without flock
                return False
            else:
                return True

    def _write(self, fd: int, line: bytes) -> None:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, f"{self._path} is not a regular file")
        rest = line
        if status.st_size and os.pread(fd, 1, status.st_size - 1) != b"\n":
            rest = b"\n" + line  # a writer died, or its disk was full, in the middle of a line
        self._dirty = True
        while rest:
            rest = rest[os.write(fd, rest) :]

    def _has_rotated(self, fd: int, more: int) -> bool:
        """Rotate a full file away; False when it is not full, or must stay and grow."""
        size = os.fstat(fd).st_size
        if not size or size + more <= self._max_bytes:
            return False
        try:
            for n in range(self._keep - 1, 0, -1):
                with contextlib.suppress(FileNotFoundError):
                    rotated(self._path, n).rename(rotated(self._path, n + 1))
            self._path.rename(rotated(self._path, 1))
        except OSError:
            return False
        return True

    def _retire(self) -> None:
        """Put the file away, to be synced and closed when the next settle asks."""
        fd, dirty = self._fd, self._dirty
        self._fd, self._dirty = -1, False
        if dirty:
            self._retired.append(fd)
        elif fd >= 0:
            os.close(fd)
        if len(self._retired) > _MOST_RETIRED:
            oldest = self._retired.pop(0)
            try:
                os.fsync(oldest)
            finally:
                os.close(oldest)


def rotated(path: Path, n: int) -> Path:
    """Name the n-th newest rotated file."""
    return path.with_name(f"{path.name}.{n}")


def _sync_directory(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)

"""The state directory: files that no other user can plant, read halfway, or lock."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from cloudfail.directory import give_to_owner, make_directory

T = TypeVar("T")

_LONGEST = 200
_SAFE = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def file_name(instance: str) -> str:
    """Turn any text into a file name of its own: no slash, no dot, no collision, at most 200."""
    raw = instance.encode("utf-8", "surrogatepass")
    name = "".join(chr(byte) if byte in _SAFE else f"%{byte:02X}" for byte in raw) or "%"
    if len(name) <= _LONGEST:
        return name
    return f"{name[:100]}~{hashlib.sha256(raw).hexdigest()}"


class StateDirectory:
    """Opens files under `path`, never through a symbolic link. Every method raises OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __str__(self) -> str:
        return str(self.path)

    @contextlib.contextmanager
    def opened(self) -> Iterator[int]:
        """Give a descriptor of the directory; refuse one in which others could plant files."""
        fd = os.open(self.path, _DIRECTORY)
        try:
            self._refuse_strangers(os.fstat(fd))
            yield fd
        finally:
            os.close(fd)

    def _refuse_strangers(self, status: os.stat_result) -> None:
        if not _is_exclusive(status):
            raise PermissionError(f"{self.path} can be written by other users: chmod 0755 it")
        if status.st_uid not in (0, os.geteuid()) and not self._was_handed_over():
            raise PermissionError(
                f"{self.path} belongs to user id {status.st_uid}: give it to the user of cloudfail"
            )

    def _was_handed_over(self) -> bool:
        """Only root can have made a directory of another user in a directory of root's."""
        parent = self.path.resolve().parent.stat()
        return parent.st_uid == 0 and _is_exclusive(parent)

    def read(self, name: str) -> bytes:
        with self.opened() as directory:
            fd = os.open(name, os.O_RDONLY | _FILE, dir_fd=directory)
            with os.fdopen(fd, "rb") as file:
                return file.read(1 << 16) if _is_plain(fd) else b""

    def replace(self, name: str, content: bytes) -> None:
        """Replace the whole file at once, mode 0644; readers see the old or the new one."""
        self._made(lambda: self._replace(name, content))

    def open_lock(self, name: str) -> int:
        """Open a file to flock, mode 0600: whoever can open it can hold everybody up."""
        return self._made(lambda: self._open_lock(name))

    def _made(self, action: Callable[[], T]) -> T:
        """Act in the directory, made first; twice if another process was making it as well."""
        make_directory(self.path, 0o755)
        with contextlib.suppress(FileNotFoundError):
            return action()
        make_directory(self.path, 0o755)
        return action()

    def _replace(self, name: str, content: bytes) -> None:
        draft = f"{name}.{threading.get_native_id()}"
        with self.opened() as directory:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(draft, dir_fd=directory)
            fd = os.open(
                draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FILE, 0o600, dir_fd=directory
            )
            try:
                with os.fdopen(fd, "wb") as file:
                    file.write(content)
                    _share(fd, directory, 0o644)
                os.replace(draft, name, src_dir_fd=directory, dst_dir_fd=directory)
            except OSError:
                os.unlink(draft, dir_fd=directory)
                raise

    def _open_lock(self, name: str) -> int:
        with self.opened() as directory:
            fd = os.open(name, os.O_RDWR | os.O_CREAT | _FILE, 0o600, dir_fd=directory)
            try:
                if not _is_plain(fd):
                    raise PermissionError(f"{self.path / name} is not a plain file: remove it")
                _share(fd, directory, 0o600)
            except OSError:
                os.close(fd)
                raise
        return fd

    def holds(self, name: str, fd: int) -> bool:
        """Tell whether `name` still is the file of `fd`: it may have been removed meanwhile."""
        try:
            there = (self.path / name).lstat()
        except FileNotFoundError:
            return False
        return os.path.samestat(there, os.fstat(fd))


def try_lock(fd: int) -> bool:
    """Take the flock if nobody has it; the kernel releases it when this process dies."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_exclusive(status: os.stat_result) -> bool:
    by_group = status.st_mode & stat.S_IWGRP and status.st_gid not in (0, os.getegid())
    return not (by_group or status.st_mode & stat.S_IWOTH)


def _is_plain(fd: int) -> bool:
    status = os.fstat(fd)
    return stat.S_ISREG(status.st_mode) and status.st_nlink <= 1


def _share(fd: int, directory: int, mode: int) -> None:
    """Give the file its owner, and its mode whatever the umask, unless another user made it."""
    before = os.fstat(fd)
    give_to_owner(fd, os.fstat(directory))
    if before.st_uid == os.geteuid() and stat.S_IMODE(before.st_mode) != mode:
        os.fchmod(fd, mode)

"""The file system that a command line names, below a root; links are followed as the kernel does.

An absolute link starts again at that root, so an image or a test's directory is looked at as if it
were the machine.
"""

from __future__ import annotations

import contextlib
import errno
import os
import posixpath
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec

from cloudfail.keepalived.command.account import ROOT, Account

_MOST_LINKS = 40
_MOST_READ = 1 << 20
_HEAD = 4096
_NOTHING = os.stat_result((0,) * 10)


class Step(msgspec.Struct, frozen=True):
    """One object on the way to a file: a directory, a link, the file itself."""

    path: str
    status: os.stat_result


class Way(msgspec.Struct, frozen=True):
    """How a path was resolved. `error` is an errno (0: it is there), `real` then what it is."""

    steps: tuple[Step, ...]
    real: str
    last: Step  # the file itself, or the last directory that is there
    error: int = 0

    @property
    def status(self) -> os.stat_result:
        return self.last.status


class Tree(msgspec.Struct, frozen=True):
    """Reads below a root; every path is absolute from there. Never raises OSError.

    `prefix` is what stands before a path to reach it from outside: empty for the machine itself.
    """

    prefix: str = ""

    @classmethod
    def at(cls, root: Path) -> Tree:
        return cls("" if root == Path("/") else str(root))

    def lstat(self, path: str) -> os.stat_result | int:
        """Return the status of the object itself, or an errno. Its parents must be no links."""
        try:
            return os.lstat(self._place(path))
        except OSError as error:
            return error.errno or errno.EIO
        except ValueError:  # a NUL, or text that no file name can be
            return errno.ENOENT

    def readlink(self, path: str) -> str | int:
        """Return where a link points, or an errno."""
        try:
            return os.readlink(self._place(path))  # noqa: PTH115 - a Path would be normalised
        except OSError as error:
            return error.errno or errno.EIO

    def read(self, path: str, most: int = _MOST_READ) -> bytes | None:
        """Return the start of a regular file; None when it cannot be read."""
        try:
            with Path(self._place(path)).open("rb") as file:
                return file.read(most)
        except (OSError, ValueError):
            return None

    def head(self, path: str) -> bytes | None:
        """Return what says how the file is run."""
        return self.read(path, _HEAD)

    def text(self, path: str) -> str:
        return (self.read(path) or b"").decode("utf-8-sig", "surrogateescape")

    def entries(self, path: str) -> Iterator[Step]:
        """Yield what is in a directory, in the order of the names; nothing if it is unreadable."""
        try:
            with os.scandir(self._place(path)) as listed:
                found = sorted(listed, key=lambda entry: entry.name)
        except (OSError, ValueError):
            return
        start = path.rstrip("/")
        for entry in found:
            with contextlib.suppress(OSError):  # gone meanwhile
                yield Step(f"{start}/{entry.name}", entry.stat(follow_symlinks=False))

    def walk(self, path: str, account: Account = ROOT) -> Way:
        """Resolve the path as `account` would: each directory on the way must let it through."""
        return _Walker(self, account).walk(path)

    def is_file(self, path: str) -> bool:
        way = self.walk(path)
        return not way.error and stat.S_ISREG(way.status.st_mode)

    def _place(self, path: str) -> str:
        return self.prefix + path


class _Walker:
    """One resolution: the directories it is in, and every object it came by."""

    def __init__(self, tree: Tree, account: Account) -> None:
        self._tree = tree
        self._account = account
        self._links = 0
        top = tree.lstat("/")
        self.error = top if isinstance(top, int) else 0
        self._steps = [Step("/", _NOTHING if isinstance(top, int) else top)]
        self._inside = self._steps[:]

    def walk(self, path: str) -> Way:
        todo = path.split("/")[::-1]
        error = self.error
        while todo and not error:
            error = self._enter(todo.pop(), todo)
        here = self._inside[-1]
        return Way(tuple(self._steps), "" if error else here.path, here, error)

    def _enter(self, name: str, todo: list[str]) -> int:
        here = self._inside[-1]
        if not stat.S_ISDIR(here.status.st_mode):
            return errno.ENOTDIR
        if not self._account.may_search(here.status):
            return errno.EACCES
        if name == "..":
            del self._inside[max(1, len(self._inside) - 1) :]
        if name in {"", ".", ".."}:
            return 0
        child = posixpath.join(here.path, name)
        found = self._tree.lstat(child)
        if isinstance(found, int):
            return found
        self._steps.append(Step(child, found))
        if stat.S_ISLNK(found.st_mode):
            return self._follow(child, todo)
        self._inside.append(self._steps[-1])
        return 0

    def _follow(self, link: str, todo: list[str]) -> int:
        self._links += 1
        target = self._tree.readlink(link)
        if self._links > _MOST_LINKS or isinstance(target, int):
            return target if isinstance(target, int) else errno.ELOOP
        todo += target.split("/")[::-1]
        if target.startswith("/"):
            del self._inside[1:]
        return 0

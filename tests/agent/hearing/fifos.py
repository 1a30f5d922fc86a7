"""A writer as keepalived is one, and what a test asks about FIFOs and descriptors."""

from __future__ import annotations

import itertools
import os
import select
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cloudfail.agent.hearing.fifo import FifoReader

NOBODY = 65534


class Writer:
    """Opens the FIFO as keepalived does, read-write, and keeps that one whatever happens to it."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)

    def say(self, state: str, name: str = "VI_1") -> None:
        self.write(f'INSTANCE "{name}" {state} 150\n'.encode())

    def write(self, data: bytes) -> int:
        return os.write(self._fd, data)

    def fill(self) -> int:
        """Say MASTER until the pipe takes no more; return how often it was taken."""
        for taken in itertools.count():
            try:
                self.say("MASTER")
            except BlockingIOError:
                return taken
        raise AssertionError("endless")

    def close(self) -> None:
        os.close(self._fd)


def is_ready(reader: FifoReader) -> bool:
    """Say whether a loop would be woken."""
    return bool(select.select(reader.filenos(), [], [], 0)[0])


def states(reader: FifoReader) -> list[str]:
    """Read as a loop does: for as long as it is woken."""
    found: list[str] = []
    while is_ready(reader):
        for fd in reader.filenos():
            found += [line.state.value for line in reader.read(fd)]
    return found


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - one descriptor of its own, each time


@contextmanager
def effective_user(uid: int) -> Iterator[None]:
    """This process's files are opened as that user's, without root's rights."""
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def directory_of(uid: int, inside: str = "/tmp") -> Iterator[Path]:
    """A directory that every user can enter, unlike pytest's."""
    with tempfile.TemporaryDirectory(dir=inside) as name:
        path = Path(name)
        path.chmod(0o755)
        if os.geteuid() == 0:
            os.chown(path, uid, -1)
        yield path

"""File systems that are full, or read-only: real ones, in a mount namespace of their own."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from vrrp.conftest import need_namespaces
from vrrp.node import Node

PLACE = "/tmp/disk"


class Disk:
    """64 KiB of tmpfs at `path`."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.path = node.path(PLACE)
        self._mount("-t", "tmpfs", "-o", "size=64k,mode=755", "tmpfs", PLACE)

    def fill(self) -> None:
        """Leave no byte free."""
        filler = (self.path / "filler").open("wb", buffering=0)
        with filler, contextlib.suppress(OSError):
            while True:
                filler.write(b"x" * 4096)
        assert os.statvfs(self.path).f_bfree == 0

    def empty(self) -> None:
        (self.path / "filler").unlink()

    def freeze(self) -> None:
        """Make it read-only."""
        self._mount("-o", "remount,ro", PLACE)

    def thaw(self) -> None:
        self._mount("-o", "remount,rw", PLACE)

    def _mount(self, *words: str) -> None:
        done = self._node.run("mount", *words)
        assert done.returncode == 0, done.stderr


@contextlib.contextmanager
def small_disk() -> Iterator[Disk]:
    """Skips where there are no namespaces, as `pair` does."""
    need_namespaces()
    node = Node("disk")
    try:
        node.path(PLACE).mkdir()
        yield Disk(node)
    finally:
        node.close()


def names(path: Path) -> set[str]:
    return {one.name for one in path.iterdir()}

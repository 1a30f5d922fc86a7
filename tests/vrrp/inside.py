"""Do something in another network namespace: sockets and sysctls stay with the thread's."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeVar

from cloudfail import process
from cloudfail.errors import CloudfailError
from cloudfail.lab import kernel

T = TypeVar("T")
_libc = ctypes.CDLL(None, use_errno=True)


def in_network(pid: int, make: Callable[[], T]) -> T:
    """Return what `make` returns in the network namespace of `pid`; a socket stays in there."""

    def enter() -> T:
        with Path(f"/proc/{pid}/ns/net").open() as namespace:
            if _libc.setns(namespace.fileno(), kernel.NEWNET):
                number = ctypes.get_errno()
                raise OSError(number, f"setns: {os.strerror(number)}")
        return make()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(enter).result()


def set_sysctls(pid: int, settings: Iterable[str]) -> None:
    """Write settings like `net.ipv4.ip_forward=1`, of the network of `pid`."""

    def write() -> None:
        for setting in settings:
            name, _, value = setting.partition("=")
            Path("/proc/sys", name.replace(".", "/")).write_text(value)

    in_network(pid, write)


def run_ip(pid: int, commands: Iterable[str], *, version: int = 4) -> None:
    """Run `ip` commands in the network of `pid`; only rules need to be told the IP version.

    Raises CloudfailError with what `ip` said.
    """
    with WaitingIp(pid, version=version) as ip:
        ip.run(commands)


class WaitingIp:
    """`ip` in the network of `pid`, started already, for what has to be done at a moment."""

    def __init__(self, pid: int, *, version: int = 4) -> None:
        self._pid = pid
        words = ["-6"] if version == 6 else []
        self._process = process.Popen(
            ["nsenter", f"--net=/proc/{pid}/ns/net", "ip", *words, "-batch", "-"],
            stdin=process.PIPE,
            stdout=process.DEVNULL,
            stderr=process.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        if self._process.returncode is None:
            self._process.communicate(timeout=30)  # it ends with its standard input

    def run(self, commands: Iterable[str]) -> None:
        """Run them, and end. Raises CloudfailError with what `ip` said."""
        lines = "".join(f"{command}\n" for command in commands)
        _, said = self._process.communicate(lines, timeout=30)
        if self._process.returncode:
            raise CloudfailError(f"ip on {self._pid}: {said.strip()}")

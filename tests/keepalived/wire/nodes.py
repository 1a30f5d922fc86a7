"""Two real keepalived nodes in network namespaces of their own, joined by a cable."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest
from cloudfail import process
from cloudfail.clock import Deadline, SystemClock
from cloudfail.lab import ip

PATH = f"{os.environ['PATH']}:/usr/local/sbin:/usr/sbin:/sbin"
_CLONE_NEWNET = 0x40000000
_ETH_P_ALL = 3


def need(*tools: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    for tool in tools:
        if shutil.which(tool, path=PATH) is None:
            pytest.skip(f"{tool} is not installed")


@contextmanager
def namespace() -> Iterator[int]:
    """Yield the pid of a process that holds a network namespace open."""
    holder = process.Popen(
        ["unshare", "--net", "sh", "-c", "echo; exec sleep 600"], stdout=process.PIPE
    )
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        ip.apply(["link set lo up"], holder.pid)
        yield holder.pid
    finally:
        holder.kill()
        holder.communicate()


@contextmanager
def inside(pid: int) -> Iterator[None]:
    """Sockets that this thread opens now belong to the namespace of `pid`, and stay there."""
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        _enter(f"/proc/{pid}/ns/net")
        try:
            yield
        finally:
            _enter(f"/proc/self/fd/{own}")
    finally:
        os.close(own)


def _enter(path: str) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(opened, _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
    finally:
        os.close(opened)


def join(one: int, other: int) -> None:
    """Lay a cable from eth0 to eth0; .1 and ::1 are the one's addresses, .2 and ::2 the other's."""
    ip.apply([f"link add name eth0 netns {one} type veth peer name eth0 netns {other}"])
    for number, pid in enumerate((one, other), 1):
        ip.apply(
            [
                "link set eth0 up",
                f"addr add 10.0.0.{number}/24 dev eth0",
                f"addr add fd00::{number}/64 dev eth0 nodad",
            ],
            pid,
        )


class Tap:
    """Every frame of a device, by a plain socket: what decoder and tshark are held against."""

    def __init__(self, pid: int, device: str = "eth0") -> None:
        with inside(pid):
            self._socket = socket.socket(
                socket.AF_PACKET,
                socket.SOCK_RAW | socket.SOCK_NONBLOCK,
                socket.htons(_ETH_P_ALL),
            )
            self._socket.bind((device, _ETH_P_ALL))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ended: object) -> None:
        self._socket.close()

    def frames(self) -> list[bytes]:
        found = []
        while True:
            try:
                found.append(self._socket.recv(1 << 16))
            except BlockingIOError:
                return found


@dataclass(frozen=True)
class Variant:
    name: str
    version: int = 3
    family: int = 4
    interval: float = 0.3
    authentication: str = "none"
    vmac: str = ""
    multicast: bool = False

    def address(self, node: int) -> str:
        return f"10.0.0.{node}" if self.family == 4 else f"fd00::{node}"

    @property
    def virtual(self) -> tuple[str, ...]:
        if self.family == 4:
            return ("10.0.0.100", "10.0.0.101")
        return ("fd00::100", "fd00::101")

    def conf(self, node: int) -> str:
        auth = f"authentication {{\n auth_type {self.authentication}\n auth_pass s3cr3t78\n }}"
        unicast = (
            f"unicast_src_ip {self.address(node)}\n unicast_peer {{\n {self.address(3 - node)}\n }}"
        )
        bits = 32 if self.family == 4 else 128
        return "\n ".join(
            (
                f"global_defs {{\n vrrp_version {self.version}\n}}",
                "vrrp_instance VI_1 {",
                "state BACKUP",
                "interface eth0",
                "virtual_router_id 51",
                f"priority {200 - 50 * node}",
                f"advert_int {self.interval:g}",
                "" if self.multicast else unicast,
                "" if self.authentication == "none" else auth,
                self.vmac,
                "virtual_ipaddress {",
                *(f"{address}/{bits} dev eth0" for address in self.virtual),
                "}\n}\n",
            )
        )


class Keepalived:
    """One process tree; ended by the pid of its parent."""

    def __init__(self, pid: int, variant: Variant, node: int, home: Path) -> None:
        conf = home / f"{variant.name}-{node}.conf"
        conf.write_text(variant.conf(node))
        own = home / f"{variant.name}-{node}"
        self.log = own.with_suffix(".log")
        with self.log.open("wb") as log:
            self._process = process.Popen(
                [
                    *("nsenter", f"--net=/proc/{pid}/ns/net", "keepalived", "-n", "-l", "-D", "-P"),
                    *("-f", str(conf), "-p", f"{own}.pid"),
                    *("-r", f"{own}.vrrp", "-c", f"{own}.check", "-b", f"{own}.bfd"),
                ],
                stdin=process.DEVNULL,
                stdout=log,
                stderr=process.STDOUT,
                env={**os.environ, "PATH": PATH},
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ended: object) -> None:
        self.stop()

    def stop(self) -> None:
        """SIGTERM: a master says farewell. keepalived takes a second to end."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except process.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)


def pair(stack: ExitStack) -> Sequence[int]:
    """Return the pids of two joined namespaces, which end with the stack."""
    pids = [stack.enter_context(namespace()) for _ in range(2)]
    join(*pids)
    return pids


def in_time(seconds: float) -> Deadline:
    return Deadline.after(SystemClock(), seconds)

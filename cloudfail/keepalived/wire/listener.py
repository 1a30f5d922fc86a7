"""The socket that hears VRRP: this machine's own adverts as they leave, and the others' coming in."""

from __future__ import annotations

import errno
import math
import select
import socket
import struct
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

from cloudfail.clock import Clock, Deadline, SystemClock, wall_clock
from cloudfail.errors import ConfigError
from cloudfail.keepalived.wire.advert import Advert
from cloudfail.keepalived.wire.binding import EVERY_PROTOCOL, bind_to_all
from cloudfail.keepalived.wire.copies import Copies
from cloudfail.keepalived.wire.filter import attach_filter
from cloudfail.keepalived.wire.packet import decode
from cloudfail.line import one_line

_OUTGOING = 4  # PACKET_OUTGOING
_STAMP = 35  # SO_TIMESTAMPNS, and SCM_TIMESTAMPNS
_TIMESPEC = struct.Struct("@ll")
_SIZE = 1 << 16
_LONGEST_NAME = 15  # IFNAMSIZ, the final NUL not counted


class Listener:
    """Hears every advert on one device, or on all (""), from `with` to its end.

    Needs CAP_NET_RAW when it is opened, never again. Each advert's `t` is when the kernel had it,
    so that what waited while this process did not run does not look fresh. An advert that several
    devices show (VMAC and lower device) comes once, with the device that showed it first; with
    `copies` it comes from each.
    """

    def __init__(
        self, device: str = "", clock: Clock | None = None, *, copies: bool = False
    ) -> None:
        self.device = device
        self._clock = clock or SystemClock()
        self._copies = None if copies else Copies()
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        if self._socket is None:
            self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def open(self) -> None:
        """Raises ConfigError: not permitted, or no such device."""
        self._socket = _opened()
        try:
            attach_filter(self._socket)
            self._socket.setsockopt(socket.SOL_SOCKET, _STAMP, 1)
            self._bind(self._socket)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        opened, self._socket = self._socket, None
        if opened is not None:
            opened.close()

    def fileno(self) -> int:
        """Readable when an advert may wait; then `read()` until it returns None."""
        return self._open_socket().fileno()

    def read(self, timeout: float = 0.0) -> Advert | None:
        """Return the next advert; None when none came within `timeout` seconds.

        Raises ConfigError when the device is gone; one that is down is only silent.
        """
        until = self._clock.now() + timeout
        opened = self._open_socket()
        poll = select.poll()
        poll.register(opened, select.POLLIN)
        while (advert := self._waiting(opened)) is None:
            left = until - self._clock.now()
            if left <= 0 or not poll.poll(math.ceil(left * 1000)):
                return None
        return advert

    def until(self, deadline: Deadline) -> Iterator[Advert]:
        """Yield adverts as they come, until the deadline."""
        while (advert := self.read(deadline.left())) is not None:
            yield advert

    def _open_socket(self) -> socket.socket:
        if self._socket is None:
            raise ValueError("this listener is not open")
        return self._socket

    def _bind(self, opened: socket.socket) -> None:
        if not self.device:
            bind_to_all(opened)
            return
        try:
            opened.bind((_fitting(self.device), EVERY_PROTOCOL))
        except (OSError, ValueError) as error:
            there = ", ".join(name for _, name in socket.if_nameindex())
            raise ConfigError(
                f'there is no network device "{one_line(self.device)}" to listen on; '
                f"there are {there}"
            ) from error

    def _waiting(self, opened: socket.socket) -> Advert | None:
        """Take from what the socket holds, up to the first advert."""
        while True:
            try:
                packet, notes, _, sender = opened.recvmsg(_SIZE, 64)
            except BlockingIOError:
                return None
            except OSError as error:
                self._check_device(opened, error)
                continue
            advert = self._decoded(packet, notes, sender)
            if advert and not self._is_copy(packet, advert):
                return advert

    def _is_copy(self, packet: bytes, advert: Advert) -> bool:
        if self._copies is None:
            return False
        return self._copies.is_copy(packet, advert.device, advert.t)

    def _decoded(
        self, packet: bytes, notes: Sequence[tuple[int, int, bytes]], sender: Sequence[Any]
    ) -> Advert | None:
        device, _, kind, _, hardware = sender
        return decode(
            packet,
            t=self._clock.now() - _age(notes),
            device=device,
            outgoing=kind == _OUTGOING,
            source_mac=hardware.hex(":"),
        )

    def _check_device(self, opened: socket.socket, error: OSError) -> None:
        """The kernel says ENETDOWN once, when the device goes down; it is bound again when up."""
        if error.errno != errno.ENETDOWN:
            raise error
        if self.device and opened.getsockname()[0] != self.device:
            raise ConfigError(
                f'the network device "{self.device}" is gone; bring it back and listen anew'
            ) from error


def _opened() -> socket.socket:
    """Protocol 0: until it is bound it gets nothing."""
    try:
        return socket.socket(
            socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, 0
        )
    except PermissionError as error:
        raise ConfigError(
            "listening for VRRP needs CAP_NET_RAW: run as root, or give the service "
            "AmbientCapabilities=CAP_NET_RAW"
        ) from error


def _fitting(device: str) -> str:
    """Python would cut a name that is too long, and bind to another device."""
    if len(device.encode()) > _LONGEST_NAME:
        raise ValueError(device)
    return device


def _age(notes: Sequence[tuple[int, int, bytes]]) -> float:
    """Return for how many seconds the frame has waited.

    The kernel stamps by the wall clock only. Should that be set forward just then, what waited
    seems older than it is, never fresher than now.
    """
    for level, kind, data in notes:
        if (level, kind) == (socket.SOL_SOCKET, _STAMP) and len(data) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            return max(0.0, wall_clock() - float(seconds + nanoseconds / 1e9))
    return 0.0

"""ICMP echo from a network namespace, as ping does it."""

from __future__ import annotations

import os
import socket
import struct
from dataclasses import dataclass
from ipaddress import ip_address

from cloudfail.clock import SystemClock

from vrrp.inside import in_network

_HEADER = struct.Struct("!BBHHH")
_REQUEST = {4: 8, 6: 128}
_REPLY = {4: 0, 6: 129}


@dataclass(frozen=True, slots=True)
class Ping:
    """One echo request to `target`; `source` and `device` are what ping calls -I."""

    target: str
    source: str = ""
    device: str = ""
    seconds: float = 1.0

    def is_answered(self, pid: int) -> bool:
        """Send it from the network of `pid`, and say whether the reply came in time."""
        with in_network(pid, self._open) as raw:
            number = int.from_bytes(os.urandom(2))
            try:
                raw.sendto(self._request(number), (self.target, 0))
            except OSError:
                return False  # no route to there
            return self._await(raw, number)

    @property
    def _version(self) -> int:
        return ip_address(self.target).version

    def _open(self) -> socket.socket:
        if self._version == 4:
            raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        else:
            raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        if self.device:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self.device.encode())
        if self.source:
            raw.bind((self.source, 0))
        return raw

    def _request(self, number: int) -> bytes:
        blank = _HEADER.pack(_REQUEST[self._version], 0, 0, number, 1)
        # The kernel fills in ICMPv6's checksum, not ICMP's.
        checksum = _checksum(blank) if self._version == 4 else 0
        return _HEADER.pack(_REQUEST[self._version], 0, checksum, number, 1)

    def _await(self, raw: socket.socket, number: int) -> bool:
        clock = SystemClock()
        until = clock.now() + self.seconds
        while (left := until - clock.now()) > 0:
            raw.settimeout(left)
            try:
                packet = raw.recv(2048)
            except TimeoutError:
                return False
            start = (packet[0] & 15) * 4 if self._version == 4 else 0
            kind, _, _, whose, _ = _HEADER.unpack_from(packet, start)
            if (kind, whose) == (_REPLY[self._version], number):
                return True
        return False


def _checksum(message: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(message) // 2}H", message))
    total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF

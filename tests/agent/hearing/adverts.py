"""VRRPv3 adverts of any router and sender, as frames that a test can send."""

from __future__ import annotations

import struct
from ipaddress import ip_address

from keepalived.wire.packets import VRRP, checksum, pseudo

A, B, C = "10.0.0.1", "10.0.0.2", "10.0.0.3"
A6, B6 = "fd00::1", "fd00::2"
_IPV4, _IPV6 = 0x0800, 0x86DD


def frame(source: str, to: str, *, router: int = 51, priority: int = 100) -> tuple[int, bytes]:
    """Return the ethertype, and the packet."""
    ends = [ip_address(source).packed, ip_address(to).packed]
    message = _message(source, to, router, priority)
    if ip_address(source).version == 6:
        return _IPV6, struct.pack("!IHBB", 6 << 28, len(message), VRRP, 255) + b"".join(
            ends
        ) + message
    head = struct.pack("!BBHHHBBH", 0x45, 0xC0, 20 + len(message), 7, 0, 255, VRRP, 0)
    return _IPV4, head + b"".join(ends) + message


def broken(one: tuple[int, bytes]) -> tuple[int, bytes]:
    """The priority was changed on the way: the checksum is wrong."""
    kind, packet = one
    at = 20 if kind == _IPV4 else 40
    return kind, packet[: at + 2] + b"\xfe" + packet[at + 3 :]


def _message(source: str, to: str, router: int, priority: int) -> bytes:
    head = struct.pack("!BBBBH", 0x31, router, priority, 1, 100)
    address = ip_address(source).packed
    found = checksum(pseudo(source, to, 8 + len(address)) + head + b"\0\0" + address)
    return head + found.to_bytes(2) + address

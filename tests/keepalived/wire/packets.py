"""Adverts made by hand from the RFCs: what keepalived 2.2.7 cannot be made to send."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from ipaddress import ip_address

VRRP, AH = 112, 51
A4, B4, VIP4 = "10.0.1.10", "10.0.2.10", "10.0.1.100"
A6, B6, VIP6 = "fd00::1", "fd00::2", "fd00::100"
# vrrp_auth_hmac.h of keepalived 2.4: type 1, key 1, zero, sequence, 16 bytes of digest.
TRAILER = bytes([1, 1, 0, 0]) + bytes(range(8)) + bytes(range(100, 116))


def checksum(data: bytes) -> int:
    """RFC 1071, as the RFC words it: sum 16 bit words with end-around carry, complement."""
    total = 0
    for at in range(0, len(data), 2):
        total += int.from_bytes(data[at : at + 2].ljust(2, b"\0"))
        total = total % 65536 + total // 65536
    return 65535 - total


def pseudo(source: str, destination: str, length: int) -> bytes:
    ends = ip_address(source).packed + ip_address(destination).packed
    form = "!xBH" if len(ends) == 8 else "!I3xB"
    values = (VRRP, length) if len(ends) == 8 else (length, VRRP)
    return ends + struct.pack(form, *values)


def advert(
    version: int,
    interval: float,
    addresses: Sequence[str],
    *,
    priority: int = 100,
    auth_type: int = 0,
    auth_data: bytes = b"",
    before: bytes = b"",
    trailer: bytes = b"",
) -> bytes:
    """A message with its checksum; `before` is the pseudo header that goes into it."""
    if version == 2:
        timing = bytes([auth_type, int(interval)])
    else:
        timing = round(interval * 100).to_bytes(2)
    head = bytes([version << 4 | 1, 51, priority, len(addresses)]) + timing
    rest = b"".join(ip_address(address).packed for address in addresses) + auth_data
    found = checksum(before + head + b"\0\0" + rest)
    return head + found.to_bytes(2) + rest + trailer


def v3(source: str = B4, destination: str = A4, vip: str = VIP4, interval: float = 1) -> bytes:
    size = 8 + len(ip_address(vip).packed)
    return advert(3, interval, [vip], before=pseudo(source, destination, size))


def ipv4(
    message: bytes, *, protocol: int = VRRP, options: bytes = b"", fragment: int = 0, ttl: int = 255
) -> bytes:
    words = 5 + len(options) // 4
    total = words * 4 + len(message)
    ends = ip_address(B4).packed + ip_address(A4).packed
    head = struct.pack("!BBHHHBBH", 64 | words, 0xC0, total, 7, fragment, ttl, protocol, 0)
    return head + ends + options + message


def ipv6(message: bytes, *, protocol: int = VRRP) -> bytes:
    ends = ip_address(B6).packed + ip_address(A6).packed
    return struct.pack("!IHBB", 6 << 28, len(message), protocol, 64) + ends + message


def behind_ah(message: bytes, inner: int = VRRP) -> bytes:
    """AH with an HMAC-MD5-96, as keepalived sends it: 24 bytes, which is 6 words, less 2."""
    return struct.pack("!BBHII", inner, 4, 0, 0x0A00020A, 1) + bytes(12) + message


def extension(message: bytes, inner: int = VRRP, eights: int = 0) -> bytes:
    return bytes([inner, eights]) + bytes(6 + 8 * eights) + message

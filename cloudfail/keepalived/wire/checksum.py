"""The checksum of a VRRP message, in the forms that keepalived sends (vrrp.c, `vrrp_in_chk`).

VRRPv2 over IPv4 sums the message with its eight bytes of authentication data. VRRPv3 sums a
pseudo header too, and so does IPv6, where the kernel computes it over everything. Over IPv4 the
HMAC trailer of keepalived 2.4 is not summed.
"""

from __future__ import annotations

import struct
from ipaddress import IPv4Address

from cloudfail.keepalived.wire.advert import Checksum
from cloudfail.keepalived.wire.datagram import VRRP, Datagram

AUTHENTICATION_DATA = 8
_GROUP = IPv4Address("224.0.0.18")
_IPV6 = 6


def form_of(datagram: Datagram, version: int, end: int) -> Checksum:
    """Say which form holds; `end` is where the addresses of the message end."""
    message = datagram.message
    source, to = datagram.source.packed, datagram.destination.packed
    if datagram.source.version == _IPV6:
        pseudo = struct.pack("!16s16sII", source, to, len(message), VRRP)
        return Checksum.OK if _is_whole(pseudo + message) else Checksum.WRONG
    if version == 2:  # noqa: PLR2004
        whole = _is_whole(message[: end + AUTHENTICATION_DATA])
        return Checksum.OK if whole else Checksum.WRONG
    message = message[:end]
    if _is_whole(struct.pack("!4s4sHH", source, to, VRRP, end) + message):
        return Checksum.OK
    if _is_whole(struct.pack("!4s4sHH", source, _GROUP.packed, VRRP, end) + message):
        return Checksum.OLD
    return Checksum.AS_V2 if _is_whole(message) else Checksum.WRONG


def internet_sum(data: bytes) -> int:
    """Return the ones' complement sum of RFC 1071; 0xffff when a checksum in it holds."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total > 0xFFFF:  # noqa: PLR2004
        total = (total & 0xFFFF) + (total >> 16)
    return total


def _is_whole(data: bytes) -> bool:
    return internet_sum(data) == 0xFFFF  # noqa: PLR2004

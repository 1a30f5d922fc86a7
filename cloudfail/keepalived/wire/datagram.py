"""From an IP packet to the VRRP message in it, through AH and IPv6 extension headers."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address

import msgspec

from cloudfail.model import Address

VRRP = 112  # RFC 9568
AH = 51  # RFC 4302
# RFC 8200: hop-by-hop options, routing, destination options. A fragment is none: half an advert.
EXTENSIONS = frozenset({0, 43, 60})
_IPV4_HEADER = 20
_IPV6_HEADER = 40
_FRAGMENT = 0x3FFF  # more fragments, and the offset
_SHORTEST = 8  # of AH and of any extension header


class Datagram(msgspec.Struct, frozen=True):
    """`message` is what protocol 112 carries; `is_ah` says that AH was around it."""

    source: Address
    destination: Address
    ttl: int
    message: bytes
    is_ah: bool


def unwrap(packet: bytes) -> Datagram | None:
    """Return the VRRP message of an IP packet; None for fragments, stumps and all else."""
    version = packet[0] >> 4 if packet else 0
    if version == 4:  # noqa: PLR2004
        return _ipv4(packet)
    return _ipv6(packet) if version == 6 else None  # noqa: PLR2004


def _ipv4(packet: bytes) -> Datagram | None:
    header = (packet[0] & 15) * 4
    if header < _IPV4_HEADER or len(packet) < header:
        return None
    total, fragment = struct.unpack_from("!H2xH", packet, 2)
    if fragment & _FRAGMENT or not header <= total <= len(packet):
        return None
    inner = _inner(packet[9], packet[header:total], frozenset())
    if inner is None:
        return None
    source, destination = IPv4Address(packet[12:16]), IPv4Address(packet[16:20])
    return Datagram(source, destination, packet[8], *inner)


def _ipv6(packet: bytes) -> Datagram | None:
    if len(packet) < _IPV6_HEADER:
        return None
    end = _IPV6_HEADER + int.from_bytes(packet[4:6])
    if len(packet) < end:
        return None
    inner = _inner(packet[6], packet[_IPV6_HEADER:end], EXTENSIONS)
    if inner is None:
        return None
    source, destination = IPv6Address(packet[8:24]), IPv6Address(packet[24:40])
    return Datagram(source, destination, packet[7], *inner)


def _inner(protocol: int, rest: bytes, extensions: frozenset[int]) -> tuple[bytes, bool] | None:
    """Walk to the VRRP message. Each round takes eight bytes at least: it ends."""
    is_ah = False
    while protocol != VRRP:
        if len(rest) < _SHORTEST or protocol not in {AH, *extensions}:
            return None
        is_ah = is_ah or protocol == AH
        # AH counts its length in words less two, extension headers in eights less one.
        size = (rest[1] + 2) * 4 if protocol == AH else (rest[1] + 1) * 8
        protocol, rest = rest[0], rest[size:]
    return rest, is_ah

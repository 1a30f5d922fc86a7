"""From bytes to an advert: VRRP 2 and 3 over IPv4 and IPv6, AH around it, an HMAC behind it."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address

from cloudfail.keepalived.wire.advert import Advert, Authentication
from cloudfail.keepalived.wire.checksum import AUTHENTICATION_DATA, form_of
from cloudfail.keepalived.wire.datagram import Datagram, unwrap
from cloudfail.model import Address

_HEADER = 8
_ADVERTISEMENT = 1
_V2, _V3 = 2, 3
_IPV6 = 6
_CENTISECONDS = 0x0FFF  # RFC 9568: the upper four bits are reserved
# RFC 2338. keepalived says AH in the message as well as around it.
_TYPES = {0: Authentication.NONE, 1: Authentication.PASS, 2: Authentication.AH}
# keepalived 2.4 vrrp_auth_hmac.h: type, key id, two zero bytes, sequence, 16 bytes of digest.
_TRAILER = 28
_HMAC_SHA256 = 1


def decode(
    packet: bytes,
    *,
    t: float = 0.0,
    device: str = "",
    outgoing: bool = False,
    source_mac: str = "",
) -> Advert | None:
    """Return the advert in an IP packet (no link layer header); None when there is none whole.

    Never raises, whatever the bytes. A wrong checksum does not make it None: it is told.
    """
    datagram = unwrap(packet)
    if datagram is None or len(datagram.message) < _HEADER:
        return None
    first, router, priority, count, interval = struct.unpack_from("!BBBBH", datagram.message)
    version = first >> 4
    end = _HEADER + count * len(datagram.source.packed)
    if version not in {_V2, _V3} or first & 15 != _ADVERTISEMENT or len(datagram.message) < end:
        return None
    return Advert(
        t=t,
        device=device,
        outgoing=outgoing,
        source=datagram.source,
        destination=datagram.destination,
        source_mac=source_mac,
        ttl=datagram.ttl,
        version=version,
        virtual_router_id=router,
        priority=priority,
        interval=float(interval & 0xFF) if version == _V2 else (interval & _CENTISECONDS) / 100,
        authentication=_authentication(datagram, version, end),
        addresses=_addresses(datagram, end),
        checksum=form_of(datagram, version, end),
    )


def _addresses(datagram: Datagram, end: int) -> tuple[Address, ...]:
    size = len(datagram.source.packed)
    kind = IPv6Address if datagram.source.version == _IPV6 else IPv4Address
    message = datagram.message
    return tuple(kind(message[at : at + size]) for at in range(_HEADER, end, size))


def _authentication(datagram: Datagram, version: int, end: int) -> Authentication:
    if datagram.is_ah:
        return Authentication.AH
    if _has_trailer(datagram.message[end:], version):
        return Authentication.HMAC
    if version == _V3:  # it has none of its own: the byte belongs to the interval
        return Authentication.NONE
    return _TYPES.get(datagram.message[4], Authentication.UNKNOWN)


def _has_trailer(rest: bytes, version: int) -> bool:
    """VRRPv2 has its eight bytes of authentication data first (over IPv6 it may lack them)."""
    if version == _V2 and len(rest) == AUTHENTICATION_DATA + _TRAILER:
        rest = rest[AUTHENTICATION_DATA:]
    return len(rest) == _TRAILER and rest[0] == _HMAC_SHA256 and rest[2:4] == b"\0\0"

"""A VRRP advertisement as it was seen on a network device."""

from __future__ import annotations

import enum

import msgspec

from cloudfail.model import Address


class Authentication(enum.StrEnum):
    """keepalived's words for it. What authenticates (`auth_pass`, a digest) is never kept.

    HMAC is `auth_hmac` of keepalived 2.4, known by the trailer behind the advert.
    """

    NONE = "none"
    PASS = "PASS"  # noqa: S105 - keepalived's keyword
    AH = "AH"
    HMAC = "HMAC"
    UNKNOWN = "unknown"  # a type that no keepalived sends


class Checksum(enum.StrEnum):
    """Which form of the checksum holds. A receiver may refuse all but OK.

    OLD: VRRPv3 over unicast by keepalived up to 1.3.6, whose pseudo header has 224.0.0.18.
    AS_V2: VRRPv3 without a pseudo header (`v3_checksum_as_v2`, keepalived 2.2.8).
    """

    OK = "ok"
    OLD = "old"
    AS_V2 = "as-v2"
    WRONG = "wrong"


class Advert(msgspec.Struct, frozen=True, kw_only=True):
    """`t` is CLOCK_MONOTONIC in seconds, `interval` the advert's own, in seconds.

    `device` is "" when it
    was gone before the advert was read. `outgoing` is true for what this machine sent, also from a VMAC. `source_mac` is the sender's
    as the frame has it ("" where a device has none), `ttl` the hop limit for IPv6. `addresses`
    are the virtual addresses advertised (not those of `virtual_ipaddress_excluded`).
    """

    t: float = 0.0
    device: str = ""
    outgoing: bool = False
    source: Address
    destination: Address
    source_mac: str = ""
    ttl: int
    version: int
    virtual_router_id: int
    priority: int
    interval: float
    authentication: Authentication
    addresses: tuple[Address, ...] = ()
    checksum: Checksum

    @property
    def is_farewell(self) -> bool:
        """Priority 0: the master stops, and the backups need not wait."""
        return self.priority == 0

    @property
    def checksum_ok(self) -> bool:
        """True for every form of the checksum that some keepalived sends."""
        return self.checksum is not Checksum.WRONG

"""An advert in words, for people."""

from __future__ import annotations

from collections.abc import Mapping

from cloudfail.keepalived.wire.advert import Advert, Authentication, Checksum
from cloudfail.model import Address

_FULL_TTL = 255  # what VRRP sends with; less has crossed a router, or is IPv6 unicast


def describe(advert: Advert, names: Mapping[Address, str] | None = None) -> str:
    """Return one line: device, direction, from whom to whom, and what it says."""
    return "  ".join(
        (
            f"{advert.device or '?':<6}",
            "out" if advert.outgoing else "in ",
            f"{_named(advert.source, names)} -> {_named(advert.destination, names)}",
            _said(advert),
            f"addresses {', '.join(map(str, advert.addresses)) or 'none'}",
            *_remarks(advert),
        )
    )


def _named(address: Address, names: Mapping[Address, str] | None) -> str:
    name = (names or {}).get(address)
    return f"{address} ({name})" if name else str(address)


def _said(advert: Advert) -> str:
    return (
        f"v{advert.version} vrid {advert.virtual_router_id} prio {advert.priority} "
        f"every {advert.interval:g} s"
    )


def _remarks(advert: Advert) -> list[str]:
    remarks = {
        "farewell": advert.is_farewell,
        f"auth {advert.authentication}": advert.authentication is not Authentication.NONE,
        f"ttl {advert.ttl}": advert.ttl != _FULL_TTL,
        f"checksum {advert.checksum}": advert.checksum is not Checksum.OK,
    }
    return [remark for remark, is_so in remarks.items() if is_so]

"""Addresses of an instance: virtual ones with their options, and what else is an address."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

import msgspec

from cloudfail.keepalived.options import ENTRY_WORDS
from cloudfail.keepalived.syntax import Place, Statement
from cloudfail.model import Address

_BITS = {4: 32, 6: 128}


class VirtualAddress(msgspec.Struct, frozen=True, kw_only=True):
    """A line of virtual_ipaddress or virtual_ipaddress_excluded.

    `address` is None where it is none. `prefix` is what is written, else 32 or 128, as for what is
    no number. `options` are the words after it with their values (empty for a flag); a word that
    nobody knows is one too.
    """

    text: str
    address: Address | None
    prefix: int
    options: dict[str, str]
    place: Place

    @property
    def is_host(self) -> bool:
        """True for /32 and /128: nothing is on-link."""
        return self.address is None or self.prefix == _BITS[self.address.version]


def parse_address(text: str) -> Address | None:
    """Read an address as keepalived does: neither a name nor a zone. IPv4-mapped stays IPv6."""
    try:
        return ipaddress.ip_address(text) if "%" not in text else None
    except ValueError:
        return None


def parse_host(text: str) -> Address | None:
    """Read a peer's or the own address: a prefix after it is not looked at (measured)."""
    return parse_address(text.partition("/")[0])


def virtual_addresses(block: Statement) -> Iterator[VirtualAddress]:
    """Yield each line of the block; its first word has to be the address."""
    for line in block.children or ():
        yield virtual_address(line, block.keyword)


def virtual_address(line: Statement, block: str) -> VirtualAddress:
    address, _, prefix = line.keyword.partition("/")
    parsed = parse_address(address)
    bits = _BITS[parsed.version] if parsed else 0
    return VirtualAddress(
        text=line.keyword,
        address=parsed,
        prefix=int(prefix) if _is_number(prefix) else bits,
        options=_options(line, block),
        place=line.place,
    )


def _options(line: Statement, block: str) -> dict[str, str]:
    known = ENTRY_WORDS[block]
    options: dict[str, str] = {}
    words = list(line.args)
    while words:
        word = words.pop(0)
        has_value = word in known and known[word].takes == "value"
        options[word] = words.pop(0) if words and has_value else ""
    return options


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 4  # noqa: PLR2004 - a prefix length

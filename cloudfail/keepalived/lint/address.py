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

    `address` is None where it is none. `prefix` is what is written, else 32 or 128. `options` are
    the words after it with their values (empty for a flag); a word that nobody knows is one too.
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


def virtual_addresses(block: Statement) -> Iterator[VirtualAddress]:
    """Yield each line of the block; `dev eth0 10.0.0.1` is one too."""
    for line in block.children or ():
        yield _virtual(line, block.keyword)


def _virtual(line: Statement, block: str) -> VirtualAddress:
    known = ENTRY_WORDS[block]
    options: dict[str, str] = {}
    text = ""
    words = [word.text for word in line.words]
    while words:
        word = words.pop(0)
        if word not in known and not text:
            text = word
        elif word in known and known[word].takes == "flag":
            options[word] = ""
        else:
            options[word] = words.pop(0) if words and word in known else ""
    address, _, prefix = text.partition("/")
    parsed = parse_address(address)
    bits = _BITS[parsed.version] if parsed else 0
    length = int(prefix) if prefix.isascii() and prefix.isdigit() and len(prefix) < 4 else bits  # noqa: PLR2004
    return VirtualAddress(
        text=text, address=parsed, prefix=length, options=options, place=line.place
    )

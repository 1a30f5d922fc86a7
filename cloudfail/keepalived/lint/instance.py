"""A `vrrp_instance`, typed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import msgspec

from cloudfail.keepalived.addresses import VirtualAddress, parse_host, virtual_addresses
from cloudfail.keepalived.lint.command import Command, commands_of
from cloudfail.keepalived.syntax import NOTIFY, Place, Statement
from cloudfail.keepalived.syntax.values import OFF, number_of, seconds_of
from cloudfail.model import Address

DEFAULT_PRIORITY = 100


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """A line of unicast_peer; `address` is None for what keepalived skips, a name for example."""

    text: str
    address: Address | None
    options: tuple[str, ...]
    place: Place


class Authentication(msgspec.Struct, frozen=True, kw_only=True):
    """`type` is PASS, AH, what else is written, or empty; `secret` is auth_pass."""

    type: str
    secret: str
    place: Place
    secret_place: Place


@dataclass(frozen=True)
class VrrpInstance:
    """`default_version` is what global_defs says, else 2."""

    statement: Statement
    default_version: int = 2

    @property
    def name(self) -> str:
        return self.statement.value

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> Place:
        return self.statement.place

    def get(self, keyword: str) -> Statement | None:
        """The last line with the keyword: that one counts."""
        found = self._by_keyword.get(keyword)
        return found[-1] if found else None

    def has(self, keyword: str) -> bool:
        return keyword in self._by_keyword

    def all(self, keyword: str) -> tuple[Statement, ...]:
        return self._by_keyword.get(keyword, ())

    def text(self, keyword: str, default: str = "") -> str:
        found = self.get(keyword)
        return found.value if found is not None and found.value else default

    def is_on(self, keyword: str, *, default: bool = False) -> bool:
        """Whether a flag or `keyword [BOOL]` is on; `default` where it is not written."""
        found = self.get(keyword)
        return default if found is None else found.value not in OFF

    def place_of(self, keyword: str) -> Place:
        """Where the keyword is, else where the instance begins."""
        found = self.get(keyword)
        return self.place if found is None else found.place

    @property
    def state(self) -> str:
        return self.text("state")

    @property
    def interface(self) -> str:
        return self.text("interface")

    @property
    def priority(self) -> int | None:
        """100 where none is written; None where it is no number."""
        return number_of(self.text("priority", str(DEFAULT_PRIORITY)))

    @property
    def vrid(self) -> int | None:
        return number_of(self.text("virtual_router_id"))

    @property
    def source(self) -> Address | None:
        return parse_host(self.text("unicast_src_ip"))

    @property
    def use_vmac(self) -> bool:
        return self.has("use_vmac")

    @property
    def is_unicast(self) -> bool:
        return any(peer.address for peer in self.peers)

    @cached_property
    def family(self) -> int:
        """4 or 6: the first address of the block decides (vrrp_parser.c)."""
        for line in self.statement.children or ():
            if (address := _first_address(line)) is not None:
                return address.version
        return 6 if self.has("native_ipv6") else 4

    @cached_property
    def version(self) -> int:
        """2 or 3; IPv6 forces 3."""
        written = number_of(self.text("version"))
        if self.family == 6:  # noqa: PLR2004
            return 3
        return written if written in (2, 3) else self.default_version

    @cached_property
    def advert_int(self) -> float | None:
        """Seconds as written, 1 where nothing is; None where it is no number."""
        return seconds_of(self.text("advert_int", "1"))

    @cached_property
    def peers(self) -> tuple[Peer, ...]:
        return tuple(
            Peer(
                text=line.keyword,
                address=parse_host(line.keyword),
                options=line.args,
                place=line.place,
            )
            for block in self.all("unicast_peer")
            for line in block.children or ()
        )

    @cached_property
    def addresses(self) -> tuple[VirtualAddress, ...]:
        return tuple(self._virtual("virtual_ipaddress"))

    @cached_property
    def excluded(self) -> tuple[VirtualAddress, ...]:
        return tuple(self._virtual("virtual_ipaddress_excluded"))

    @cached_property
    def notifies(self) -> dict[str, Command]:
        """The notify commands by their keyword; the last one of each counts."""
        return {one.keyword: one for one in commands_of(self.statement, NOTIFY, self.name)}

    @property
    def authentication(self) -> Authentication | None:
        block = self.get("authentication")
        if block is None:
            return None
        kind, secret = block.first("auth_type"), block.first("auth_pass")
        return Authentication(
            type=kind.value if kind else "",
            secret=secret.value if secret else "",
            place=kind.place if kind else block.place,
            secret_place=secret.place if secret else block.place,
        )

    def _virtual(self, keyword: str) -> Iterator[VirtualAddress]:
        for block in self.all(keyword):
            yield from virtual_addresses(block)

    @cached_property
    def _by_keyword(self) -> dict[str, tuple[Statement, ...]]:
        found: dict[str, list[Statement]] = {}
        for line in self.statement.children or ():
            found.setdefault(line.keyword, []).append(line)
        return {keyword: tuple(lines) for keyword, lines in found.items()}


def _first_address(line: Statement) -> Address | None:
    if line.keyword in ("unicast_src_ip", "mcast_src_ip"):
        return parse_host(line.value)
    if line.keyword == "unicast_peer":
        found = (parse_host(child.keyword) for child in line.children or ())
    elif line.keyword == "virtual_ipaddress":
        found = (one.address for one in virtual_addresses(line))
    else:
        return None
    return next((address for address in found if address is not None), None)

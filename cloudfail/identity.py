"""Which of the configured nodes this machine is: the one whose unicast address is local here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Protocol, TypeVar

from cloudfail.errors import ConfigError
from cloudfail.model import Address

_FIB_TRIE = Path("/proc/net/fib_trie")
_IF_INET6 = Path("/proc/net/if_inet6")


class Named(Protocol):
    """What identity needs of a configured node."""

    @property
    def name(self) -> str: ...

    @property
    def address(self) -> Address: ...


N = TypeVar("N", bound=Named)


def local_addresses() -> frozenset[Address]:
    """Return every address of this machine (its network namespace), loopback left out.

    Read from /proc, since binding a socket proves nothing with ip_nonlocal_bind set.
    """
    found: list[Address] = [*_ipv4(_lines(_FIB_TRIE)), *_ipv6(_lines(_IF_INET6))]
    return frozenset(address for address in found if not address.is_loopback)


def which_node(
    nodes: Sequence[N], *, name: str = "", addresses: Iterable[Address] | None = None
) -> N | None:
    """Return the configured node that this machine is; None when no nodes are configured.

    A `name` decides; else the unicast address. Raises ConfigError when none, or more than one,
    matches, naming what was seen.
    """
    if not nodes:
        return None
    if name:
        return _by_name(nodes, name)
    local = local_addresses() if addresses is None else frozenset(addresses)
    matching = [node for node in nodes if node.address in local]
    if len(matching) == 1:
        return matching[0]
    configured = ", ".join(f"{node.name} {node.address}" for node in nodes)
    if matching:
        raise ConfigError(
            f"the addresses of {' and '.join(node.name for node in matching)} are all local to "
            "this machine; say --node NAME"
        )
    seen = ", ".join(sorted(map(str, local))) or "none"
    raise ConfigError(
        f"this machine is none of the configured nodes ({configured}): its addresses are {seen}; "
        "correct [[instance.….node]] address, or say --node NAME"
    )


def _by_name(nodes: Sequence[N], name: str) -> N:
    for node in nodes:
        if node.name == name:
            return node
    known = ", ".join(node.name for node in nodes)
    raise ConfigError(f"no node is named {name!r}; configured: {known}")


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii").splitlines()
    except OSError:
        return []  # no /proc or no IPv6: the error above then names what was seen


def _ipv4(lines: Sequence[str]) -> Iterable[IPv4Address]:
    """A leaf `|-- 10.0.1.10` and below it `/32 host LOCAL`, once for each device that has it."""
    leaf = ""
    for line in lines:
        if "|-- " in line:
            leaf = line.split()[-1]
        elif line.strip() == "/32 host LOCAL":
            yield IPv4Address(leaf)


def _ipv6(lines: Sequence[str]) -> Iterable[IPv6Address]:
    for line in lines:
        digits = line.split(maxsplit=1)[0]
        address = IPv6Address(int(digits, 16))
        if not address.is_link_local:
            yield address

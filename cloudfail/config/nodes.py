"""The nodes of an instance: parsed, and held against each other."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from cloudfail.config.file import NodeTable
from cloudfail.config.model import ConfiguredNode
from cloudfail.config.problems import Problems
from cloudfail.config.shape import check_table
from cloudfail.config.values import parse_address, parse_network
from cloudfail.model import Network

Keyed = tuple[str, ConfiguredNode]


def read_nodes(tables: Iterable[Any], key: str, problems: Problems) -> tuple[ConfiguredNode, ...]:
    """Return the nodes that are right in themselves; add what is wrong with any, or between two."""
    keyed: list[Keyed] = []
    for index, table in enumerate(tables):
        where = f"{key}.node[{index}]"
        node = _read_node(table, where, problems)
        if node is not None:
            keyed.append((where, node))
    _check_unique(keyed, problems)
    _check_families(keyed, problems)
    return tuple(node for _, node in keyed)


def subnet_of(node: ConfiguredNode) -> Network:
    """Return the declared subnet, else the /24 or /64 of the node's address."""
    if node.subnet is not None:
        return node.subnet
    length = 24 if node.address.version == 4 else 64  # noqa: PLR2004 - IP versions
    return ip_network(f"{node.address}/{length}", strict=False)


def _read_node(table: Any, key: str, problems: Problems) -> ConfiguredNode | None:
    before = problems.count()
    good = check_table(table, NodeTable, key, problems)
    address = _parsed(parse_address, good, "address", key, problems)
    subnet = _parsed(parse_network, good, "subnet", key, problems)
    if problems.count() > before:
        return None
    if subnet is not None and address not in subnet:
        problems.add(f"{key}.subnet", f"{address} is outside {subnet}", "correct one of the two")
        return None
    return ConfiguredNode(**{**good, "address": address, "subnet": subnet})


def _parsed(
    parse: Callable[[str, str, Problems], Any],
    good: dict[str, Any],
    name: str,
    key: str,
    problems: Problems,
) -> Any:
    text = good.get(name)
    return parse(text, f"{key}.{name}", problems) if text else None


def _check_unique(keyed: list[Keyed], problems: Problems) -> None:
    fields: tuple[tuple[str, Callable[[ConfiguredNode], Hashable], str], ...] = (
        ("name", lambda node: node.name, "every node needs a name of its own"),
        ("address", lambda node: node.address, "every node has its own unicast address"),
        ("priority", lambda node: node.priority, "give each node its own, or two are master"),
        ("interface_id", lambda node: node.interface_id, "every node has its own interface"),
    )  # fmt: skip
    for field, value_of, remedy in fields:
        seen: dict[Hashable, ConfiguredNode] = {}
        for key, node in keyed:
            value = value_of(node)
            first = seen.setdefault(value, node)
            if value != "" and first is not node:
                problems.add(f"{key}.{field}", f'{value} is also that of node "{first.name}"',
                             remedy)  # fmt: skip


def _check_families(keyed: list[Keyed], problems: Problems) -> None:
    for key, node in keyed[1:]:
        first = keyed[0][1]
        if node.address.version != first.address.version:
            problems.add(
                f"{key}.address",
                f"{node.address} is IPv{node.address.version}, but {first.address} of node "
                f'"{first.name}" is IPv{first.address.version}',
                "unicast VRRP needs all nodes in one family",
            )


def is_inside(inner: Network, outer: Network) -> bool:
    """Say whether `inner` lies within `outer`; never across families."""
    if isinstance(inner, IPv4Network) and isinstance(outer, IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, IPv6Network) and isinstance(outer, IPv6Network):
        return inner.subnet_of(outer)
    return False

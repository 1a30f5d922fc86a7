"""Sync groups: their members, and what they track for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cloudfail.config.vrrp.tables import SyncGroupTable
from cloudfail.keepalived.importer.groups import Group
from cloudfail.keepalived.importer.joined import Joined
from cloudfail.keepalived.importer.node import Node
from cloudfail.keepalived.importer.section import Found
from cloudfail.keepalived.importer.tracks import KINDS
from cloudfail.keepalived.syntax import Statement

_FEWEST = 2


def with_group_tracks(joined: Sequence[Joined]) -> None:
    """Let each member of a group track what the group tracks."""
    for one in joined:
        for member in one.members:
            for group in member.node.groups:
                names = {line.keyword for line in group.members}
                if member.instance.block.value in names:
                    for kind in KINDS:
                        _add(member.instance.section.found, group.section.found, kind)


def _add(found: dict[str, Found], of_group: dict[str, Found], kind: str) -> None:
    more = of_group.get(kind)
    if more is None:
        return
    own = found.get(kind, Found((), more.statement))
    known = {one.name for one in own.value}
    added = (*own.value, *(one for one in more.value if one.name not in known))
    found[kind] = Found(added, own.statement)


def sync_groups(joined: Sequence[Joined]) -> dict[str, SyncGroupTable]:
    """Return the groups by name: the first file's. An instance is in one group only."""
    nodes = list({id(one.node): one.node for each in joined for one in each.members}.values())
    found: dict[str, SyncGroupTable] = {}
    for node in nodes:
        placed: set[str] = set()
        for group in node.groups:
            table = _table(group, node, joined, placed)
            if table is None:
                continue
            first = found.setdefault(group.name, table)
            if first != table:
                why = "the first file has it otherwise, and counts"
                node.ledger.change(group.block, why, whole=True)
    return _disjoint(found, nodes)


def _table(
    group: Group, node: Node, joined: Sequence[Joined], placed: set[str]
) -> SyncGroupTable | None:
    names = {one.instance.block.value: each.name for each in joined for one in each.members
             if one.node is node}  # fmt: skip
    members: list[str] = []
    for line in group.members:
        name = names.get(line.keyword)
        if name is None or name in placed or name in members:
            why = "it is in a group already" if name else "there is no instance of that name"
            node.ledger.leave_out(line, why)
            continue
        members.append(name)
        node.ledger.carry(line)
    if len(members) < _FEWEST:
        node.ledger.leave_out(group.block, "a group needs two instances at least")
        return None
    placed.update(members)
    return SyncGroupTable(
        instances=tuple(members), smtp_alert=group.section.get("smtp_alert", False)
    )


def _disjoint(found: dict[str, SyncGroupTable], nodes: Sequence[Node]) -> dict[str, SyncGroupTable]:
    """Groups of two files may share an instance: the first one keeps it."""
    placed: set[str] = set()
    kept: dict[str, SyncGroupTable] = {}
    for name, table in found.items():
        if placed & set(table.instances):
            for node, block in _named(nodes, name):
                node.ledger.leave_out(block, "another file has its instances in another group")
            continue
        placed.update(table.instances)
        kept[name] = table
    return kept


def _named(nodes: Sequence[Node], name: str) -> Iterator[tuple[Node, Statement]]:
    for node in nodes:
        for group in node.groups:
            if group.name == name:
                yield node, group.block

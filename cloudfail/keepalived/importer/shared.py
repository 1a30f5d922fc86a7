"""What stands outside of instances in the toml, of all files: [keepalived], trackers, groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cloudfail.config.agent.tables import DEFAULT_FIFO, AgentTable
from cloudfail.config.file import InstanceTable
from cloudfail.config.vrrp.tables import DEFAULT_COMMAND, KeepalivedTable, SyncGroupTable
from cloudfail.keepalived.importer.checks import is_of_the_system
from cloudfail.keepalived.importer.global_defs import ELSEWHERE
from cloudfail.keepalived.importer.groups import Group
from cloudfail.keepalived.importer.joined import Joined, family
from cloudfail.keepalived.importer.node import Node
from cloudfail.keepalived.importer.section import Found, merged
from cloudfail.keepalived.importer.trackers import is_generated
from cloudfail.keepalived.importer.tracks import KINDS
from cloudfail.keepalived.syntax import Statement

_DEFAULT_VERSION = 2  # keepalived's own (measured with 2.2.7)
_IPV6 = 6
_V3 = 3
_ADDED = ("vrrp_check_unicast_src", "vrrp_higher_prio_send_advert", "vrrp_min_garp")
_FEWEST = 2
_FIFO_USER = "vrrp_notify_fifo_user"
_OF_AGENT = (DEFAULT_FIFO, "cloudfail cloudfail")  # the defaults of [keepalived]
_APART = frozenset({*ELSEWHERE, "smtp_alert_vrrp"})


def keepalived_table(
    nodes: Sequence[Node], version: int, commands: Iterable[str]
) -> KeepalivedTable:
    values = merged([node.shared for node in nodes], [node.name for node in nodes], _APART)
    kept: dict[str, Any] = {key: found.value for key, found in values.items()}
    kept["vrrp_version"] = version
    if all(node.source.is_generated for node in nodes):
        kept = {**dict.fromkeys(_ADDED, False), **kept}
    if "enable_script_security" not in kept:
        kept["enable_script_security"] = _is_secure(nodes)
    if kept.get("vrrp_notify_fifo"):
        kept.setdefault(_FIFO_USER, kept.get("script_user", "root"))
    if _has_agent(nodes) and (kept.get("vrrp_notify_fifo"), kept.get(_FIFO_USER)) == _OF_AGENT:
        del kept["vrrp_notify_fifo"], kept[_FIFO_USER]
    command = next(iter(commands), DEFAULT_COMMAND)
    return KeepalivedTable(**kept, command=command)


def agent_table(nodes: Sequence[Node]) -> AgentTable:
    """Without its handover files `generate` was told that there is no agent. Others get one."""
    is_off = all(node.source.is_generated for node in nodes) and not _has_agent(nodes)
    return AgentTable(enabled=not is_off)


def _has_agent(nodes: Sequence[Node]) -> bool:
    return any(is_generated(block.value) for node in nodes for block in node.source.tree.statements)


def _is_secure(nodes: Sequence[Node]) -> bool:
    """Without enable_script_security: still true, unless a check could be refused by it."""
    scripts = [one for node in nodes for one in node.trackers["track_script"].values()]
    foreign = [one for one in scripts if not is_of_the_system(one.table)]
    if foreign:
        ledger, place = nodes[0].ledger, foreign[0].statement.place
        why = (
            "false, as before, lest keepalived refuses this check; set it to true when nobody but "
            "root can write to the script and to its whole path"
        )
        ledger.say(place, "changed", "enable_script_security is missing", why)
    return not foreign


def version_of(nodes: Sequence[Node], joined: Sequence[Joined]) -> int:
    """Return the VRRP version of all instances; names those that had another one."""
    versions = [_own_version(one) for one in joined]
    version = versions[0] if len(set(versions)) == 1 else _global_version(nodes)
    for one in joined:
        for member in one.members:
            found = member.instance.section.found.get("version")
            if found is None:
                continue
            why = f"by vrrp_version = {version}, for all instances"
            if found.value != version and effective_version(one, version) != found.value:
                why = f"version {version} now: the toml has one version for all instances"
            member.node.ledger.change(found.statement, why)
    return version


def effective_version(joined: Joined, version: int) -> int:
    """IPv6 is always version 3."""
    return _V3 if family(joined.first.instance) == _IPV6 else version


def _own_version(joined: Joined) -> int:
    own = joined.first.instance.section.get("version")
    return effective_version(joined, own or _global_version([joined.first.node]))


def _global_version(nodes: Sequence[Node]) -> int:
    version: int = nodes[0].shared.get("vrrp_version", _DEFAULT_VERSION)
    return version


def trackers_of(nodes: Sequence[Node], kind: str) -> Mapping[str, Any]:
    """Return the tables by name: the first file's. Names what differs."""
    kept: dict[str, Found] = {}
    for node in nodes:
        for name, one in node.trackers[kind].items():
            first = kept.setdefault(name, Found(one.table, one.statement))
            if first.value != one.table:
                why = f"{nodes[0].name} has it otherwise ({first.statement.place}), and counts"
                node.ledger.change(one.statement, why, whole=True)
    return {name: found.value for name, found in kept.items()}


def smtp_alert_of(node: Node) -> bool:
    """The global smtp_alert_vrrp, else smtp_alert, is the default of instances."""
    for key in ("smtp_alert_vrrp", "smtp_alert"):
        found = node.shared.found.get(key)
        if found is not None:
            return bool(found.value)
    return False


def say_of_moved(nodes: Sequence[Node]) -> None:
    """What stood in global_defs, and stands at each instance now."""
    for node in nodes:
        for key in ("smtp_alert", "smtp_alert_vrrp", "default_interface"):
            found = node.shared.found.get(key)
            if found is not None:
                node.ledger.change(found.statement, "written at each instance")


def say_of_unused(nodes: Sequence[Node], instances: Mapping[str, InstanceTable]) -> None:
    """What no instance tracks is in the toml; the generator writes it once something does."""
    for node in nodes:
        for kind, trackers in node.trackers.items():
            used = {
                one if isinstance(one, str) else one.name
                for table in instances.values()
                for one in getattr(table, kind)
            }
            for name, tracker in trackers.items():
                if name not in used:
                    why = (
                        "no instance tracks it: it is in the toml, and not generated until one does"
                    )
                    node.ledger.change(tracker.statement, why, whole=True)


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

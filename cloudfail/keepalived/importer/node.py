"""Everything that one node's file says."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from cloudfail.keepalived.importer.global_defs import read_global_defs
from cloudfail.keepalived.importer.groups import Group, grouped, read_groups
from cloudfail.keepalived.importer.instance import Instance, Known, read_instances
from cloudfail.keepalived.importer.note import Ledger
from cloudfail.keepalived.importer.section import Section
from cloudfail.keepalived.importer.sources import Source
from cloudfail.keepalived.importer.trackers import (
    Trackers,
    read_files,
    read_processes,
    read_scripts,
)

_OUR_BLOCKS = frozenset(
    {"global_defs", "vrrp_instance", "vrrp_sync_group", "vrrp_script"}
    | {"track_file", "vrrp_track_file", "vrrp_track_process"}
)
_ELSEWHERE = "cloudfail.toml has no word for it: it belongs into conf.d"


class Node(Struct, frozen=True):
    name: str
    source: Source
    shared: Section
    trackers: Mapping[str, Trackers]
    groups: tuple[Group, ...]
    instances: tuple[Instance, ...]

    @property
    def ledger(self) -> Ledger:
        return self.source.ledger

    @property
    def router_id(self) -> str:
        text: str = self.shared.get("router_id", "")
        return "" if text == self.name else text


def read_node(source: Source, name: str) -> Node:
    tree, ledger = source.tree, source.ledger
    ledger.node = name
    for statement in tree.statements:
        if statement.keyword not in _OUR_BLOCKS:
            ledger.leave_out(statement, _ELSEWHERE, home="")
    shared = read_global_defs(tree, ledger)
    trackers = {
        "track_script": read_scripts(tree, ledger),
        "track_file": read_files(tree, ledger),
        "track_process": read_processes(tree, ledger),
    }
    groups = tuple(read_groups(tree, trackers, ledger))
    known = Known(trackers, shared, grouped(tree))
    instances = read_instances(tree, known, ledger)
    return Node(name, source, shared, trackers, groups, instances)

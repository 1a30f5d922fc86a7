"""vrrp_sync_group: who changes the role together, and what all of them track."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from cloudfail.keepalived.importer import values
from cloudfail.keepalived.importer.note import Ledger, UnfitError
from cloudfail.keepalived.importer.section import Section
from cloudfail.keepalived.importer.trackers import Trackers
from cloudfail.keepalived.importer.tracks import KINDS, read_tracks
from cloudfail.keepalived.syntax import NOTIFY, Statement, Tree

_FEWEST = 2
_WEIGHTS = frozenset({"global_tracking", "sync_group_tracking_weight"})


class Group(Struct, frozen=True):
    """`members` are names of vrrp_instance blocks; `section` holds what the members track.

    `notifies` are statements that name scripts.
    """

    name: str
    block: Statement
    members: tuple[Statement, ...]
    section: Section
    notifies: tuple[Statement, ...] = ()


def grouped(tree: Tree) -> frozenset[str]:
    """Return the instances whose weights keepalived ignores, because they are in a group."""
    return frozenset(
        line.keyword
        for block in tree.find("vrrp_sync_group")
        if len(members := _members(block)) >= _FEWEST
        for line in members
    )


def read_groups(tree: Tree, trackers: Mapping[str, Trackers], ledger: Ledger) -> Iterator[Group]:
    known: set[str] = set()
    for block in tree.find("vrrp_sync_group"):
        if not block.is_block:
            continue
        try:
            name = values.fit(block.value, "name")
        except UnfitError as unfit:
            ledger.leave_out(block, f"its name: {unfit}")
            continue
        if name in known:
            ledger.leave_out(block, "a second one of that name")
            continue
        known.add(name)
        ledger.carry(block)
        yield _read(block, name, trackers, Section(ledger))


def _read(block: Statement, name: str, trackers: Mapping[str, Trackers], section: Section) -> Group:
    statements = block.children or ()
    section.read(statements, {"smtp_alert": ("smtp_alert", values.switch)})
    for statement in statements:
        if statement.keyword == "group" and statement.is_block:
            section.ledger.carry(statement)
        elif statement.keyword in KINDS and statement.is_block:
            read_tracks(statement, section, trackers.get(statement.keyword), weighted=False)
            why = "each member tracks it, with the same effect"
            section.ledger.change(statement, why, whole=True)
        elif statement.keyword in _WEIGHTS:
            section.ledger.leave_out(statement, "in a group what is tracked has no weight")
    notifies = tuple(one for one in statements if one.keyword in NOTIFY)
    others = [one for one in statements if one.keyword not in NOTIFY]
    section.ledger.sweep(others, "[vrrp_sync_group.NAME] has no word for it")
    return Group(name, block, _members(block), section, notifies)


def _members(block: Statement) -> tuple[Statement, ...]:
    return tuple(line for one in block.find("group") for line in one.children or ())

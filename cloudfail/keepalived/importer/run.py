"""Files in, cloudfail.toml and notes out."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cloudfail.config import examine
from cloudfail.config.file import InstanceTable
from cloudfail.config.vrrp.tables import SyncGroupTable
from cloudfail.errors import ConfigError
from cloudfail.keepalived.importer.authentication import Secret
from cloudfail.keepalived.importer.claims import Choice, Claimed, say_of_unclaimed
from cloudfail.keepalived.importer.extras import extras_of, has_extras, inside_of
from cloudfail.keepalived.importer.joined import Joined, join
from cloudfail.keepalived.importer.moving import Moving
from cloudfail.keepalived.importer.node import Node, Source, names_of, read_node, read_sources
from cloudfail.keepalived.importer.note import Note
from cloudfail.keepalived.importer.notifies import Scripts
from cloudfail.keepalived.importer.remarks import additions_of, comments_of
from cloudfail.keepalived.importer.script import Moved
from cloudfail.keepalived.importer.seats import Names, seats_of
from cloudfail.keepalived.importer.shared import (
    agent_table,
    effective_version,
    keepalived_table,
    say_of_moved,
    say_of_unused,
    smtp_alert_of,
    sync_groups,
    trackers_of,
    version_of,
    with_group_tracks,
)
from cloudfail.keepalived.importer.table import Facts, instance_table
from cloudfail.keepalived.importer.toml import Writer
from cloudfail.keepalived.importer.vips import settled, with_addresses


class Imported(Struct, frozen=True, kw_only=True):
    """`toml` passes `cloudfail config check`, and holds no secret.

    `extras` are the files that the generated one includes, by their names beneath its directory:
    what the toml has no word for, with secrets as they stood.
    `secrets` are by the instance's name. `additions` say what the generator writes besides.
    """

    toml: str
    notes: tuple[Note, ...]
    extras: Mapping[str, str]
    secrets: Mapping[str, Secret]
    additions: tuple[str, ...]


def import_files(
    paths: Sequence[Path], *, provider: str = "aws", scripts: Scripts | None = None
) -> Imported:
    """Return what the files of one pair, a file each, are as cloudfail.toml.

    Raises ConfigError: a file cannot be read, has no vrrp_instance, or nothing valid can be made
    of it.
    """
    sources = read_sources(paths)
    nodes = _nodes(sources)
    joined = join(nodes)
    if not joined:
        names = ", ".join(map(str, paths))
        raise ConfigError(f"{names}: no vrrp_instance; name the keepalived.conf of a VRRP node")
    run = _Run(nodes, joined, provider, scripts or Scripts())
    tables = run.tables()
    for source in sources:
        source.ledger.sweep_all(source.tree)
    toml = Writer(run.comments).text(_head(paths), tables)
    _check(toml, paths)
    return Imported(
        toml=toml,
        notes=tuple(_sorted(sources)),
        extras=extras_of(nodes, joined),
        secrets=run.secrets,
        additions=additions_of(nodes, tables["keepalived"]),
    )


def _nodes(sources: Sequence[Source]) -> list[Node]:
    """A file without an instance is no VRRP node: all that it says is left out."""
    named = [source for source in sources if source.tree.has("vrrp_instance")]
    for source in sources:
        if source not in named:
            why = "its file has no vrrp_instance, so that it is no node"
            source.ledger.sweep(source.tree.statements, why)
    return [read_node(source, name) for source, name in zip(named, names_of(named), strict=True)]


class _Run:
    """One import, instance by instance."""

    def __init__(
        self, nodes: Sequence[Node], joined: Sequence[Joined], provider: str, scripts: Scripts
    ) -> None:
        self._nodes, self._joined = nodes, joined
        self._provider = provider
        self._moving = Moving(joined, scripts)
        self._choice = Choice()
        self._names = Names([node.name for node in nodes], joined)
        self._version = version_of(nodes, joined)
        self._routers: set[tuple[str, int | None, bool]] = set()
        self.secrets: dict[str, Secret] = {}
        self.comments: dict[str, tuple[str, ...]] = {}

    def tables(self) -> dict[str, Any]:
        """Return the tables in the order of the file."""
        with_group_tracks(self._joined)
        say_of_moved(self._nodes)
        instances = {one.name: self._instance(one) for one in self._joined}
        region = self._moving.region
        settings = {"region": region} if region and self._provider == "aws" else {}
        groups: dict[str, SyncGroupTable] = sync_groups(self._joined)
        say_of_unused(self._nodes, instances)
        return {
            "provider": {self._provider: settings} if settings else {},
            "keepalived": keepalived_table(self._nodes, self._version, self._moving.commands),
            "agent": agent_table(self._nodes),
            "vrrp_script": trackers_of(self._nodes, "track_script"),
            "track_file": trackers_of(self._nodes, "track_file"),
            "track_process": trackers_of(self._nodes, "track_process"),
            "vrrp_sync_group": groups,
            "instance": instances,
        }

    def _instance(self, joined: Joined) -> InstanceTable:
        seats = seats_of(joined, self._names)
        moves = self._moving.of(joined, seats)
        values = settled(joined, with_addresses(joined, moves.moved.addresses), seats)
        facts = Facts(
            joined=joined,
            seats=seats,
            values=values,
            version=effective_version(joined, self._version),
            smtp_alert=smtp_alert_of(joined.first.node),
            include=inside_of(joined.name) if has_extras(joined) else "",
        )
        claimed = self._claimed(facts, moves.moved)
        table, secret = instance_table(facts, claimed.claims, moves.hooks, self._provider)
        table = self._with_own_router(joined, table)
        if secret is not None:
            self.secrets[joined.name] = secret
        self.comments |= comments_of(joined.name, table, seats, claimed)
        return table

    def _claimed(self, facts: Facts, moved: Moved) -> Claimed:
        first, seats = facts.joined.first, facts.seats
        ledger, place = first.node.ledger, first.instance.block.place
        keys = ("virtual_ipaddress", "virtual_ipaddress_excluded")
        addresses = tuple(one for key in keys for one in facts.get(key, ()))
        if not moved.claims:
            claimed = self._choice.offered(addresses, seats, place, ledger)
        else:
            claimed = self._choice.of_script(moved.claims, seats, place, ledger)
            say_of_unclaimed(addresses, claimed.claims, place, ledger)
        begun = ("From the script, to be completed:", *moved.partial) if moved.partial else ()
        return replace(claimed, comment=(*claimed.comment, *begun))

    def _with_own_router(self, joined: Joined, table: InstanceTable) -> InstanceTable:
        """Keepalived refuses two instances with one VRID on one device and family."""
        is_ipv6 = ":" in table.node[0].address
        router = (table.interface, table.virtual_router_id, is_ipv6)
        ledger, place = joined.first.node.ledger, joined.first.instance.block.place
        if table.virtual_router_id is None or router in self._routers:
            why = "write a number from 1 to 255 that no other instance of the device has"
            ledger.miss(place, f"the virtual_router_id of {joined.name}", why)
            return replace(table, virtual_router_id=None)
        self._routers.add(router)
        return table


def _head(paths: Sequence[Path]) -> tuple[str, ...]:
    return (
        f"Imported by `cloudfail import` from {', '.join(str(path) for path in paths)}.",
        "The same file goes to every node, as /etc/cloudfail/cloudfail.toml.",
    )


def _sorted(sources: Sequence[Source]) -> list[Note]:
    """Return each note once, in the order of the files."""
    notes = [note for source in sources for note in source.ledger.notes]
    files = list(dict.fromkeys(name for source in sources for name in source.tree.files))
    files += dict.fromkeys(note.place.file for note in notes)
    order = {name: index for index, name in reversed(list(enumerate(files)))}
    once: dict[object, Note] = {}
    for note in notes:
        once.setdefault((note.place, note.kind, note.what, note.why), note)
    return sorted(once.values(), key=lambda note: (order[note.place.file], note.place.line))


def _check(toml: str, paths: Sequence[Path]) -> None:
    """Raise ConfigError rather than give out what `cloudfail config check` would refuse."""
    with tempfile.TemporaryDirectory(prefix="cloudfail-") as directory:
        path = Path(directory) / "cloudfail.toml"
        path.write_text(toml, encoding="utf-8")
        _, problems = examine(path, {})
    serious = [one for one in problems if not one.provider]
    if serious:
        names = ", ".join(map(str, paths))
        raise ConfigError(
            f"{names}: no valid configuration can be made of it: {serious[0].key}: "
            f"{serious[0].message}; correct that first"
        )

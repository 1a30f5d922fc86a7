"""Files in, cloudfail.toml and notes out."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cloudfail.config import examine
from cloudfail.config.claim_tables import ClaimTable
from cloudfail.config.file import InstanceTable
from cloudfail.config.vrrp.tables import HookTable, SyncGroupTable
from cloudfail.errors import ConfigError
from cloudfail.keepalived.importer.additions import additions_of
from cloudfail.keepalived.importer.authentication import Secret
from cloudfail.keepalived.importer.claims import Choice, Claimed
from cloudfail.keepalived.importer.comments import comments_of
from cloudfail.keepalived.importer.extras import extras_of, has_extras, inside_of
from cloudfail.keepalived.importer.joined import Joined, join
from cloudfail.keepalived.importer.members import sync_groups, with_group_tracks
from cloudfail.keepalived.importer.node import Node, read_node
from cloudfail.keepalived.importer.note import Note
from cloudfail.keepalived.importer.notifies import Notified, Scripts, read_notifies
from cloudfail.keepalived.importer.script import joined as united
from cloudfail.keepalived.importer.seats import Names, Seat, seats_of
from cloudfail.keepalived.importer.shared import (
    effective_version,
    keepalived_table,
    say_of_moved,
    say_of_unused,
    smtp_alert_of,
    trackers_of,
    version_of,
)
from cloudfail.keepalived.importer.sources import Source, names_of, read_sources
from cloudfail.keepalived.importer.table import Facts, instance_table, values_of
from cloudfail.keepalived.importer.toml import Writer
from cloudfail.keepalived.importer.vips import settled


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
        self._provider, self._scripts = provider, scripts
        self._choice = Choice()
        self._names = Names([node.name for node in nodes], joined)
        self._version = version_of(nodes, joined)
        self._region = ""
        self._routers: set[tuple[str, int | None, bool]] = set()
        self._commands: list[str] = []
        self.secrets: dict[str, Secret] = {}
        self.comments: dict[str, tuple[str, ...]] = {}

    def tables(self) -> dict[str, Any]:
        """Return the tables in the order of the file."""
        with_group_tracks(self._joined)
        say_of_moved(self._nodes)
        instances = {one.name: self._instance(one) for one in self._joined}
        settings = {"region": self._region} if self._region and self._provider == "aws" else {}
        groups: dict[str, SyncGroupTable] = sync_groups(self._joined)
        say_of_unused(self._nodes, instances)
        return {
            "provider": {self._provider: settings} if settings else {},
            "keepalived": keepalived_table(self._nodes, self._version, self._commands),
            "vrrp_script": trackers_of(self._nodes, "track_script"),
            "track_file": trackers_of(self._nodes, "track_file"),
            "track_process": trackers_of(self._nodes, "track_process"),
            "vrrp_sync_group": groups,
            "instance": instances,
        }

    def _instance(self, joined: Joined) -> InstanceTable:
        seats = seats_of(joined, self._names)
        notified = self._notified(joined)
        values = settled(joined, values_of(joined), seats)
        facts = Facts(
            joined=joined,
            seats=seats,
            values=values,
            version=effective_version(joined, self._version),
            smtp_alert=smtp_alert_of(joined.first.node),
            include=inside_of(joined.name) if has_extras(joined) else "",
        )
        claimed = self._claimed(joined, seats, facts, notified)
        self._give_interfaces(joined, seats, notified)
        hooks = tuple(_hooks(notified))
        table, secret = instance_table(facts, claimed.claims, hooks, self._provider)
        table = self._with_own_router(joined, table)
        if secret is not None:
            self.secrets[joined.name] = secret
        self.comments |= comments_of(joined.name, table, seats, claimed)
        return table

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

    def _notified(self, joined: Joined) -> tuple[Notified, ...]:
        found = []
        for member in joined.members:
            scripts = self._scripts
            if scripts.given is not None and not self._is_for(joined):
                scripts = Scripts(read=scripts.read)
            found.append(read_notifies(member.instance, scripts, member.node.ledger))
            self._commands += [found[-1].command] if found[-1].command else []
            self._region = self._region or found[-1].moved.region
        return tuple(found)

    def _is_for(self, joined: Joined) -> bool:
        """The script given is for the instances whose notify_master has its name, else the first."""
        name = self._scripts.given.name if self._scripts.given else ""
        named = [one for one in self._joined if any(name in text for text in _masters(one))]
        return joined in (named or self._joined[:1])

    def _claimed(
        self,
        joined: Joined,
        seats: Sequence[Seat],
        facts: Facts,
        notified: Sequence[Notified],
    ) -> Claimed:
        ledger, place = joined.first.node.ledger, joined.first.instance.block.place
        moved: list[ClaimTable] = united([one for each in notified for one in each.moved.claims])
        if moved:
            return self._choice.of_script(moved, seats, place, ledger)
        keys = ("virtual_ipaddress", "virtual_ipaddress_excluded")
        addresses = tuple(one for key in keys for one in facts.get(key, ()))
        return self._choice.offered(addresses, seats, place, ledger)

    def _give_interfaces(
        self, joined: Joined, seats: Sequence[Seat], notified: Sequence[Notified]
    ) -> None:
        """An interface that a script names is that of its node, unless several nodes name it."""
        ids = [one.moved.interface_id for one in notified]
        for member, found in zip(joined.members, ids, strict=True):
            if found and ids.count(found) == 1:
                for seat in seats:
                    seat.interface_id = found if seat.member is member else seat.interface_id
            elif found:
                what = f"the interface_id of node {member.node.name}"
                why = f"the scripts of several nodes name {found}; write each node's own"
                member.node.ledger.miss(member.instance.block.place, what, why)


def _masters(joined: Joined) -> Iterator[str]:
    for member in joined.members:
        for statement in member.instance.notifies:
            if statement.keyword == "notify_master":
                yield statement.value


def _hooks(notified: Sequence[Notified]) -> Iterator[HookTable]:
    seen: list[HookTable] = []
    for one in notified:
        for hook in one.hooks:
            if hook not in seen:
                seen.append(hook)
                yield hook


def _head(paths: Sequence[Path]) -> tuple[str, ...]:
    return (
        f"Imported by `cloudfail import` from {', '.join(str(path) for path in paths)}.",
        "The same file goes to every node, as /etc/cloudfail/cloudfail.toml.",
    )


def _sorted(sources: Sequence[Source]) -> list[Note]:
    """Return each note once, in the order of the files; what is missing, where it is first."""
    notes = [note for source in sources for note in source.ledger.notes]
    files = list(dict.fromkeys(name for source in sources for name in source.tree.files))
    files += dict.fromkeys(note.place.file for note in notes)
    order = {name: index for index, name in reversed(list(enumerate(files)))}
    once: dict[object, Note] = {}
    for note in notes:
        where = None if note.kind == "missing" else note.place
        once.setdefault((where, note.kind, note.what, note.why), note)
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

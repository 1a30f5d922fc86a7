"""What the scripts of all nodes do for an instance, as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from cloudfail.config.claim_tables import MovedTable
from cloudfail.config.vrrp.tables import HookTable
from cloudfail.keepalived.importer.claims import brought_by
from cloudfail.keepalived.importer.joined import Joined, Member
from cloudfail.keepalived.importer.notifies import Caller, Notified, Scripts, read_notifies
from cloudfail.keepalived.importer.script import Moved, together
from cloudfail.keepalived.importer.seats import Seat
from cloudfail.keepalived.importer.vips import own_addresses


class Moves(Struct, frozen=True):
    """`hooks` are those of all nodes, each once."""

    moved: Moved
    hooks: tuple[HookTable, ...]


class Moving:
    """All instances of an import. `region` and `commands` are what was seen so far."""

    def __init__(self, joined: Sequence[Joined], scripts: Scripts) -> None:
        self._joined, self._scripts = joined, scripts
        self._handed: dict[str, list[MovedTable]] = {}
        self.region = ""
        self.commands: list[str] = []

    def of(self, joined: Joined, seats: Sequence[Seat]) -> Moves:
        """Read the scripts of an instance; the interfaces that they name are given to `seats`."""
        scripts = self._scripts
        if scripts.given is not None and not self._is_for(joined):
            scripts = Scripts(read=scripts.read)
        notified = [
            read_notifies(callers_of(member), scripts, member.node.source)
            for member in joined.members
        ]
        _give_interfaces(joined, seats, notified)
        self.commands += [one.command for one in notified if one.command]
        handed = Moved(claims=tuple(self._handed.pop(joined.name, ())))
        moved = together([handed, *(one.moved for one in notified)])
        self.region = self.region or moved.region
        hooks = dict.fromkeys(hook for one in notified for hook in one.hooks)
        return Moves(self._without_others(joined, moved), tuple(hooks))

    def _is_for(self, joined: Joined) -> bool:
        """The script given is for the instances that name one called so, else for the first."""
        name = self._scripts.given.name if self._scripts.given else ""
        named = [one for one in self._joined if any(name in text for text in _named(one))]
        return joined in (named or self._joined[:1])

    def _without_others(self, joined: Joined, moved: Moved) -> Moved:
        """Hand a claim that brings an address of a later instance to that one."""
        later = self._joined[self._joined.index(joined) + 1 :]
        kept: list[MovedTable] = []
        for claim in moved.claims:
            brought = set(brought_by([claim]))
            others = [one.name for one in later if brought & own_addresses(one)]
            if others and not brought & own_addresses(joined):
                self._handed.setdefault(others[0], []).append(claim)
            else:
                kept.append(claim)
        return replace(moved, claims=tuple(kept))


def callers_of(member: Member) -> tuple[Caller, ...]:
    """Return the instance, and the sync group of which it is the first member."""
    instance = member.instance
    name = instance.block.value
    groups = [one for one in member.node.groups if one.members and one.members[0].keyword == name]
    return (
        Caller("INSTANCE", name, instance.notifies),
        *(Caller("GROUP", one.name, one.notifies) for one in groups),
    )


def _named(joined: Joined) -> Iterator[str]:
    for member in joined.members:
        for caller in callers_of(member):
            for statement in caller.notifies:
                if statement.keyword in {"notify_master", "notify"}:
                    yield statement.value


def _give_interfaces(joined: Joined, seats: Sequence[Seat], notified: Sequence[Notified]) -> None:
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

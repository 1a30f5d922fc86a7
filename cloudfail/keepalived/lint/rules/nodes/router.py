"""Which instances of several files are one virtual router."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import Hit
from cloudfail.keepalived.lint.view import VrrpInstance
from cloudfail.model import Address


@dataclass(frozen=True, eq=False)
class Side:
    """An instance on one of the nodes."""

    conf: NodeConf
    instance: VrrpInstance

    @cached_property
    def source(self) -> Address | None:
        return self.instance.source

    @cached_property
    def peers(self) -> frozenset[Address]:
        return frozenset(peer.address for peer in self.instance.peers if peer.address is not None)

    def at(self, keyword: str) -> str:
        """Name the node and the line, for the other node's finding."""
        return f"{self.conf.name} ({self.instance.place_of(keyword)})"


Router = tuple[Side, ...]  # one instance per node, in the order of the files
Value = Callable[[Side], Hashable | None]
_Key = Callable[[VrrpInstance], Hashable | None]


def nodes_of(confs: Sequence[NodeConf]) -> tuple[NodeConf, ...]:
    """Leave out the node that a file with two ids or more does not name: it need not exist."""
    ids = Counter(conf.file for conf in confs if conf.config_id)
    return tuple(conf for conf in confs if conf.config_id != "" or ids[conf.file] == 1)


def routers(confs: Sequence[NodeConf]) -> tuple[Router, ...]:
    """Match instances by name and VRID, then by VRID and interface, by VRID, and by name.

    Where each file has one instance only, those belong together whatever they are called.
    """
    return _matched(tuple(confs))


@lru_cache(maxsize=2)
def _matched(confs: tuple[NodeConf, ...]) -> tuple[Router, ...]:
    nodes = nodes_of(confs)
    groups: list[Router] = [(Side(conf, one),) for conf in nodes for one in conf.instances]
    for key in (_name_and_vrid, _vrid_and_interface, _vrid, _name):
        groups = _merged(groups, key)
    if all(len(conf.instances) == 1 for conf in nodes):
        groups = _merged(groups, lambda instance: "the only one")
    order = {conf: at for at, conf in enumerate(nodes)}
    return tuple(tuple(sorted(group, key=lambda side: order[side.conf])) for group in groups)


def _merged(groups: Iterable[Router], key: _Key) -> list[Router]:
    """Join the groups that agree in a key and have no node in common."""
    found: list[list[Side]] = []
    by_key: dict[Hashable, list[Side]] = {}
    for group in groups:
        keys = [one for side in group if (one := key(side.instance)) is not None]
        fitting = (by_key[one] for one in keys if one in by_key)
        target = next((one for one in fitting if _is_disjoint(one, group)), None)
        if target is None:
            target = []
            found.append(target)
        target += group
        for one in keys:
            by_key.setdefault(one, target)
    return [tuple(one) for one in found]


def _is_disjoint(one: Iterable[Side], other: Iterable[Side]) -> bool:
    return {side.conf for side in one}.isdisjoint(side.conf for side in other)


def _name_and_vrid(one: VrrpInstance) -> Hashable | None:
    return one.vrid and (one.name, one.vrid, one.family)


def _vrid_and_interface(one: VrrpInstance) -> Hashable | None:
    return one.vrid and (one.vrid, one.interface, one.family)


def _vrid(one: VrrpInstance) -> Hashable | None:
    return one.vrid and (one.vrid, one.family)


def _name(one: VrrpInstance) -> Hashable | None:
    return one.name or None


def differing(router: Router, value: Value) -> Iterator[tuple[Side, Side]]:
    """Yield each side whose value is not that of most, and one that has it.

    A side whose value is None has none that could differ. Of two, the first file counts as right.
    """
    values = {side: value(side) for side in router}
    counted = Counter(one for one in values.values() if one is not None)
    if len(counted) < 2:  # noqa: PLR2004 - all agree
        return
    most = counted.most_common(1)[0][0]
    usual = next(side for side in router if values[side] == most)
    for side in router:
        if values[side] is not None and values[side] != most:
            yield side, usual


def compare(confs: Sequence[NodeConf], keyword: str, value: Value) -> Iterator[Hit]:
    """Yield a hit, at the keyword, for each side that differs; both values are in its message."""
    for router in routers(confs):
        for side, usual in differing(router, value):
            yield Hit(
                side.instance.place_of(keyword),
                f"{keyword} of {side.instance.name} is {value(side)}, but {value(usual)} on "
                f"{usual.at(keyword)}",
            )

"""The same addresses on every node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import ERROR, WARNING, Hit, NodesRule
from cloudfail.keepalived.lint.rules.nodes.example import PAIR, node
from cloudfail.keepalived.lint.rules.nodes.router import Side, differing, routers
from cloudfail.keepalived.version import Version
from cloudfail.model import Address

_FREE_VIPS = Version(2, 3, 3)


def _dropped(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    if version < _FREE_VIPS:
        yield from _different(confs, "virtual_ipaddress")


def _logged(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    if version >= _FREE_VIPS:
        yield from _different(confs, "virtual_ipaddress")


def _excluded(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    yield from _different(confs, "virtual_ipaddress_excluded")


def _different(confs: Sequence[NodeConf], keyword: str) -> Iterator[Hit]:
    for router in routers(confs):
        if len({side.instance.family for side in router}) > 1:
            continue
        for side, usual in differing(router, lambda one: _addresses(one, keyword)):
            mine, theirs = _addresses(side, keyword), _addresses(usual, keyword)
            what = [f"only here {_named(mine - theirs)}"] if mine - theirs else []
            what += [f"not here {_named(theirs - mine)}"] if theirs - mine else []
            yield Hit(
                side.instance.place_of(keyword),
                f"{keyword} of {side.instance.name} is not that of {usual.at(keyword)}: "
                + ", ".join(what),
            )


def _addresses(side: Side, keyword: str) -> frozenset[Address]:
    """What is advertised is of the family of the instance; the other lines are left out."""
    instance = side.instance
    lines = instance.excluded if keyword.endswith("excluded") else instance.addresses
    found = (one.address for one in lines if one.address is not None)
    if lines is instance.excluded:
        return frozenset(found)
    return frozenset(one for one in found if one.version == instance.family)


def _named(addresses: frozenset[Address]) -> str:
    return " and ".join(sorted(map(str, addresses)))


_MORE = (PAIR[0], node(2, virtual_ipaddress=("10.0.0.100/32", "10.0.0.101/32")))

RULES = (
    NodesRule(
        code="KA106",
        title="Different virtual_ipaddress",
        severity=ERROR,
        why="Up to 2.3.2 an advert with other addresses is dropped: `received an unexpected ip number count "
        "1, expected 2!` or `ip address associated with VRID 51 not present in MASTER advert`, and two "
        "masters (measured with 2.2.7).",
        remedy="write the same addresses on all nodes",
        example=_MORE,
        repaired=PAIR,
        check=_dropped,
    ),
    NodesRule(
        code="KA107",
        title="Different virtual_ipaddress, from 2.3.3 on",
        severity=WARNING,
        why="keepalived 2.3.3 and newer only logs it and keeps one master (measured with 2.3.4), but what "
        "is missing in a file does not move to that node.",
        remedy="write the same addresses on all nodes",
        example=_MORE,
        repaired=PAIR,
        version=_FREE_VIPS,
        check=_logged,
    ),
    NodesRule(
        code="KA108",
        title="Different virtual_ipaddress_excluded",
        severity=WARNING,
        why="These addresses are in no advert, so keepalived cannot notice: one master (measured with "
        "2.2.7), which has only the addresses of its own file.",
        remedy="write the same addresses on all nodes",
        example=(node(1, virtual_ipaddress_excluded=("10.0.0.101/32",)), PAIR[1]),
        repaired=PAIR,
        check=_excluded,
    ),
)

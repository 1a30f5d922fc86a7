"""The same instances, groups and devices on all nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cloudfail.keepalived.lint.groups import members_of
from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import INFO, WARNING, Hit, NodesRule
from cloudfail.keepalived.lint.rules.nodes.example import PAIR, instance, node
from cloudfail.keepalived.lint.rules.nodes.router import differing, nodes_of, routers
from cloudfail.keepalived.syntax import Statement
from cloudfail.keepalived.version import Version

_FEWEST = 2
_Members = frozenset[int]  # routers, by their number


def _alone(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    nodes = nodes_of(confs)
    for router in routers(confs):
        here = [side.conf for side in router]
        missing = " and ".join(conf.name for conf in nodes if conf not in here)
        if missing:
            for side in router:
                yield Hit(side.instance.place, f"{side.instance.name} is not on {missing}")


def _named(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    for router in routers(confs):
        for side, usual in differing(router, lambda one: one.instance.name):
            yield Hit(
                side.instance.place,
                f"{side.instance.name} is called {usual.instance.name} on {usual.at('vrrp_instance')}",
            )


def _vmac(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    for router in routers(confs):
        for side, usual in differing(router, lambda one: one.instance.use_vmac):
            with_it, without = ("not here", "here")[side.instance.use_vmac], usual.at("use_vmac")
            yield Hit(
                side.instance.place_of("use_vmac"),
                f"use_vmac is {with_it} in {side.instance.name}, unlike {without}",
            )


def _groups(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    nodes = nodes_of(confs)
    written = {conf: _groups_of(conf, confs) for conf in nodes}
    for conf, groups in written.items():
        for other in nodes:
            common = _on(conf, confs) & _on(other, confs)
            theirs = {members & common for members in written[other].values()}
            for place, members in groups.items():
                shared = members & common
                if other is not conf and len(shared) >= _FEWEST and shared not in theirs:
                    yield Hit(
                        place.place,
                        f"{other.name} has no sync group with the instances of {place.value}",
                    )


def _groups_of(conf: NodeConf, confs: Sequence[NodeConf]) -> dict[Statement, _Members]:
    number = {
        side.instance.name: at
        for at, router in enumerate(routers(confs))
        for side in router
        if side.conf is conf
    }
    return {
        group: frozenset(number[name] for name in members_of(group) if name in number)
        for group in conf.sync_groups
    }


def _on(conf: NodeConf, confs: Sequence[NodeConf]) -> _Members:
    found = enumerate(routers(confs))
    return frozenset(at for at, router in found if any(side.conf is conf for side in router))


_GROUP = "vrrp_sync_group both {\n  group {\n    VI_1\n    VI_2\n  }\n}"


def _second(number: int) -> str:
    return instance(number, "VI_2", virtual_router_id="52", virtual_ipaddress=("10.0.0.102/32",))


_GROUPED = (node(1, "VI_1", _GROUP) + _second(1), node(2, "VI_1", _GROUP) + _second(2))

RULES = (
    NodesRule(
        code="KA136",
        title="An instance on one node only",
        severity=INFO,
        why="It is master there whenever that node runs, and nobody takes over when it does not.",
        remedy="add it to the other files, or name all files of its nodes here",
        example=(PAIR[0] + _second(1), PAIR[1]),
        repaired=(PAIR[0] + _second(1), PAIR[1] + _second(2)),
        check=_alone,
    ),
    NodesRule(
        code="KA137",
        title="One virtual router, two names",
        severity=INFO,
        why="Names are not in the adverts: the two find each other by virtual_router_id, and one is master "
        "(measured with 2.2.7). But logs, notify and `cloudfail notify --instance` go by the name.",
        remedy="give it the same name on all nodes",
        example=(PAIR[0], node(2, "VI_2")),
        repaired=PAIR,
        check=_named,
    ),
    NodesRule(
        code="KA138",
        title="use_vmac on one node only",
        severity=INFO,
        why="One node answers for the addresses with the virtual MAC, the other with its own, so what "
        "knows the address by its MAC has to learn it at each failover. The election works (measured with "
        "2.2.7).",
        remedy="write use_vmac with vmac_xmit_base on all nodes, or on none",
        example=(node(1, use_vmac="", vmac_xmit_base=""), PAIR[1]),
        repaired=PAIR,
        check=_vmac,
    ),
    NodesRule(
        code="KA139",
        title="Different sync groups",
        severity=WARNING,
        why="A group changes its role as one: FAULT of one member is FAULT of all. Where the other node has "
        "no such group it takes over one member and not the rest, and gives one back alone.",
        remedy="write the same vrrp_sync_group on all nodes",
        example=(_GROUPED[0], PAIR[1] + _second(2)),
        repaired=_GROUPED,
        check=_groups,
    ),
)

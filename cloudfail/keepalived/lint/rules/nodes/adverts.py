"""What of the other's advert is read at all: router, version, family, interval."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import ERROR, WARNING, Hit, NodesRule
from cloudfail.keepalived.lint.rules.nodes.example import PAIR, node
from cloudfail.keepalived.lint.rules.nodes.router import Side, compare
from cloudfail.keepalived.version import Version

_V2, _V3 = 2, 3


def _vrid(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    yield from compare(confs, "virtual_router_id", lambda side: side.instance.vrid)


def _version(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    yield from compare(confs, "version", lambda side: side.instance.version)


def _family(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    for hit in compare(confs, "unicast_src_ip", lambda side: f"IPv{side.instance.family}"):
        yield Hit(hit.place, hit.message.replace("unicast_src_ip", "the family", 1))


def _interval_v2(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    yield from compare(confs, "advert_int", lambda side: _interval(side, _V2))


def _interval_v3(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    yield from compare(confs, "advert_int", lambda side: _interval(side, _V3))


def _interval(side: Side, version: int) -> Hashable | None:
    """Say the seconds that go into an advert of that version; None where it is another."""
    seconds = side.instance.advert_int
    if seconds is None or side.instance.version != version:
        return None
    return f"{max(1, int(seconds + 0.5)) if version == _V2 else round(seconds, 2):g} s"


_IPV6 = node(
    2,
    unicast_src_ip="fd00::2",
    unicast_peer=("fd00::1",),
    virtual_ipaddress=("fd00::100/128 preferred_lft forever",),
)

RULES = (
    NodesRule(
        code="KA101",
        title="Different virtual_router_id",
        severity=ERROR,
        why="A node drops the adverts of another virtual router without a message: two masters, each with "
        "the addresses (measured with 2.2.7). Only log_unknown_vrids shows it.",
        remedy="write the same virtual_router_id on all nodes",
        example=(PAIR[0], node(2, virtual_router_id="52")),
        repaired=PAIR,
        check=_vrid,
    ),
    NodesRule(
        code="KA102",
        title="Different VRRP versions",
        severity=ERROR,
        why="`wrong version. Received 2 and expect 3`, and the advert is dropped: two masters (measured "
        "with 2.2.7). Without vrrp_version it is 2, with IPv6 always 3.",
        remedy="write the same vrrp_version in global_defs of all nodes",
        example=(PAIR[0], node(2, vrrp_version="2")),
        repaired=PAIR,
        check=_version,
    ),
    NodesRule(
        code="KA103",
        title="IPv4 on one node, IPv6 on the other",
        severity=ERROR,
        why="The first address of the block decides by which family the adverts go. With two families "
        "neither node hears the other, and nothing is logged: two masters (measured with 2.2.7).",
        remedy="use addresses of one family for unicast_src_ip, unicast_peer and virtual_ipaddress on all "
        "nodes",
        example=(PAIR[0], _IPV6),
        repaired=PAIR,
        check=_family,
    ),
    NodesRule(
        code="KA104",
        title="Different advert_int in version 2",
        severity=ERROR,
        why="`advertisement interval mismatch mine=2 sec rcv'd=1 sec`, and the advert is dropped: two "
        "masters (measured with 2.2.7). Version 2 counts whole seconds.",
        remedy="write the same advert_int on all nodes",
        example=(node(1, vrrp_version="2"), node(2, vrrp_version="2", advert_int="2")),
        repaired=(node(1, vrrp_version="2"), node(2, vrrp_version="2")),
        check=_interval_v2,
    ),
    NodesRule(
        code="KA105",
        title="Different advert_int in version 3",
        severity=WARNING,
        why="A backup takes over the master's interval (`advertisement interval updated from 2000ms to "
        "1000ms by master`): how long a failover takes depends on who was master before, three times its "
        "interval.",
        remedy="write the same advert_int on all nodes",
        example=(PAIR[0], node(2, advert_int="2")),
        repaired=PAIR,
        check=_interval_v3,
    ),
)

"""Unicast or multicast, from whom, and over how many routers: alike on all nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations

from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import ERROR, WARNING, Hit, NodesRule
from cloudfail.keepalived.lint.rules.nodes.example import PAIR, node
from cloudfail.keepalived.lint.rules.nodes.router import Router, Side, differing, routers
from cloudfail.keepalived.lint.view import Peer, number_of
from cloudfail.keepalived.version import Version

_HOPS = {4: 255, 6: 64}  # keepalived sets IPv4's only; 64 is the kernel's default
_MOST = 255


def _cast(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    for router in routers(confs):
        for side, usual in differing(router, _way):
            yield Hit(
                side.instance.place_of("unicast_peer"),
                f"{side.instance.name} sends by {_way(side)}, {usual.at('unicast_peer')} by "
                f"{_way(usual)}",
            )


def _way(side: Side) -> str:
    return "unicast" if side.instance.is_unicast else "multicast"


def _one_checks(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    for router in routers(confs):
        sides = [side for side in router if side.instance.is_unicast]
        checking = next((one for one in sides if one.conf.checks_source(one.instance)), None)
        for side in sides:
            if checking is not None and not side.conf.checks_source(side.instance):
                yield Hit(
                    side.instance.place_of("unicast_peer"),
                    f"{side.instance.name} obeys the adverts of anybody, but on {checking.conf.name} "
                    "only those of its peers",
                )


def _hops(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    for router in routers(confs):
        for receiver, sender, peer in _links(router):
            sent = _sent(sender)
            low, high = _option(peer, "min_ttl", 0), _option(peer, "max_ttl", _MOST)
            if sent is not None and not low <= sent <= high:
                yield Hit(
                    peer.place,
                    f"{receiver.instance.name} accepts {low} to {high} hops left, and "
                    f"{sender.at('unicast_ttl')} sends with {sent}",
                )


def _links(router: Router) -> Iterator[tuple[Side, Side, Peer]]:
    """Yield who hears whom, by which line."""
    for receiver, sender in permutations(router, 2):
        for peer in receiver.instance.peers:
            if peer.address is not None and peer.address == sender.source:
                yield receiver, sender, peer


def _sent(side: Side) -> int | None:
    written = side.instance.text("unicast_ttl")
    return number_of(written) if written else _HOPS[side.instance.family]


def _option(peer: Peer, word: str, default: int) -> int:
    words = (*peer.options, "")
    if word not in words[:-1]:
        return default
    written = number_of(words[words.index(word) + 1])
    return default if written is None else written


RULES = (
    NodesRule(
        code="KA120",
        title="Unicast on one node, multicast on the other",
        severity=ERROR,
        why="A node with unicast_peer does not join the multicast group, and one without it has no peer to "
        "send to: two masters, and nothing is logged (measured with 2.2.7, whichever node is which).",
        remedy="write unicast_src_ip and unicast_peer on all nodes",
        example=(PAIR[0], node(2, unicast_src_ip=None, unicast_peer=None)),
        repaired=PAIR,
        check=_cast,
    ),
    NodesRule(
        code="KA121",
        title="vrrp_check_unicast_src on one node only",
        severity=WARNING,
        replaces=("KA007",),
        why="The other obeys whoever sends (measured: also a node that it does not list). And a peer that "
        "is missing is noticed on one node only.",
        remedy="add vrrp_check_unicast_src to global_defs of all nodes",
        example=(PAIR[0], node(2, vrrp_check_unicast_src=None)),
        repaired=PAIR,
        check=_one_checks,
    ),
    NodesRule(
        code="KA122",
        title="More hops than the other accepts",
        severity=ERROR,
        why="`TTL/HL 64 not in range 255 - 255`, and the advert is dropped: two masters (measured with "
        "2.2.7). Without unicast_ttl adverts leave with 255 hops over IPv4, with 64 over IPv6, and each "
        "router on the way takes one.",
        remedy="write the same unicast_ttl on all nodes, and a min_ttl that is lower by the routers between",
        example=(node(1, unicast_ttl="64"), node(2, unicast_peer=("10.0.0.1 min_ttl 255",))),
        repaired=(PAIR[0], node(2, unicast_peer=("10.0.0.1 min_ttl 255",))),
        check=_hops,
    ),
)

"""Each node lists all others, at the addresses that they send from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import ERROR, INFO, Hit, NodesRule
from cloudfail.keepalived.lint.rules.nodes.example import PAIR, node
from cloudfail.keepalived.lint.rules.nodes.listed import (
    Fault,
    fault_of,
    strangers,
    unicast_sides,
    unlisted,
)
from cloudfail.keepalived.lint.rules.nodes.router import nodes_of, routers
from cloudfail.keepalived.version import Version


def _incomplete(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    for router, side in unicast_sides(confs):
        if fault_of(side, router) is not Fault.INCOMPLETE:
            continue
        drops = ", and drops its adverts" if side.conf.checks_source(side.instance) else ""
        for other in unlisted(side, router):
            yield Hit(
                side.instance.place_of("unicast_peer"),
                f"{side.instance.name} does not list {other.source}, the address of "
                f"{other.at('unicast_src_ip')}{drops}",
            )


def _mirrored(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    for router, side in unicast_sides(confs):
        if fault_of(side, router) is Fault.ITSELF:
            names = " and ".join(other.conf.name for other in unlisted(side, router))
            place = next(p.place for p in side.instance.peers if p.address == side.source)
            yield Hit(place, f"{side.instance.name} lists itself instead of {names}")


def _same_peers(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    """Without unicast_src_ip the own address is not known, but equal lists cannot be right."""
    del version
    for router in routers(confs):
        for one, other in combinations(router, 2):
            sources = {one.source, other.source}
            if one.peers and one.peers == other.peers and None in sources:
                yield Hit(
                    other.instance.place_of("unicast_peer"),
                    f"{other.instance.name} has the same peers as {one.at('unicast_peer')}: one of "
                    "the two lists itself, or neither lists the other",
                )


def _elsewhere(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    for router, side in unicast_sides(confs):
        if fault_of(side, router) is Fault.ELSEWHERE:
            stranger, other = strangers(side, router)[0], unlisted(side, router)[0]
            yield Hit(
                stranger.place,
                f"{side.instance.name} lists {stranger.address}, but {other.at('unicast_src_ip')} "
                f"sends from {other.source}",
            )


def _same_source(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    for router in routers(confs):
        for one, other in combinations(router, 2):
            source = other.source
            if source is not None and source == one.source:
                yield Hit(
                    other.instance.place_of("unicast_src_ip"),
                    f"{source} is the unicast_src_ip of {one.at('unicast_src_ip')} too",
                )


def _stranger(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    for router, side in unicast_sides(confs):
        sources = {one.source for one in router if one.source is not None}
        families = {one.version for one in sources}
        if (
            len(sources) == len(nodes_of(confs))
            and len(families) == 1
            and not unlisted(side, router)
        ):
            for peer in strangers(side, router):
                yield Hit(peer.place, f"{peer.address} is the address of none of these nodes")


_ELSE = ("10.0.0.3",)
_NO_SOURCE = node(2, unicast_src_ip=None)

RULES = (
    NodesRule(
        code="KA115",
        title="A node is not in the other's peers",
        severity=ERROR,
        why="The node that is not listed gets no adverts and becomes master beside the other; with "
        "vrrp_check_unicast_src its own are dropped too (`unicast source address 10.0.0.1 not a unicast "
        "peer`). Two masters, whichever side lacks the line (measured with 2.2.7).",
        remedy="list the addresses of all other nodes, one a line",
        example=(PAIR[0], node(2, unicast_peer=("10.0.0.3", "10.0.0.4"))),
        repaired=PAIR,
        check=_incomplete,
    ),
    NodesRule(
        code="KA116",
        title="A node lists itself, not the other",
        severity=ERROR,
        replaces=("KA003",),
        why="The file was copied from the other node without exchanging the addresses. It advertises to "
        "itself: `equal priority advert received from remote host with our IP address`, and two masters "
        "(measured with 2.2.7).",
        remedy="exchange the two: unicast_src_ip is the node's own address, unicast_peer has the others",
        example=(node(1, unicast_peer=("10.0.0.1",)), PAIR[1]),
        repaired=PAIR,
        check=_mirrored,
    ),
    NodesRule(
        code="KA117",
        title="A peer at another address than it sends from",
        severity=ERROR,
        why="With vrrp_check_unicast_src `unicast source address 10.0.0.2 not a unicast peer` and two "
        "masters (measured with 2.2.7). Without it the other node hears nothing, where the listed address "
        "is not one of its own.",
        remedy="list the address that the other file has as unicast_src_ip",
        example=(node(1, unicast_peer=_ELSE), PAIR[1]),
        repaired=PAIR,
        check=_elsewhere,
    ),
    NodesRule(
        code="KA118",
        title="One unicast_src_ip on two nodes",
        severity=ERROR,
        why="On one of them it is not local: `bind unicast_src 10.0.0.1 failed 99 - Cannot assign requested "
        "address`, and the instance stays in FAULT (measured with 2.2.7): nobody takes over when the master "
        "fails. 2.3.3 and 2.3.4 bind all the same: two masters, without a word in the log (measured).",
        remedy="write each node's own address",
        example=(PAIR[0], node(2, unicast_src_ip="10.0.0.1")),
        repaired=PAIR,
        check=_same_source,
    ),
    NodesRule(
        code="KA119",
        title="Two nodes with the same peers",
        severity=ERROR,
        why="No list is right for two nodes: each has to name the other, and not itself. The file was "
        "copied; with one address in it one of the nodes sends nothing but to itself, and both are master.",
        remedy="list the other nodes, and add unicast_src_ip with the node's own address",
        example=(
            node(1, unicast_src_ip=None),
            node(2, unicast_src_ip=None, unicast_peer=("10.0.0.2",)),
        ),
        repaired=(node(1, unicast_src_ip=None), _NO_SOURCE),
        check=_same_peers,
    ),
    NodesRule(
        code="KA123",
        title="A peer that is none of the nodes",
        severity=INFO,
        why="Nobody answers there, or a node whose file was not named here. A node that was taken out and "
        "whose address somebody else has now may send adverts that are obeyed.",
        remedy="take the line out, or name the file of that node too",
        example=(node(1, unicast_peer=("10.0.0.2", "10.0.0.3")), PAIR[1]),
        repaired=PAIR,
        check=_stranger,
    ),
)

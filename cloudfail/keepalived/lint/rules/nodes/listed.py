"""Whom a node lists, and whom it should."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum, auto

from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rules.nodes.router import Router, Side, routers
from cloudfail.keepalived.lint.view import Peer


class Fault(Enum):
    """What is the matter with a list that lacks a node."""

    INCOMPLETE = auto()
    ITSELF = auto()
    ELSEWHERE = auto()


def unicast_sides(confs: Sequence[NodeConf]) -> Iterator[tuple[Router, Side]]:
    """Yield each instance that has peers, with its router."""
    for router in routers(confs):
        for side in router:
            if side.instance.is_unicast:
                yield router, side


def unlisted(side: Side, router: Router) -> tuple[Side, ...]:
    """Return the other nodes that send from an address which the side does not list.

    Nothing is known of a node without unicast_src_ip.
    """
    own = side.source
    return tuple(
        other
        for other in router
        if other.instance.family == side.instance.family
        and other.source not in (None, own)
        and other.source not in side.peers
    )


def strangers(side: Side, router: Router) -> tuple[Peer, ...]:
    """Return the peers that are the address of none of the nodes."""
    known = {one.source for one in router}
    return tuple(p for p in side.instance.peers if p.address and p.address not in known)


def fault_of(side: Side, router: Router) -> Fault | None:
    missing = unlisted(side, router)
    if not missing:
        return None
    if side.source in side.peers:
        return Fault.ITSELF
    one_other = len(strangers(side, router)) == len(missing) == 1
    if one_other and len(side.peers) == len(router) - 1:
        return Fault.ELSEWHERE
    return Fault.INCOMPLETE

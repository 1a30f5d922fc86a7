"""Do adverts really arrive? Who is master by the wire, and what keepalived would make of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

import msgspec

from cloudfail.config import ConfiguredNode
from cloudfail.doctor.check import Case, Check, Checks, failed, ok, warning
from cloudfail.doctor.differences import differences
from cloudfail.doctor.listening import INTERVALS, Heard
from cloudfail.doctor.running import running_pid
from cloudfail.keepalived.wire import Advert
from cloudfail.model import Address

_SUBJECT = "adverts"
_VRRP, _AH = 112, 51
_REPEATED = 2  # the loser of an election answers once before it yields; a master goes on


class Wire(msgspec.Struct, frozen=True, kw_only=True):
    """What was heard of one instance. `peers` are configured nodes', `strangers` anybody else's.

    Without configured nodes everybody is a peer.
    """

    own: tuple[Advert, ...] = ()
    peers: tuple[Advert, ...] = ()
    strangers: tuple[Advert, ...] = ()

    @property
    def by_sender(self) -> dict[Address, list[Advert]]:
        """Return the adverts of each master, this node included; farewells are none."""
        found: dict[Address, list[Advert]] = {}
        for advert in (*self.own, *self.peers):
            if not advert.is_farewell:
                found.setdefault(advert.source, []).append(advert)
        return found

    @property
    def rivals(self) -> tuple[Address, ...]:
        """Return who went on advertising while another did, too; nobody when a master handed over."""
        senders = self.by_sender
        pairs = [
            pair
            for pair in combinations(senders, 2)
            if _goes_on(senders[pair[0]], senders[pair[1]])
            and _goes_on(senders[pair[1]], senders[pair[0]])
        ]
        return tuple(dict.fromkeys(address for pair in pairs for address in pair))

    @property
    def master(self) -> Address | None:
        """Return the only one who advertised, all the time; None when there was another, or nobody."""
        senders = list(self.by_sender)
        return senders[0] if len(senders) == 1 else None

    @property
    def last(self) -> Advert:
        """Return what was heard last, a farewell or not. Raises ValueError where nothing was."""
        return max((*self.own, *self.peers), key=lambda one: one.t)

    @property
    def is_mine(self) -> bool:
        """True when this node advertised as master: a farewell alone is none."""
        return any(not advert.is_farewell for advert in self.own)


def heard_of(case: Case, heard: Heard) -> Wire:
    """Return what concerns the instance: its virtual router, and peers with one that nobody has."""
    mine = [advert for advert in heard.adverts if _concerns(advert, case)]
    incoming = [advert for advert in mine if not advert.outgoing]
    peers = {node.address for node in case.peers} or {advert.source for advert in incoming}
    return Wire(
        own=tuple(advert for advert in mine if advert.outgoing),
        peers=tuple(advert for advert in incoming if advert.source in peers),
        strangers=tuple(advert for advert in incoming if advert.source not in peers),
    )


def check_adverts(case: Case, heard: Heard) -> Checks:
    """Say what the adverts of one instance show; only a master advertises."""
    if case.device in heard.deaf:
        text = f"not listened: {heard.deaf[case.device]}"
        yield warning(_SUBJECT, text, "until then nothing proves that they arrive")
        return
    if case.instance.virtual_router_id is None:
        yield warning(_SUBJECT, "no virtual_router_id is configured: nothing to compare with")
        return
    wire = heard_of(case, heard)
    yield from _once(differences(case, (*wire.own, *wire.peers)))
    yield from _once(_of_stranger(case, advert) for advert in wire.strangers)
    yield from _verdict(case, wire)


def _verdict(case: Case, wire: Wire) -> Checks:
    senders = wire.by_sender
    if wire.rivals:
        yield _two_masters(case, wire)
    elif senders and (len(senders) > 1 or wire.last.is_farewell):
        name = _name(case, wire.last.source)
        text = f"now it is {name}" if not wire.last.is_farewell else f"{name} said farewell"
        text = f"the master changed while doctor listened: {text}"
        yield warning(_SUBJECT, text, "run doctor once more")
    elif wire.is_mine:
        yield ok(
            _SUBJECT,
            f"this node is master: {_count(wire.own)} left, {_of(wire.own[0])}. Backups are silent: "
            "that its adverts arrive is not proven here; run doctor on the backups",
        )
    elif senders:
        (adverts,) = senders.values()
        who = _name(case, adverts[0].source)
        text = f"{who} is master, and {_count(adverts)} arrived: {_of(adverts[0])}"
        bad = any(True for _ in differences(case, wire.peers))
        yield warning(_SUBJECT, text) if bad else ok(_SUBJECT, text)
    else:
        yield _silence(case)


def _two_masters(case: Case, wire: Wire) -> Check:
    names = " and ".join(_name(case, address) for address in wire.rivals)
    if not any(advert.source in wire.rivals for advert in wire.own):
        remedy = "they do not hear each other: run doctor on them"
        return failed(_SUBJECT, f"two masters: {names}", remedy)
    best = max(wire.peers, key=lambda one: (one.priority, one.source.packed))
    own = wire.own[0]
    peer = _name(case, best.source)
    if (best.priority, best.source.packed) > (own.priority, own.source.packed):
        text = f"{peer} is better, arrives here, and this node does not yield to it"
        remedy = (
            f"the host's firewall drops IP protocol {_protocol(case)} here (doctor hears before "
            "it), or keepalived refuses it: see its log for a password, addresses, a version"
        )
    else:
        text = f"{peer} advertises, and does not yield to this node, which is better"
        remedy = f"what this node sends does not reach it: {rule(case)}"
    return failed(_SUBJECT, f"two masters, {names}: {text}", remedy)


def _silence(case: Case) -> Check:
    start = (
        "this node may be in FAULT: see keepalived's log"
        if running_pid(case.machine)
        else "start keepalived"
    )
    return failed(
        _SUBJECT,
        f"nobody was heard in {INTERVALS} intervals, not even this node",
        f"{start}; if a peer is master, then {rule(case)}",
    )


def _of_stranger(case: Case, advert: Advert) -> Check:
    if case.me is not None and advert.source == case.me.address:
        text = f"another machine advertises from {advert.source}, this node's own address"
        return failed(
            _SUBJECT, text, f"find it by its MAC address {advert.source_mac}, and stop it"
        )
    text = f"{advert.source} advertises VRID {advert.virtual_router_id}, and is no configured node"
    if case.machine.config.keepalived.vrrp_check_unicast_src:
        return warning(_SUBJECT, f"{text}; keepalived drops it", "who is that? stop it")
    return failed(_SUBJECT, f"{text}; keepalived obeys it", "set vrrp_check_unicast_src = true")


def _once(checks: Iterator[Check]) -> Iterator[Check]:
    yield from dict.fromkeys(checks)


def _concerns(advert: Advert, case: Case) -> bool:
    """By virtual router, family and device; a peer with a VRID that no instance has is worth telling."""
    if case.device and advert.device != case.device:
        return False
    nodes = case.instance.nodes
    if nodes and advert.source.version != nodes[0].address.version:
        return False
    if advert.virtual_router_id == case.instance.virtual_router_id:
        return True
    known = {one.virtual_router_id for one in case.machine.config.instances.values()}
    return advert.virtual_router_id not in known and (
        advert.outgoing or advert.source in {peer.address for peer in case.peers}
    )


def _goes_on(adverts: Sequence[Advert], other: Sequence[Advert]) -> bool:
    """By destination: this node's own adverts leave once for each of its peers."""
    later = Counter(advert.destination for advert in adverts if advert.t > other[0].t)
    return max(later.values(), default=0) >= _REPEATED


def rule(case: Case) -> str:
    """Name the rule that is probably missing."""
    me = str(case.me.address) if case.me else "this node"
    peers = ", ".join(str(node.address) for node in case.peers) or "the peers"
    return (
        f"let IP protocol {_protocol(case)} pass from {peers} to {me}, and back: security group, "
        "network ACL (Azure: an NSG rule with protocol *), and the host's firewall"
    )


def _protocol(case: Case) -> int:
    return _AH if case.instance.vrrp.authentication.type == "AH" else _VRRP


def node_at(case: Case, address: Address) -> ConfiguredNode | None:
    return next((node for node in case.instance.nodes if node.address == address), None)


def _name(case: Case, address: Address) -> str:
    node = node_at(case, address)
    return f"{node.name} ({address})" if node else str(address)


def _count(adverts: Sequence[Advert]) -> str:
    return f"{len(adverts)} advert{'s' if len(adverts) != 1 else ''}"


def _of(advert: Advert) -> str:
    return (
        f"VRID {advert.virtual_router_id}, priority {advert.priority}, version {advert.version}, "
        f"every {advert.interval:g} s, authentication {advert.authentication}"
    )

"""Do adverts really arrive? Listens for three intervals, and compares them with the configuration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from cloudfail.clock import Deadline, SystemClock
from cloudfail.config import ConfiguredNode
from cloudfail.doctor.check import Case, Check, Checks, failed, ok
from cloudfail.keepalived.wire import Advert, Authentication, Listener

_INTERVALS = 3
_MARGIN = 0.5
_SLICE = 0.1
_PROTOCOL = {"AH": 51}
_VRRP = 112
_AUTHENTICATION = {
    "none": Authentication.NONE,
    "PASS": Authentication.PASS,
    "AH": Authentication.AH,
    "hmac": Authentication.HMAC,
}


def check_adverts(cases: Sequence[Case]) -> Checks:
    """Listen once for all instances, then judge each. Raises ConfigError without CAP_NET_RAW."""
    longest = max(case.instance.vrrp.advert_int for case in cases)
    heard = listen({case.device for case in cases}, _INTERVALS * longest + _MARGIN)
    for case in cases:
        yield from judge(case, [one for one in heard if _concerns(one, case)])


def listen(devices: set[str], seconds: float) -> list[Advert]:
    """Return every advert on these devices within that time, in order."""
    heard: list[Advert] = []
    deadline = Deadline.after(SystemClock(), seconds)
    with ExitStack() as stack:
        listeners = [stack.enter_context(Listener(device)) for device in sorted(devices)]
        while deadline.left():
            for listener in listeners:
                wait = min(_SLICE / len(listeners), deadline.left())
                while (advert := listener.read(wait)) is not None:
                    heard.append(advert)
                    wait = 0.0
    return heard


def judge(case: Case, heard: Sequence[Advert]) -> Checks:
    """Say what the adverts of one instance show; only a master advertises."""
    subject = f"{case.instance.name}: adverts"
    own = [one for one in heard if one.outgoing]
    incoming = [one for one in heard if not one.outgoing]
    yield from _mismatches(case, incoming)
    masters = {_name(case, one) for one in incoming if not one.is_farewell}
    if own and masters:
        yield failed(
            subject,
            f"two masters: this node advertises, and so does {', '.join(sorted(masters))}",
            "what one of them sends does not reach the other: " + _rule(case, case.instance.nodes),
        )
    elif own:
        yield ok(
            subject,
            f"this node is master, {_count(own)} left; backups are silent, so that what they would "
            "send is not proven to arrive: run doctor on them",
        )
    elif masters:
        yield ok(subject, f"{', '.join(sorted(masters))} is master: {_of(incoming[0])}")
    else:
        yield failed(
            subject,
            f"nobody was heard in {_INTERVALS} intervals, not even this node",
            f"start keepalived; if a peer is master, then {_rule(case, case.instance.nodes)}",
        )


def _mismatches(case: Case, incoming: Sequence[Advert]) -> Iterator[Check]:
    seen: set[str] = set()
    for advert in incoming:
        for message, remedy in _differences(case, advert):
            if message not in seen:
                seen.add(message)
                yield failed(f"{case.instance.name}: adverts", message, remedy)


def _differences(case: Case, advert: Advert) -> Iterator[tuple[str, str]]:
    """Each of these makes keepalived drop the advert: two masters, mostly without a word."""
    vrrp, shared = case.instance.vrrp, case.machine.config.keepalived
    name = _name(case, advert)
    peers = {node.address for node in case.instance.nodes}
    expected = (
        ("VRID", advert.virtual_router_id, case.instance.virtual_router_id),
        ("VRRP version", advert.version, shared.vrrp_version),
        ("interval", f"{advert.interval:g} s", f"{vrrp.advert_int:g} s"),
        ("authentication", advert.authentication, _AUTHENTICATION[vrrp.authentication.type]),
    )
    same = "generate both nodes' files from one cloudfail.toml"
    for what, theirs, ours in expected:
        if theirs != ours:
            yield f"{name} sends {what} {theirs}, here it is {ours}", same
    if advert.source not in peers:
        yield f"{advert.source} advertises, and is no configured node", "who is that? stop it"
    if not advert.checksum_ok:
        yield f"adverts of {name} arrive with a wrong checksum", "a device on the way changes them"


def _concerns(advert: Advert, case: Case) -> bool:
    """By virtual router, or by its sender: a peer with another VRID is worth telling."""
    if advert.device != case.device and not advert.outgoing:
        return False
    if advert.virtual_router_id == case.instance.virtual_router_id:
        return True
    others = {peer.address for peer in case.instance.nodes if peer is not case.me}
    return not advert.outgoing and advert.source in others and _is_only_one(case)


def _is_only_one(case: Case) -> bool:
    """Several instances between the same nodes have a VRID each: another one is no mistake then."""
    return len(case.machine.config.instances) == 1


def _rule(case: Case, nodes: Sequence[ConfiguredNode]) -> str:
    """Name the rule that is probably missing."""
    protocol = _PROTOCOL.get(case.instance.vrrp.authentication.type, _VRRP)
    me = case.me.address if case.me else "this node"
    peers = ", ".join(str(node.address) for node in nodes if node is not case.me)
    return (
        f"let IP protocol {protocol} in from {peers} to {me}, and back: security group, network ACL "
        "(Azure: an NSG rule with protocol *), and the host's firewall"
    )


def _name(case: Case, advert: Advert) -> str:
    names = {node.address: node.name for node in case.instance.nodes}
    known = names.get(advert.source)
    return f"{known} ({advert.source})" if known else str(advert.source)


def _count(adverts: Sequence[Advert]) -> str:
    return f"{len(adverts)} advert{'s' if len(adverts) != 1 else ''}"


def _of(advert: Advert) -> str:
    return (
        f"VRID {advert.virtual_router_id}, priority {advert.priority}, version {advert.version}, "
        f"every {advert.interval:g} s, authentication {advert.authentication}"
    )

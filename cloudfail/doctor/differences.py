"""What adverts say against what is configured: most of it makes keepalived drop them without a word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address

from cloudfail.doctor.check import Case, Check, failed, warning
from cloudfail.errors import ConfigError
from cloudfail.keepalived.generate import Member
from cloudfail.keepalived.generate.addresses import addresses_of
from cloudfail.keepalived.generate.gate import Gate
from cloudfail.keepalived.version import Version
from cloudfail.keepalived.wire import Advert, Authentication
from cloudfail.model import Address

_SUBJECT = "adverts"
_AUTHENTICATION = {
    "none": Authentication.NONE,
    "PASS": Authentication.PASS,
    "AH": Authentication.AH,
    "hmac": Authentication.HMAC,
}
_LENIENT = Version(2, 3, 3)  # drops nothing for a difference of addresses, and says so
_ADOPTS = 3  # a VRRPv3 backup takes the master's interval for its own
_REMEDY = "generate every node's files from one cloudfail.toml, and reload keepalived"


def differences(case: Case, adverts: Iterable[Advert]) -> Iterator[Check]:
    """Yield each difference of each advert."""
    for advert in adverts:
        who = _who(case, advert)
        for what, theirs, ours in _expected(case, advert):
            if theirs != ours:
                text = f"{who} {what} {theirs}, configured is {ours}"
                yield (warning if what == "interval" and advert.version == _ADOPTS else failed)(
                    _SUBJECT, text, _REMEDY
                )
        if not advert.checksum_ok and not advert.outgoing:  # the card computes what leaves
            text = f"adverts of {advert.source} arrive with a wrong checksum"
            yield failed(_SUBJECT, text, "a device on the way changes them")
        yield from _addresses(case, advert, who)


def _expected(case: Case, advert: Advert) -> Iterator[tuple[str, object, object]]:
    vrrp, shared = case.instance.vrrp, case.machine.config.keepalived
    yield "VRID", advert.virtual_router_id, case.instance.virtual_router_id
    yield "VRRP version", advert.version, shared.vrrp_version
    yield "interval", f"{advert.interval:g} s", f"{vrrp.advert_int:g} s"
    expected = _AUTHENTICATION[vrrp.authentication.type]
    yield "authentication", advert.authentication, expected


def _addresses(case: Case, advert: Advert, who: str) -> Iterator[Check]:
    """Up to 2.3.2 keepalived drops adverts whose list is not its own: two masters."""
    expected = _listed(case)
    site = case.machine.site
    if site is None or expected is None or set(advert.addresses) == expected:
        return
    theirs = ", ".join(sorted(map(str, advert.addresses))) or "none"
    ours = ", ".join(sorted(map(str, expected))) or "none"
    say = failed if site.version < _LENIENT else warning
    text = f"{who} addresses {theirs}, here they are {ours}"
    yield say(_SUBJECT, text, f"{_REMEDY}; the same version of keepalived on all")


def _listed(case: Case) -> set[Address] | None:
    """Return the addresses that this node's own adverts have; None where that is not known."""
    if case.me is None or case.machine.site is None:
        return None
    member = Member(instance=case.instance, node=case.me, device=case.device)
    try:
        lines = addresses_of(member, Gate(case.machine.site.version)).own
    except ConfigError:
        return None
    return {ip_address(line.partition("/")[0]) for line in lines}


def _who(case: Case, advert: Advert) -> str:
    if advert.outgoing:
        return "this node's keepalived advertises"
    names = {node.address: node.name for node in case.instance.nodes}
    name = names.get(advert.source)
    return f"{f'{name} ({advert.source})' if name else advert.source} advertises"

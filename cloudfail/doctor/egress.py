"""Does this node reach the API without any claimed object? What is known without asking the cloud."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from cloudfail.doctor.check import Case, Check, failed, ok, warning
from cloudfail.machine.names import addresses_of
from cloudfail.model import Address, Holding, PrivateIp, PublicIp, Route

SUBJECT = "way to the API"
_ANYWHERE = ip_address("192.0.2.1")  # RFC 5737: the default route's way; nothing is sent
_PORT = 9


def check_egress(case: Case, holdings: Sequence[Holding]) -> Check:
    """Say proven, not proven or not: which address calls to the API leave from, and if it may move.

    No packet is sent: the kernel chooses the source. A provider that knows better says so itself.
    """
    if case.machine.config.guard.own_egress == "assured":
        return ok(SUBJECT, 'taken on your word: [guard] own_egress = "assured"')
    to = _api_address(case.endpoint)
    source = source_to(to)
    if source is None:
        return failed(SUBJECT, f"there is no route to {to}", "give this node a way out of its own")
    if source in _moving(case):
        return failed(
            SUBJECT,
            f"calls leave from {source}, which moves: without it this node could not take it back",
            "let the default route have this node's own address: ip route replace default ... src",
        )
    doubts = [str(one.claim) for one in holdings if _may_carry(one.claim, source, to)]
    if doubts:
        return warning(
            SUBJECT,
            f"not proven: calls leave from {source}, and {', '.join(doubts)} may be on their way",
            "give this node a way that no claim is part of, like a private endpoint for the API: "
            "the guide of each cloud names them (A way to the API)",
        )
    return ok(SUBJECT, f"proven: calls leave from {source}, and nothing claimed is on their way")


def source_to(to: Address) -> Address | None:
    """Return the address that packets to it leave from; None without a route."""
    family = socket.AF_INET if to.version == 4 else socket.AF_INET6  # noqa: PLR2004
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((str(to), _PORT))
        except OSError:
            return None
        return ip_address(probe.getsockname()[0].partition("%")[0])


def _moving(case: Case) -> set[Address]:
    """Return the addresses of this machine that follow the master."""
    vrrp = case.instance.vrrp
    virtual = (*(vrrp.virtual_ipaddress or ()), *vrrp.virtual_ipaddress_excluded)
    claimed = (one.address for one in case.instance.claims if isinstance(one, PrivateIp))
    return {*claimed, *(one.address for one in virtual)}


def _api_address(endpoint: str) -> Address:
    """Return the address of the API where the settings name it, else one far away."""
    host = urlsplit(endpoint).hostname or ""
    return next(iter(addresses_of(host)), _ANYWHERE) if host else _ANYWHERE


def _may_carry(claim: object, source: Address, to: Address) -> bool:
    """A public address on the source translates its calls; a route may catch them."""
    match claim:
        case PublicIp(private_address=None):
            return True
        case PublicIp(private_address=seat):
            return seat == source
        case Route(destination=network):
            return to.version == network.version and to in network
        case _:
            return False

"""The nodes of one instance whose routes stand."""

from __future__ import annotations

from ipaddress import ip_address

from cloudfail.model import Peer

ADDRESSES = {"a": "10.0.1.10", "b": "10.0.1.11", "n": "10.0.1.98"}


def peers_of(which: str) -> tuple[Peer, ...]:
    """Return all of them but this one."""
    return tuple(
        Peer(name=name, address=ip_address(address))
        for name, address in ADDRESSES.items()
        if name != which
    )

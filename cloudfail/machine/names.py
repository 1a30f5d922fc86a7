"""Names of hosts, as this machine resolves them."""

from __future__ import annotations

import socket
from ipaddress import ip_address

from cloudfail.model import Address


def addresses_of(host: str | None) -> tuple[Address, ...]:
    """Return the addresses of a host, each once, in the resolver's order; none if it has none.

    An address is its own. Waits for as long as the resolver does.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return ()
    return tuple(dict.fromkeys(ip_address(str(item[4][0]).partition("%")[0]) for item in found))

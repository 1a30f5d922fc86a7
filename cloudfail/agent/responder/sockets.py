"""Listening sockets, and ends of connections, for the two families."""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
from ipaddress import IPv4Address

from cloudfail.config.agent.model import Responder
from cloudfail.model import Address

Place = tuple[socket.AddressFamily, str]

# The kernel takes this many on its own, and drops what is more: the client's next attempt is a second
# later. Less, and a few strangers would crowd out a probe; more, and a hung agent would seem to answer.
_BACKLOG = 64
_RESET = struct.pack("ii", 1, 0)  # struct linger of socket(7): on, zero seconds
_NO_FAMILY = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
_REMEDIES = {
    errno.EADDRINUSE: "another process listens there: end it, or choose another port",
    errno.EACCES: "not permitted: a port below 1024 needs CAP_NET_BIND_SERVICE, "
    "which the generated unit gives",
    errno.EADDRNOTAVAIL: "this machine does not have that address",
}


def places(address: Address | None) -> tuple[Place, ...]:
    """Return where to listen: at the address, or at every one of both families."""
    if address is None:
        return ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"))  # noqa: S104  the default
    family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
    return ((family, str(address)),)


def listen(place: Place, port: int) -> socket.socket:
    """Open a listening socket that never blocks. Raises OSError."""
    family, host = place
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.settimeout(0)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def is_without_ipv6(place: Place, error: OSError) -> bool:
    """True when the machine has no IPv6: then every address is those of IPv4."""
    return place[1] == "::" and error.errno in _NO_FAMILY


def reset(connection: socket.socket) -> None:
    """End the connection at once, with RST: the other side must not think it still stands."""
    with contextlib.suppress(OSError):  # it may be over already
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    connection.close()


def problem(responder: Responder, place: Place, error: OSError) -> str:
    """Say in one sentence why nothing listens there, and what to do."""
    what = _REMEDIES.get(error.errno or 0) or (error.strerror or str(error)).lower()
    host = f"[{place[1]}]" if place[0] == socket.AF_INET6 else place[1]
    return f"responder {host}:{responder.port} does not listen: {what}"

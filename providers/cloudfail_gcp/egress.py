"""Whether this node reaches the Compute API without what it is about to take, or to lose."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from ipaddress import ip_network
from urllib.parse import urlsplit

import msgspec
from cloudfail.machine.names import addresses_of
from cloudfail.model import Address, Network
from requests.utils import get_environ_proxies

from cloudfail_gcp.objects import NetworkRoute

# Of restricted.googleapis.com and private.googleapis.com (vpc/docs/configure-private-google-access).
RANGES = tuple(
    ip_network(text)
    for text in (
        "199.36.153.4/30",
        "199.36.153.8/30",
        "2600:2d00:2:1000::/64",
        "2600:2d00:2:2000::/64",
    )
)
_GOOGLE = ".googleapis.com"
# Connections that are open need no names: a look does not wait for those long.
NAME_SECONDS = 1.0


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """Where calls of the API go: to its host's addresses, or its proxy's; none when unresolved.

    `is_inside`: they are private, and not Google's. An endpoint of Private Service Connect for
    Google APIs answers a machine without an external address only with Private Google Access
    (vpc/docs/configure-private-service-connect-apis).
    """

    addresses: tuple[Address, ...] = ()
    is_inside: bool = False


class Resolver:
    """Finds the reach of one URL afresh; what was known last where names take too long. Thread-safe."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.known = Reach()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._until = 0.0

    def reach(self) -> Reach:
        """Wait a moment at most for each resolution, however many looks come meanwhile."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._resolve, name="names", daemon=True)
                self._thread.start()
                self._until = time.monotonic() + NAME_SECONDS
            thread, until = self._thread, self._until
        thread.join(max(0.0, until - time.monotonic()))
        return self.known

    def _resolve(self) -> None:
        found = find_reach(self._url)
        if found.addresses:
            self.known = found


def find_reach(url: str) -> Reach:
    """Resolve the endpoint's host, or that of the proxy that requests would use for it."""
    proxies = get_environ_proxies(url)
    proxy = proxies.get(urlsplit(url).scheme) or proxies.get("all") or ""
    via = proxy if "//" in proxy else f"//{proxy}"
    host = urlsplit(via if proxy else url).hostname or ""
    addresses = addresses_of(host)
    return Reach(addresses=addresses, is_inside=_is_inside(host, addresses))


def caught(
    destination: Network, reach: Reach, ways: Sequence[NetworkRoute] = ()
) -> Address | Network | None:
    """Return what a route for `destination` to this node would catch of its own way to the API.

    The longest prefix wins: `ways`, the other routes that this node follows, may keep it. When the
    API's addresses are not known, they are assumed to be anywhere, and in Google's own ranges.
    """
    for target in reach.addresses or _assumed(destination):
        if _covers(destination, target) and not any(
            _keeps(way, destination, target) for way in ways
        ):
            return target
    return None


def _assumed(destination: Network) -> tuple[Network, ...]:
    return (destination, *RANGES) if destination.prefixlen == 0 else RANGES


def _keeps(way: NetworkRoute, destination: Network, target: Address | Network) -> bool:
    return way.destination.prefixlen > destination.prefixlen and _covers(way.destination, target)


def ways_of(
    routes: Sequence[NetworkRoute], network: str, tags: Sequence[str]
) -> list[NetworkRoute]:
    """Return the routes that a machine with these tags follows in a network."""
    return [
        route
        for route in routes
        if route.network == network and not route.is_dead and applies(route.tags, tags)
    ]


def applies(route: Sequence[str], machine: Sequence[str]) -> bool:
    """Reference, Route.tags: "A list of instance tags to which this route applies."."""
    return not route or not set(route).isdisjoint(machine)


def _covers(wide: Network, target: Address | Network) -> bool:
    narrow = ip_network(target)
    return wide.version == narrow.version and narrow.subnet_of(wide)  # type: ignore[arg-type]


def _is_inside(host: str, addresses: Sequence[Address]) -> bool:
    if host.endswith(_GOOGLE) or not addresses:
        return False
    # A name of this machine itself tells nothing; its address was written on purpose.
    is_named = str(addresses[0]) != host
    return all(one.is_private and not (is_named and one.is_loopback) for one in addresses)

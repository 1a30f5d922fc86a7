"""Whether this node reaches ARM without what it is about to take, or to lose."""

from __future__ import annotations

from urllib.parse import urlsplit

from cloudfail.clock import Clock, SystemClock
from cloudfail.machine.names import addresses_of
from cloudfail.model import Address, Network

from cloudfail_azure.links import same
from cloudfail_azure.objects import RouteTable

# Service tags of which Azure Resource Manager is a part.
_TAGS = ("azureresourcemanager", "azurecloud")
_KEPT_SECONDS = 300.0


class ApiAddresses:
    """Looks the API's host up, and keeps what it found: no failover waits for a resolver."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[str, tuple[float, tuple[Address, ...]]] = {}

    def of(self, endpoint: str) -> tuple[Address, ...]:
        """Return the addresses of the API's host; none when its name was never resolved."""
        at, found = self._known.get(endpoint, (0.0, ()))
        now = self._clock.now()
        if not found or now - at > _KEPT_SECONDS:
            found = addresses_of(urlsplit(endpoint).hostname) or found
            self._known[endpoint] = now, found
        return found


_addresses = ApiAddresses(SystemClock())


def is_private(endpoint: str) -> bool:
    """True when the API is reached inside of the network: no public address carries that."""
    found = _addresses.of(endpoint)
    return bool(found) and all(address.is_private for address in found)


def cuts(destination: Network, table: RouteTable, subnet: str, endpoint: str) -> bool:
    """True when a route for `destination` to this node would catch its own way to the API.

    Only a table of the node's own subnet does. The longest prefix wins, so that a more specific
    route keeps the way; one for a service tag of the API does as well. A default route is assumed
    to catch an API whose address is not known.
    """
    if not any(same(one, subnet) for one in table.subnets) or _has_tag(table):
        return False
    found = _addresses.of(endpoint)
    if not found:
        return destination.prefixlen == 0
    return any(_catches(destination, table, address) for address in found)


def _catches(destination: Network, table: RouteTable, address: Address) -> bool:
    if address.version != destination.version or address not in destination:
        return False
    others = [route.destination for route in table.routes if route.destination is not None]
    closer = (
        other
        for other in others
        if other.version == address.version
        and address in other
        and other.prefixlen > destination.prefixlen
    )
    return next(closer, None) is None


def _has_tag(table: RouteTable) -> bool:
    return any(
        route.hop_type == "Internet" and route.prefix.lower().startswith(_TAGS)
        for route in table.routes
    )

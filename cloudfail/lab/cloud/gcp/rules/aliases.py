"""Alias IP ranges."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from cloudfail.lab.cloud.gcp.answers import ComputeError, Json, invalid
from cloudfail.lab.cloud.gcp.nics import Network, Seat, seats
from cloudfail.lab.cloud.gcp.store import Store

MOST_RANGES = 150
_FIELD = "resource.aliasIpRanges[].ipCidrRange"
_PATCHED = {"aliasIpRanges", "fingerprint", "kind", "name"}


def require_aliases_only(body: Json) -> None:
    """Reference, instances.updateNetworkInterface.

    "This method can only update an interface's alias IP range and attached network". The network
    is not moved here. `accessConfigs` in the body are refused: kubernetes/kubernetes#59423.
    """
    others = sorted(set(body) - _PATCHED)
    if others:
        value = str(body[others[0]])
        raise invalid(f"resource.{others[0]}", value, "Only alias IP ranges can be updated.")


def require_few(ranges: list[Json]) -> None:
    """vpc/docs/quota: "Maximum number of alias IP ranges per network interface"."""
    if len(ranges) > MOST_RANGES:
        message = f"An interface can have at most {MOST_RANGES} alias IP ranges."
        raise ComputeError(400, message, "invalid", "LIMIT_EXCEEDED")


def require_ranges_in_subnet(store: Store, seat: Seat, ranges: list[Json]) -> None:
    """Reference, AliasIpRange.ipCidrRange: "must belong to the specified subnetwork".

    subnetworkRangeName: "If not specified, the primary range of the subnetwork is used".
    """
    subnet = store.get(seat.subnetwork)
    for item in ranges:
        wanted, name = _network_of(item), item.get("subnetworkRangeName", "")
        within = _range_of(subnet, name)
        if within is None:
            why = "The subnetwork has no secondary range of that name."
            raise invalid("resource.aliasIpRanges[].subnetworkRangeName", name, why)
        if wanted.version != within.version or not wanted.subnet_of(within):  # type: ignore[arg-type]
            why = f"It must be within the range {within} of the subnetwork."
            raise invalid(_FIELD, str(wanted), why)


def require_ranges_unused(store: Store, seat: Seat, ranges: list[Json]) -> None:
    """Reference, AliasIpRange.ipCidrRange.

    It "cannot contain IP addresses reserved by system or used by other network interfaces". That is
    found out inside of the operation.
    """
    taken = list(_taken(store, seat))
    for item in ranges:
        wanted = _network_of(item)
        if any(wanted.overlaps(other) for other in taken):
            raise ComputeError(
                400,
                f"IP '{item['ipCidrRange']}' is already being used by another resource.",
                "invalid",
                "IP_IN_USE_BY_ANOTHER_RESOURCE",
            )


def _taken(store: Store, seat: Seat) -> Iterator[Network]:
    for other in seats(store):
        if other.network != seat.network:
            continue
        if address := other.nic.get("networkIP"):
            yield ip_network(address)
        if other.id != seat.id:
            yield from other.ranges


def _range_of(subnet: Json, name: str) -> Network | None:
    if not name:
        return ip_network(subnet["ipCidrRange"])
    for item in subnet.get("secondaryIpRanges", ()):
        if item["rangeName"] == name:
            return ip_network(item["ipCidrRange"])
    return None


def _network_of(item: Json) -> Network:
    """Reference, AliasIpRange.ipCidrRange: "a single IP address" or "a CIDR-formatted string".

    The third form, a bare netmask, lets Google choose the addresses: refused here.
    """
    text = item.get("ipCidrRange", "")
    try:
        return ip_network(text) if "/" in text else ip_network(ip_address(text))
    except ValueError as exc:
        raise invalid(_FIELD, text, "It must be an IP address or a CIDR range.") from exc

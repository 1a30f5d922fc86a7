"""Static routes."""

from __future__ import annotations

from ipaddress import ip_network

from cloudfail.lab.cloud.gcp.answers import ComputeError, Json, invalid
from cloudfail.lab.cloud.gcp.links import link, name_of, path_of
from cloudfail.lab.cloud.gcp.nics import Network, Seat, seats
from cloudfail.lab.cloud.gcp.store import Store

_NEXT_HOPS = ("nextHopInstance", "nextHopIp", "nextHopGateway", "nextHopIlb", "nextHopVpnTunnel")


def require_new_name(store: Store, path: str) -> None:
    """Reference, Route.name: a name is unique in its project."""
    if store.find(path) is not None:
        message = f"The resource '{path}' already exists"
        raise ComputeError(409, message, code="RESOURCE_ALREADY_EXISTS")


def require_destination(body: Json) -> Network:
    """Reference, Route.destRange: "Must specify an IPv4 range [...] or an IPv6 range"."""
    text = body["destRange"]
    try:
        return ip_network(text)
    except ValueError as exc:
        raise invalid("resource.destRange", text, "It must be a CIDR range.") from exc


def require_outside_subnets(store: Store, network: str, destination: Network, project: str) -> None:
    """load-balancing/docs/internal/troubleshooting-ilb, "Invalid value for destination range".

    "You cannot create a custom static route with a destination that exactly matches or is more
    specific (with a longer mask) than a subnet route."
    """
    for path, subnet in store.every("subnetworks"):
        if path_of(subnet["network"], project) != network:
            continue
        for text in _ranges_of(subnet):
            known = ip_network(text)
            if known.version == destination.version and destination.subnet_of(known):  # type: ignore[arg-type]
                raise ComputeError(
                    400,
                    f"Invalid value for field 'resource.destRange': '{destination}'. {destination} "
                    f"hides the address space of the network {link(network)} ({name_of(path)}). "
                    "Cannot change the routing of packets destined for the network.",
                )


def require_priority(body: Json) -> None:
    """Reference, Route.priority: "from `0` to `65535`, inclusive"."""
    if not 0 <= int(body["priority"]) <= 65535:  # noqa: PLR2004 - the document's number
        raise invalid("resource.priority", str(body["priority"]), "It must be from 0 to 65535.")


def require_one_next_hop(body: Json) -> None:
    """vpc/docs/routes: a route has a single destination and a single next hop."""
    given = [name for name in _NEXT_HOPS if name in body]
    if len(given) != 1:
        message = f"Exactly one next hop must be specified, not {len(given)}."
        raise ComputeError(400, message, "invalid")


def require_next_hop_instance(store: Store, url: str, project: str) -> str:
    """Reference, Route.nextHopInstance: "The URL to an instance that should handle [...] packets"."""
    path = path_of(url, project)
    if store.find(path) is None:
        raise invalid("resource.nextHopInstance", url, "The referenced resource was not found.")
    return path


def warning_of(store: Store, route: Json, project: str) -> str:
    """Reference, Route.warnings: a next hop that cannot do it is accepted, with a warning.

    NEXT_HOP_INSTANCE_NOT_FOUND, NEXT_HOP_INSTANCE_NOT_ON_NETWORK, NEXT_HOP_CANNOT_IP_FORWARD,
    NEXT_HOP_INSTANCE_HAS_NO_IPV6_INTERFACE, NEXT_HOP_NOT_RUNNING; Instance.canIpForward: "required if you plan to use this instance to
    forward routes".
    """
    path = path_of(route["nextHopInstance"], project)
    instance = store.find(path)
    if instance is None:
        return "NEXT_HOP_INSTANCE_NOT_FOUND"
    seat = next_hop_seat(store, route, project)
    if seat is None:
        return "NEXT_HOP_INSTANCE_NOT_ON_NETWORK"
    if ":" in route["destRange"] and seat.nic.get("stackType", "IPV4_ONLY") == "IPV4_ONLY":
        return "NEXT_HOP_INSTANCE_HAS_NO_IPV6_INTERFACE"
    if not instance.get("canIpForward"):
        return "NEXT_HOP_CANNOT_IP_FORWARD"
    return "" if instance["status"] == "RUNNING" else "NEXT_HOP_NOT_RUNNING"


def next_hop_seat(store: Store, route: Json, project: str) -> Seat | None:
    """Return the interface that the next hop instance has in the route's network."""
    wanted = (path_of(route["nextHopInstance"], project), path_of(route["network"], project))
    return next((seat for seat in seats(store) if (seat.instance, seat.network) == wanted), None)


def require_no_operation(peerings: bool, running: bool) -> None:  # noqa: FBT001 - two facts
    """The routes of a peered network change one at a time; the error passes.

    No document has it, clients do: hashicorp/terraform-provider-google#6361, and their retries.
    """
    if peerings and running:
        raise ComputeError(
            400,
            "There is a route operation in progress on the local or peer network. Try again later.",
            "invalid",
            "ROUTE_OPERATION_IN_PROGRESS",
        )


def _ranges_of(subnet: Json) -> list[str]:
    ranges = [subnet["ipCidrRange"]]
    ranges += [item["ipCidrRange"] for item in subnet.get("secondaryIpRanges", ())]
    ranges += [subnet[name] for name in ("ipv6CidrRange",) if name in subnet]
    return ranges

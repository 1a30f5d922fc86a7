"""Who holds what in the embedded Google Cloud, and so where its data plane sends packets."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from cloudfail.lab.cloud.gcp.answers import Json
from cloudfail.lab.cloud.gcp.links import link, path_of, project_of
from cloudfail.lab.cloud.gcp.nics import seats
from cloudfail.lab.cloud.gcp.rules.routes import next_hop_seat
from cloudfail.lab.cloud.gcp.store import Store
from cloudfail.lab.cloud.ledger import Target

_UNUSABLE = {"NEXT_HOP_INSTANCE_NOT_FOUND", "NEXT_HOP_NOT_RUNNING"}


def look(store: Store) -> dict[Target, str]:
    """(kind, target) -> holder, of everything that can change hands."""
    holders: dict[Target, str] = {}
    for _, address in store.every("addresses"):
        if address.get("addressType", "EXTERNAL") == "EXTERNAL":
            holders["public-ip", address["address"]] = ""
    for seat in seats(store):
        if own := seat.nic.get("networkIP"):  # none where the stack type is IPV6_ONLY
            holders["private-ip", own] = seat.id
        for value in seat.nat_ips:
            holders["public-ip", value] = seat.id
        for wanted in seat.ranges:
            single = wanted.num_addresses == 1
            holders["private-ip", str(wanted.network_address if single else wanted)] = seat.id
    for path, rule in store.every("forwardingRules"):
        holders["forwarding-rule", f"{path} {rule['IPAddress']}"] = _target_of(store, path, rule)
        holders.pop(("public-ip", rule["IPAddress"]), None)
    holders.update(_routes(store))
    return holders


def _target_of(store: Store, path: str, rule: Json) -> str:
    target = store.find(path_of(rule.get("target", ""), project_of(path)))
    if target is None or "instance" not in target:
        return ""
    instance = path_of(target["instance"], project_of(path))
    network = target.get("network", "")
    for seat in seats(store):
        if seat.instance == instance and (not network or link(seat.network) == network):
            return seat.id
    return ""


def _routes(store: Store) -> Iterator[tuple[Target, str]]:
    """Each destination of a network, and its next hops.

    Reference, Route.priority: "the one with the lowest-numbered priority value wins";
    vpc/docs/routes: routes of equal priority share the traffic. A next hop that is gone or stopped
    is passed over; one that cannot forward gets the packets, and drops them.
    """
    found: dict[tuple[str, str], list[tuple[str, Json]]] = {}
    for path, route in store.every("routes"):
        network = path_of(route["network"], project_of(path))
        found.setdefault((network, str(ip_network(route["destRange"]))), []).append((path, route))
    for (network, destination), routes in found.items():
        usable = [item for item in routes if not _UNUSABLE & set(_warnings(item[1]))]
        best = min((route["priority"] for _, route in usable), default=0)
        hops = {_hop(store, *item) for item in usable if item[1]["priority"] == best}
        yield ("route", f"{network} {destination}"), ",".join(sorted(filter(None, hops)))


def _hop(store: Store, path: str, route: Json) -> str:
    if "nextHopInstance" not in route:
        return str(route.get("nextHopGateway") or route.get("nextHopIlb") or "elsewhere")
    seat = None if _warnings(route) else next_hop_seat(store, route, project_of(path))
    return seat.id if seat else ""


def _warnings(route: Json) -> list[str]:
    return [item["code"] for item in route.get("warnings", ())]

"""What an interface reaches Google's APIs by when it has no external address of its own."""

from __future__ import annotations

from typing import Any

from cloudfail_gcp.api import Api
from cloudfail_gcp.interfaces import Interface, Subnet
from cloudfail_gcp.links import name_of, part_of, path_of

# Cloud NAT of a primary range turns on Private Google Access for it, too.
_PRIMARY = {"ALL_IP_RANGES", "PRIMARY_IP_RANGE"}
_VM = "ENDPOINT_TYPE_VM"
_EVERY_SUBNET = {"ALL_SUBNETWORKS_ALL_IP_RANGES", "ALL_SUBNETWORKS_ALL_PRIMARY_IP_RANGES"}


def read_subnet(api: Api, path: str) -> Subnet:
    request = {
        "project": part_of(path, "projects"),
        "region": part_of(path, "regions"),
        "subnetwork": name_of(path),
    }
    return Subnet.read(api.call("subnetworks.get", request, subject=path))


def read_nat(api: Api, nic: Interface) -> bool:
    """Say whether Cloud NAT translates for the interface's subnetwork."""
    path = nic.subnetwork
    request = {"project": part_of(path, "projects"), "region": part_of(path, "regions")}
    for router in api.pages("routers.list", request):
        if path_of(router.network) != nic.network:
            continue
        if any(_translates(nat, path) for nat in router.nats):
            return True
    return False


def _translates(nat: Any, subnetwork: str) -> bool:
    """True for a NAT to the internet (not a private one) of the subnetwork's primary range."""
    if nat.type_ == "PRIVATE" or _VM not in (nat.endpoint_types or [_VM]):
        return False
    if nat.source_subnetwork_ip_ranges_to_nat in _EVERY_SUBNET:
        return True
    return any(
        path_of(subnet.name) == subnetwork
        and not _PRIMARY.isdisjoint(subnet.source_ip_ranges_to_nat or _PRIMARY)
        for subnet in nat.subnetworks
    )

"""What an interface reaches Google's APIs by when it has no external address of its own."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from cloudfail_gcp.api import Api
from cloudfail_gcp.interfaces import Interface, Subnet
from cloudfail_gcp.links import name_of, part_of, path_of

_EVERY_SUBNET = {"ALL_SUBNETWORKS_ALL_IP_RANGES", "ALL_SUBNETWORKS_ALL_PRIMARY_IP_RANGES"}
_PRIVATE_SERVICE_CONNECT = ".p.googleapis.com"


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
        for nat in router.nats:
            named = {path_of(subnet.name) for subnet in nat.subnetworks}
            if nat.source_subnetwork_ip_ranges_to_nat in _EVERY_SUBNET or path in named:
                return True
    return False


def is_private_endpoint(endpoint: str) -> bool:
    """True for an endpoint inside of the network: Private Service Connect, or an address there."""
    host = urlsplit(endpoint).hostname or ""
    if host.endswith(_PRIVATE_SERVICE_CONNECT):
        return True
    try:
        return ip_address(host).is_private
    except ValueError:
        return False

"""Which permission a request needs on what: "IAM Permissions" of each page of the reference.

Beyond the method's own: what it uses of other resources (`addresses.use`, `targetInstances.use`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from cloudfail.lab.cloud.gcp.addresses import find_address
from cloudfail.lab.cloud.gcp.links import path_of
from cloudfail.lab.cloud.gcp.nics import Seat, seats
from cloudfail.lab.cloud.gcp.request import ComputeRequest
from cloudfail.lab.cloud.gcp.store import Store

Need = tuple[str, str]
_NAMES = {
    "routes.insert": "routes.create",
    "projects.getXpnHost": "projects.get",
    "zoneOperations.wait": "zoneOperations.get",
    "regionOperations.wait": "regionOperations.get",
    "globalOperations.wait": "globalOperations.get",
}


def needs_of(store: Store, request: ComputeRequest) -> Iterator[Need]:
    """Tell each permission and the path that it is needed on."""
    if request.method.endswith(".testIamPermissions"):
        return
    name = request.method.replace(".aggregatedList", ".list")
    yield f"compute.{_NAMES.get(name, name)}", request.target
    more = _MORE.get(request.method)
    if more is not None:
        yield from more(store, request)


def _of_insert(_: Store, request: ComputeRequest) -> Iterator[Need]:
    body = request.body or {}
    yield "compute.networks.updatePolicy", path_of(body.get("network", ""), request.project)
    if "nextHopInstance" in body:
        yield "compute.instances.use", path_of(body["nextHopInstance"], request.project)


def _of_delete(store: Store, request: ComputeRequest) -> Iterator[Need]:
    route = store.find(request.path) or {}
    if "network" in route:
        yield "compute.networks.updatePolicy", path_of(route["network"], request.project)


def _of_target(_: Store, request: ComputeRequest) -> Iterator[Need]:
    target = path_of((request.body or {}).get("target", ""), request.project)
    yield "compute.targetInstances.use", target


def _of_interface(store: Store, request: ComputeRequest) -> Iterator[Need]:
    seat = _seat(store, request)
    if seat is not None and (request.body or {}).get("aliasIpRanges"):
        yield "compute.subnetworks.use", seat.subnetwork


def _of_config(store: Store, request: ComputeRequest) -> Iterator[Need]:
    seat = _seat(store, request)
    if seat is not None:
        yield "compute.subnetworks.useExternalIp", seat.subnetwork
    value = (request.body or {}).get("natIP", "")
    found = find_address(store, value) if value else None
    if found is not None:
        yield "compute.addresses.use", found[0]


def _seat(store: Store, request: ComputeRequest) -> Seat | None:
    wanted = (request.target, request.query.get("networkInterface", ""))
    return next((s for s in seats(store) if (s.instance, s.nic["name"]) == wanted), None)


_MORE: Mapping[str, Callable[[Store, ComputeRequest], Iterator[Need]]] = {
    "routes.insert": _of_insert,
    "routes.delete": _of_delete,
    "forwardingRules.setTarget": _of_target,
    "instances.updateNetworkInterface": _of_interface,
    "instances.addAccessConfig": _of_config,
}

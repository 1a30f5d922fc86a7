"""Routes: made and deleted, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from cloudfail.clock import wall_clock
from cloudfail.lab.cloud.gcp.links import link, path_of
from cloudfail.lab.cloud.gcp.methods.context import Context, Writing
from cloudfail.lab.cloud.gcp.operations import Work
from cloudfail.lab.cloud.gcp.request import ComputeRequest
from cloudfail.lab.cloud.gcp.rules import routes as rules
from cloudfail.lab.cloud.gcp.store import Store


def _insert(context: Context, request: ComputeRequest) -> Work:
    body, store = dict(request.body or {}), context.store
    path = f"{request.path}/{body['name']}"
    network = path_of(body["network"], request.project)
    rules.require_new_name(store, path)
    store.get(network)
    destination = rules.require_destination(body)
    rules.require_priority(body)
    rules.require_one_next_hop(body)
    rules.require_outside_subnets(store, network, destination, request.project)
    if "nextHopInstance" in body:
        hop = rules.require_next_hop_instance(store, body["nextHopInstance"], request.project)
        body["nextHopInstance"] = link(hop)
    _require_calm(context, network)
    made = {**body, "destRange": str(destination), "network": link(network), "routeType": "STATIC"}

    def effect(store: Store) -> None:
        rules.require_new_name(store, path)
        store.put(path, {**made, "creationTimestamp": _now()})

    return Work("insert", path, effect)


def _now() -> str:
    return datetime.fromtimestamp(wall_clock(), UTC).isoformat(timespec="milliseconds")


def _delete(context: Context, request: ComputeRequest) -> Work:
    route = context.store.get(request.path)
    _require_calm(context, path_of(route["network"], request.project))

    def effect(store: Store) -> None:
        store.get(request.path)
        store.drop(request.path)

    return Work("delete", request.path, effect)


def _require_calm(context: Context, network: str) -> None:
    peered = bool(context.store.get(network).get("peerings"))
    rules.require_no_operation(peered, bool(context.operations.running("/global/routes/")))


METHODS: Mapping[str, Writing] = {"routes.insert": _insert, "routes.delete": _delete}

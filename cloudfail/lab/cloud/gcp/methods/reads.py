"""get, list, wait, testIamPermissions."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

from cloudfail.lab.cloud.gcp.answers import Json, not_found
from cloudfail.lab.cloud.gcp.links import link, scope_of
from cloudfail.lab.cloud.gcp.methods.context import Context, Reading
from cloudfail.lab.cloud.gcp.paging import page_of
from cloudfail.lab.cloud.gcp.request import ComputeRequest
from cloudfail.lab.cloud.gcp.store import KINDS

_BOTH = (
    *("addresses", "globalAddresses", "forwardingRules", "instances", "networks", "regions"),
    *("routers", "routes", "subnetworks", "targetInstances", "zones"),
    *("zoneOperations", "regionOperations", "globalOperations"),
)
_AGGREGATED = (
    *("addresses", "forwardingRules", "globalOperations", "instances", "subnetworks"),
    "targetInstances",
)
_TESTED = ("addresses", "instances", "routes", "subnetworks", "targetInstances")


def _get(context: Context, request: ComputeRequest) -> Json:
    return context.store.get(request.path)


def _list(context: Context, request: ComputeRequest) -> Json:
    collection = request.path.rsplit("/", maxsplit=1)[-1]
    items = [item for _, item in context.store.within(request.path)]
    return {
        "kind": f"compute#{KINDS[collection]}List",
        "id": request.path,
        "selfLink": link(request.path),
        **page_of(items, request.query),
    }


def _list_everywhere(context: Context, request: ComputeRequest) -> Json:
    """One page over all zones, regions and what is global, by scope."""
    collection, prefix = request.path.rsplit("/", maxsplit=1)[-1], f"projects/{request.project}/"
    every = context.store.every(collection)
    found = {item["selfLink"]: path for path, item in every if path.startswith(prefix)}
    page = page_of([context.store.get(path) for path in found.values()], request.query)
    scopes: dict[str, Json] = {}
    for item in page.pop("items", ()):
        scope = scope_of(found[item["selfLink"]]).removeprefix(prefix)
        scopes.setdefault(scope, {collection: []})[collection].append(item)
    return {
        "kind": f"compute#{KINDS[collection]}AggregatedList",
        "id": request.path,
        "selfLink": link(request.path),
        "items": scopes,
        **page,
    }


def _wait(context: Context, request: ComputeRequest) -> Json:
    return context.operations.wait(request.target, context.wait_seconds)


def _test_permissions(context: Context, request: ComputeRequest) -> Json:
    if context.store.find(request.target) is None:
        raise not_found(request.target)
    asked = (request.body or {}).get("permissions", [])
    held = context.may(request.user, asked, request.project)
    return {"permissions": held} if held else {}


def _get_project(context: Context, request: ComputeRequest) -> Json:
    hosts = set(context.hosts.values())
    if request.project not in {*context.hosts, *hosts}:
        raise not_found(f"projects/{request.project}")
    return {
        "kind": "compute#project",
        "id": str(number_of(request.project)),
        "name": request.project,
        "selfLink": link(request.path),
        "xpnProjectStatus": "HOST"
        if request.project in hosts
        else "UNSPECIFIED_XPN_PROJECT_STATUS",
    }


def _get_host(context: Context, request: ComputeRequest) -> Json:
    """Reference, projects.getXpnHost: "May be empty if no link exists"."""
    host = context.hosts.get(request.project, "")
    if not host:
        return {}
    path = f"projects/{host}"
    return {
        "kind": "compute#project",
        "id": str(number_of(host)),
        "name": host,
        "selfLink": link(path),
        "xpnProjectStatus": "HOST",
    }


def number_of(project: str) -> int:
    """Return the project's number: made of its name, the same in each run."""
    return 100_000_000_000 + zlib.crc32(project.encode())


METHODS: Mapping[str, Reading] = {
    **{f"{name}.get": _get for name in _BOTH},
    **{f"{name}.list": _list for name in _BOTH},
    **{f"{name}.testIamPermissions": _test_permissions for name in _TESTED},
    **{f"{name}Operations.wait": _wait for name in ("zone", "region", "global")},
    **{f"{name}.aggregatedList": _list_everywhere for name in _AGGREGATED},
    "projects.get": _get_project,
    "projects.getXpnHost": _get_host,
}

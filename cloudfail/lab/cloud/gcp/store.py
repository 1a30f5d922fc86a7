"""The resources of one embedded Google Cloud. Values are replaced, never changed in place.

So a snapshot is a copy of the index, and a stale read is a look at an older one.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any

from cloudfail.lab.cloud.gcp.answers import Json, not_found
from cloudfail.lab.cloud.gcp.links import collection_of, link, name_of, parent_of, scope_of

KINDS = {
    "addresses": "address",
    "forwardingRules": "forwardingRule",
    "instances": "instance",
    "networks": "network",
    "operations": "operation",
    "regions": "region",
    "routers": "router",
    "routes": "route",
    "subnetworks": "subnetwork",
    "targetInstances": "targetInstance",
    "zones": "zone",
}
BORN = "2026-01-01T00:00:00.000-08:00"


class Store:
    """Callers hold the cloud's lock."""

    def __init__(self, resources: Mapping[str, Json] | None = None) -> None:
        self._resources: dict[str, Json] = dict(resources or {})
        self._ids = itertools.count(4_000_000_000_000_000_001)

    def past(self) -> Store:
        """Return a store that stays as this one is now."""
        return Store(self._resources)

    def become(self, other: Store) -> None:
        self._resources = dict(other._resources)

    def find(self, path: str) -> Json | None:
        return self._resources.get(path)

    def get(self, path: str) -> Json:
        """Return the resource, not to be changed; ComputeError 404."""
        found = self._resources.get(path)
        if found is None:
            raise not_found(path)
        return found

    def edit(self, path: str) -> Json:
        """Return a copy to change and `put`; ComputeError 404."""
        return copy.deepcopy(self.get(path))

    def put(self, path: str, resource: Json) -> None:
        """Create or replace; what Compute itself adds to a resource is added."""
        made = {
            "kind": f"compute#{KINDS[collection_of(path)]}",
            "id": str(next(self._ids)),
            "creationTimestamp": BORN,
            "name": name_of(path),
            "selfLink": link(path),
            **_scope_field(path),
        }
        resource = {**made, **resource}
        for nic in resource.get("networkInterfaces", ()):
            nic["fingerprint"] = fingerprint_of(nic)
        self._resources[path] = resource

    def drop(self, path: str) -> None:
        self._resources.pop(path, None)

    def within(self, collection: str) -> Iterator[tuple[str, Json]]:
        """Go through one collection, like `projects/lab/global/routes`."""
        for path, resource in self._resources.items():
            if parent_of(path) == collection:
                yield path, resource

    def every(self, collection: str) -> Iterator[tuple[str, Json]]:
        """Go through all resources of a kind, like `instances`, of all projects and places."""
        for path, resource in self._resources.items():
            if collection_of(path) == collection:
                yield path, resource


def fingerprint_of(nic: Mapping[str, Any]) -> str:
    """Hash what the interface is: any change of it makes older fingerprints stale."""
    content = {name: value for name, value in nic.items() if name != "fingerprint"}
    text = json.dumps(content, sort_keys=True).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(text).digest()[:8]).decode()


def _scope_field(path: str) -> Json:
    match scope_of(path).split("/"):
        case [_, _, "zones", _] if collection_of(path) != "zones":
            return {"zone": link(scope_of(path))}
        case [_, _, "regions", _] if collection_of(path) != "regions":
            return {"region": link(scope_of(path))}
        case _:
            return {}

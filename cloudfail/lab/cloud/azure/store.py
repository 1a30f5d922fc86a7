"""The resources of one embedded Azure. Values are replaced, never changed in place.

A resource that an operation is writing has two of them: what was asked for, which reads show with
the state `Updating`, and what is in effect until the operation ends. One that an operation failed
to write may have them as well, and is shown as `Failed`.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cloudfail.lab.cloud.azure.answers import ArmError, Json
from cloudfail.lab.cloud.azure.links import (
    group_of,
    is_within,
    key_of,
    name_of,
    parts_below,
    subscription_of,
    top_of,
    type_of,
    types_of,
)

PARTS = {
    "loadBalancers": ("backendAddressPools", "inboundNatRules"),
    "networkInterfaces": ("ipConfigurations",),
    "routeTables": ("routes",),
    "virtualNetworks": ("subnets",),
}


class Store:
    """Callers hold the cloud's lock. Parts, like the routes of a table, are found by their ids."""

    def __init__(
        self,
        resources: Mapping[str, Json] | None = None,
        effective: Mapping[str, Json | None] | None = None,
    ) -> None:
        self._resources: dict[str, Json] = dict(resources or {})
        self._effective: dict[str, Json | None] = dict(effective or {})
        self.released: dict[tuple[str, str], float] = {}

    def past(self) -> Store:
        """Return a store that stays as this one is now."""
        return Store(self._resources, self._effective)

    def become(self, other: Store) -> None:
        self._resources = dict(other._resources)
        self._effective = dict(other._effective)
        self.released = {}

    def find(self, resource: str) -> Json | None:
        found = self._resources.get(key_of(top_of(resource)))
        for kind, name in parts_below(resource):
            found = _part(found, kind, name)
        return found

    def get(self, resource: str) -> Json:
        """Return the resource, not to be changed; ArmError 404."""
        found = self.find(resource)
        if found is None:
            raise self.missing(resource)
        return found

    def spelled(self, resource: str, types: Sequence[str]) -> str:
        """Return an id as Azure has it, whatever case it was given in; `types` are Azure's own."""
        found = self.find(resource)
        if found is not None:
            return str(found["id"])
        top = self.find(top_of(resource))
        if top is not None and len(types) > 1:
            return f"{top['id']}/{types[1]}/{name_of(resource)}"
        parent = resource.rstrip("/").rsplit("/", maxsplit=2)[0]
        return f"{parent}/{types[-1]}/{name_of(resource)}"

    def edit(self, resource: str) -> Json:
        """Return a copy to change and write; ArmError 404."""
        return copy.deepcopy(self.get(resource))

    def every(self, kind: str, scope: str = "") -> Iterator[Json]:
        """Go through all resources of a top-level type, those of one group or subscription."""
        wanted = f"/providers/microsoft.network/{kind.lower()}/"
        for key, resource in self._resources.items():
            if wanted in key and (not scope or is_within(key, scope)):
                yield resource

    def every_effective(self, kind: str) -> Iterator[Json]:
        """Go through them as they are in effect."""
        for resource in self.every(kind):
            found = self._effective.get(key_of(resource["id"]), resource)
            if found is not None:
                yield found

    def is_in_flight(self, resource: str) -> bool:
        key = key_of(top_of(resource))
        found = self._resources.get(key)
        is_written = found is not None and found["properties"]["provisioningState"] == "Updating"
        return is_written and key in self._effective

    def put(self, resource: str, document: Json, state: str = "Succeeded") -> Json:
        """Create or replace at once; what Azure itself adds to a resource is added."""
        made = _stamped(resource, document, state)
        self._resources[key_of(resource)] = made
        return made

    def propose(self, resource: str, document: Json) -> Json:
        """Show the resource as it is to become; it is in effect once it is settled."""
        before = self._resources.get(key_of(resource))
        self._effective.setdefault(key_of(resource), before)
        return self.put(resource, document, "Updating")

    def settle(self, resource: str) -> None:
        self._effective.pop(key_of(resource), None)
        self.put(resource, self.get(resource))

    def fail(self, resource: str) -> None:
        """Show what was asked for in the state `Failed`; in effect is what was before.

        networking/troubleshoot-failed-state: another write of the same is to mend it.
        """
        self.put(resource, self.get(resource), "Failed")

    def revert(self, resource: str) -> None:
        """Let the resource be what it was before the operation, in the state `Failed`."""
        before = self._effective.pop(key_of(resource), None)
        if before is None:
            self._resources.pop(key_of(resource), None)
        else:
            self.put(resource, before, "Failed")

    def missing(self, resource: str) -> ArmError:
        """azure-resource-manager/troubleshooting/error-not-found: what of an id is not there."""
        known = list(self._resources)
        if not any(is_within(key, f"/subscriptions/{subscription_of(resource)}") for key in known):
            words = f"The subscription '{subscription_of(resource)}' could not be found."
            return ArmError(404, "SubscriptionNotFound", words)
        group = group_of(resource)
        if not any(is_within(key, group) for key in known):
            words = f"Resource group '{name_of(group)}' could not be found."
            return ArmError(404, "ResourceGroupNotFound", words)
        if len(types_of(resource)) > 1:
            return ArmError(404, "NotFound", f"Resource {resource} not found.")
        words = (
            f"The Resource '{type_of(resource)}/{name_of(resource)}' under resource group "
            f"'{name_of(group)}' was not found. For more details please go to "
            "https://aka.ms/ARMResourceNotFoundFix"
        )
        return ArmError(404, "ResourceNotFound", words)


def _part(parent: Json | None, kind: str, name: str) -> Json | None:
    properties: Mapping[str, Any] = (parent or {}).get("properties", {})
    for known, items in properties.items():
        if known.lower() == kind.lower() and isinstance(items, list):
            for item in items:
                if item.get("name", "").lower() == name.lower():
                    found: Json = item
                    return found
    return None


def _stamped(resource: str, document: Json, state: str) -> Json:
    """Give a resource and all its parts one new ETag, as Azure does, and one state."""
    etag = f'W/"{uuid.uuid4()}"'
    made = copy.deepcopy(document)
    made |= {"name": name_of(resource), "id": resource, "type": type_of(resource), "etag": etag}
    made.setdefault("properties", {})["provisioningState"] = state
    for kind in PARTS.get(types_of(resource)[0], ()):
        for item in made["properties"].get(kind, ()):
            part = f"{resource}/{kind}/{item['name']}"
            item |= {"id": part, "type": type_of(part), "etag": etag}
            item.setdefault("properties", {})["provisioningState"] = state
    return made

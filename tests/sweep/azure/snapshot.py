"""Everything in the embedded cloud that a promotion could change, whole."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure

Snapshot = dict[str, Any]
# What Azure itself says of a resource, and where it is.
_DERIVED = {"id", "etag", "type", "provisioningState"}
_APART = {"networkInterfaces": "ipConfigurations", "routeTables": "routes"}
_KINDS = (*_APART, "publicIPAddresses", "loadBalancers", "virtualNetworks")


def config_key(nic: str, address: str) -> str:
    return f"{nic} {address}"


def route_key(table: str, destination: str) -> str:
    return f"{table} {destination}"


def take_snapshot(cloud: EmbeddedAzure) -> Snapshot:
    """Resources by id; ipConfigurations apart from their interfaces, routes from their tables."""
    with cloud.api.lock:
        return dict(_resources(cloud))


def _resources(cloud: EmbeddedAzure) -> Iterator[tuple[str, Any]]:
    for kind in _KINDS:
        for resource in cloud.api.store.every_effective(kind):
            found = _plain(resource)
            parts = found["properties"].pop(_APART[kind], []) if kind in _APART else []
            yield resource["id"], found
            for part in parts:
                properties = part["properties"]
                said = properties.get("privateIPAddress") or properties["addressPrefix"]
                yield f"{resource['id']} {said}", part


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if k not in _DERIVED or _is_reference(value)}
    return [_plain(item) for item in value] if isinstance(value, list) else copy.copy(value)


def _is_reference(value: dict[str, Any]) -> bool:
    return value.keys() == {"id"}

"""Everything in the embedded cloud that a promotion could change, whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp

Snapshot = dict[str, Any]
# What Compute itself derives from the rest.
_DERIVED = {"fingerprint", "status", "users", "warnings", "networkInterfaces"}
_KINDS = ("instances", "addresses", "forwardingRules", "targetInstances", "subnetworks", "networks")


def nic_key(instance: str) -> str:
    return f"{instance} nic0"


def route_key(destination: str) -> str:
    return f"route {destination}"


def take_snapshot(cloud: EmbeddedGcp) -> Snapshot:
    """Resources by path, interfaces apart from their instances, routes by destination."""
    with cloud.api.lock:
        return dict([*_resources(cloud), *_routes(cloud)])


def _resources(cloud: EmbeddedGcp) -> Iterator[tuple[str, Any]]:
    for kind in _KINDS:
        for path, resource in cloud.api.store.every(kind):
            yield path, {k: v for k, v in resource.items() if k not in _DERIVED}
            for nic in resource.get("networkInterfaces", ()):
                found = {k: v for k, v in nic.items() if k not in _DERIVED}
                aliases = found.get("aliasIpRanges", [])
                found["aliasIpRanges"] = sorted(aliases, key=lambda alias: alias["ipCidrRange"])
                yield f"{path} {nic['name']}", found


def _routes(cloud: EmbeddedGcp) -> Iterator[tuple[str, Any]]:
    """Next hops and tags of the routes that win: names and numbers are whoever's made them.

    One that loses may be left by a crash; the next move deletes it.
    """
    found: dict[str, dict[int, list[Any]]] = {}
    for _, route in cloud.api.store.every("routes"):
        hops = found.setdefault(route_key(route["destRange"]), {})
        way = [route["nextHopInstance"], list(route.get("tags", ()))]
        hops.setdefault(route["priority"], []).append(way)
    for key, hops in found.items():
        yield key, hops[min(hops)]

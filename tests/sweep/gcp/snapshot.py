"""Everything in the embedded cloud that a promotion could change, whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.store import BORN, Store

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
    """Next hops and tags of all routes: the winning one, then the others, whatever their numbers.

    Names and numbers are whoever's made them; two that share the traffic are told as one way.
    """
    found: dict[str, dict[int, list[Any]]] = {}
    for _, route in cloud.api.store.every("routes"):
        hops = found.setdefault(route_key(route["destRange"]), {})
        way = [route["nextHopInstance"], list(route.get("tags", ()))]
        hops.setdefault(route["priority"], []).append(way)
    for key, hops in found.items():
        best = min(hops)
        yield key, [hops[best], sorted(way for n in hops if n != best for way in hops[n])]


def age_routes(cloud: EmbeddedGcp) -> None:
    """Let all routes be as old as the world: what is left over is then certainly left over."""

    def effect(store: Store) -> None:
        for path, route in list(store.every("routes")):
            store.put(path, {**route, "creationTimestamp": BORN})

    cloud.api.apply(effect)

"""Compute's URLs, and the paths in them: `projects/P/zones/Z/instances/N`."""

from __future__ import annotations

import re

from cloudfail.model import ForwardingRule, Node

Place = tuple[str, str]
_HOST = re.compile(r"^https?://[^/]+/(?:compute/)?(?:v1|beta|alpha)/")


def path_of(url: str) -> str:
    return _HOST.sub("", url)


def name_of(path: str) -> str:
    return path.rsplit("/", maxsplit=1)[-1]


def part_of(path: str, collection: str) -> str:
    """Return the name after a collection's: `part_of(path, "zones")`; "" when it has none."""
    parts = path.split("/")
    return parts[parts.index(collection) + 1] if collection in parts[:-1] else ""


def region_of_zone(zone: str) -> str:
    return zone.rpartition("-")[0]


def interface_id(instance: str, nic: str) -> str:
    return f"{instance}/networkInterfaces/{nic}"


def instance_of(interface: str) -> str:
    """Return the instance's path of an interface's id."""
    return interface.partition("/networkInterfaces/")[0]


def place_of(claim: ForwardingRule, node: Node) -> Place:
    """Return the claim's project and region; the node's own where it names none."""
    return (claim.project or node.facts["project"], claim.region or node.facts["region"])

"""The world of these tests, and a provider of one of its nodes with what it told."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, ClassVar
from urllib.parse import urlsplit

from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.store import Store
from cloudfail.lab.cloud.gcp.world import (
    World,
    WorldAddress,
    WorldForwardingRule,
    WorldInterface,
    WorldNetwork,
    WorldNode,
    WorldRoute,
    WorldSubnet,
)
from cloudfail.model import Claim
from cloudfail.provider import ApiCall, Setup

from cloudfail_gcp.machine import Machine
from cloudfail_gcp.provider import GcpProvider
from cloudfail_gcp.settings import GcpSettings

REGION = "europe-west1"
DESTINATION = "10.99.0.0/16"
ALIAS, RANGE = "10.0.1.100", "10.64.0.16/28"
PUBLIC, EPHEMERAL = "203.0.113.50", "198.51.100.10"
EDGE, EDGE6 = "203.0.113.9", "2001:db8:ff::9"
WORLD = World(
    networks=(WorldNetwork("lab"), WorldNetwork("other")),
    subnets=(
        WorldSubnet(
            "one", "10.0.1.0/24", ranges={"pods": "10.64.0.0/16"}, ipv6="2001:db8:1::/64", nat=True
        ),
        WorldSubnet("two", "10.8.0.0/24", network="other", ipv6="2001:db8:2::/64"),
        WorldSubnet("far", "10.32.0.0/24", region="us-east1"),
    ),
    nodes=(
        WorldNode(
            "a",
            (
                WorldInterface(
                    "10.0.1.10",
                    "one",
                    aliases=("10.0.1.111/32",),
                    external=EPHEMERAL,
                    config="own",
                    ipv6="2001:db8:1::a",
                ),
                WorldInterface("10.8.0.10", "two", ipv6="2001:db8:2::a"),
            ),
        ),
        WorldNode(
            "b",
            (
                WorldInterface(
                    "10.0.1.11",
                    "one",
                    aliases=(f"{ALIAS}/32", "10.0.1.112/32", f"pods:{RANGE}"),
                    external=PUBLIC,
                    config="edge",
                    ipv6="2001:db8:1::b",
                ),
            ),
            zone=f"{REGION}-c",
        ),
        WorldNode("x", (WorldInterface("10.0.1.99", "one"),)),
        WorldNode("n", (WorldInterface("10.0.1.98", "one"),), target_instance=False),
        WorldNode("f", (WorldInterface("10.32.0.10", "far"),), zone="us-east1-b"),
    ),
    addresses=(WorldAddress("edge", EDGE), WorldAddress("public", PUBLIC)),
    forwarding_rules=(
        WorldForwardingRule("edge", EDGE, "b"),
        WorldForwardingRule("edge6", EDGE6, "b"),
        WorldForwardingRule("strange", "203.0.113.10", "x"),
        WorldForwardingRule("far", "203.0.113.11", "f", region="us-east1"),
    ),
    routes=(WorldRoute("edge", "10.99.0.0/16", "b", tags=("gw",)),),
)


def edit_interfaces(
    cloud: EmbeddedGcp, change: Callable[[dict[str, Any]], Any], *, node: str = "", nic: int = 0
) -> None:
    """Change an interface of a node, or nic0 of all of them, past the API."""

    def effect(store: Store) -> None:
        for name, built in cloud.built.nodes.items():
            if node in {"", name}:
                instance = store.edit(built.instance)
                change(instance["networkInterfaces"][nic])
                store.put(built.instance, instance)

    cloud.api.apply(effect)


def nic_of(cloud: EmbeddedGcp, node: str, nic: int = 0) -> dict[str, Any]:
    """Return a copy of a node's interface."""
    with cloud.api.lock:
        instance = cloud.api.store.edit(cloud.built.nodes[node].instance)
    return dict(instance["networkInterfaces"][nic])


class Unheard(Claim, frozen=True, kw_only=True, tag="unheard"):
    """A claim of a kind that no cloud has."""

    kind: ClassVar[str] = "unheard"
    target = "of"


class Node:
    """A provider of one node, and what it told."""

    def __init__(self, cloud: EmbeddedGcp, which: str, /, **setup: Any) -> None:
        self.calls: list[ApiCall] = []
        self.asked: list[str] = []
        defaults: dict[str, Any] = {
            "settings": GcpSettings(endpoint=cloud.endpoint),
            "before_write": self.asked.append,
            "on_call": self.calls.append,
        }
        self.setup = Setup(**{**defaults, **setup})
        os.environ["GCE_METADATA_HOST"] = urlsplit(cloud.metadata_endpoint(which)).netloc
        machine = Machine(self.setup)
        machine.look_ahead()
        self.provider = GcpProvider(self.setup, machine)

    @property
    def operations(self) -> list[str]:
        return sorted(call.operation for call in self.calls)


NodeMaker = Callable[..., Node]

"""The world of these tests."""

from __future__ import annotations

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

VIP = "203.0.113.7"
STANDARD = "203.0.113.8"
EDGE = "203.0.113.9"
ALIAS = "10.0.1.100/32"
REGION = "europe-west1"
ZONES = {"a": f"{REGION}-b", "b": f"{REGION}-c", "c": f"{REGION}-b"}
PAIR = World(
    networks=(WorldNetwork("lab"), WorldNetwork("other"), WorldNetwork("peered", peered=True)),
    subnets=(
        WorldSubnet("one", "10.0.1.0/24", ranges={"pods": "10.4.0.0/20"}, ipv6="2001:db8:1::/64"),
        WorldSubnet("two", "10.8.0.0/24", network="other"),
        WorldSubnet("three", "10.16.0.0/24", network="peered"),
        WorldSubnet("far", "10.32.0.0/24", region="us-east1"),
    ),
    nodes=(
        WorldNode(
            "a",
            (
                WorldInterface("10.0.1.10", "one", aliases=(ALIAS, "pods:10.4.1.0/28")),
                WorldInterface("10.8.0.10", "two"),
                WorldInterface("10.16.0.10", "three"),
            ),
            zone=ZONES["a"],
        ),
        WorldNode(
            "b",
            (WorldInterface("10.0.1.11", "one", external="198.51.100.2", ipv6="2001:db8:1::b"),),
            zone=ZONES["b"],
        ),
        WorldNode("c", (WorldInterface("10.0.1.12", "one"),), can_ip_forward=False),
    ),
    addresses=(
        WorldAddress("vip", VIP),
        WorldAddress("standard", STANDARD, tier="STANDARD"),
        WorldAddress("edge", EDGE),
        WorldAddress("far", "203.0.113.20", region="us-east1"),
        WorldAddress("everywhere", "203.0.113.30", region=""),
    ),
    forwarding_rules=(
        WorldForwardingRule("edge", EDGE, "a"),
        WorldForwardingRule("edge6", "2001:db8:ff::9", "a"),
    ),
    routes=(WorldRoute("to-a", "10.99.0.0/16", "a", tags=("gw",), description="by hand"),),
)

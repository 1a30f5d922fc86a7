"""The world of these tests."""

from __future__ import annotations

from cloudfail.lab.cloud.azure.world import (
    World,
    WorldConfig,
    WorldGroup,
    WorldInterface,
    WorldLoadBalancer,
    WorldNetwork,
    WorldNode,
    WorldPrefix,
    WorldPublicIp,
    WorldRoute,
    WorldRouteTable,
    WorldSubnet,
)

VIP = "203.0.113.7"
ZONAL = "203.0.113.8"
MEMBER = "198.51.100.2"
SIX = "2001:db8:ff::7"
FLOATING = "10.0.1.100"
OTHER = "00000000-1ab0-4000-8000-0000000000ff"
PAIR = World(
    networks=(WorldNetwork(name="lab"), WorldNetwork(name="far", prefixes=("10.0.0.0/8",))),
    subnets=(
        WorldSubnet("one", "10.0.1.0/24", ipv6="2001:db8:1::/64", table="rt1", security_group="g"),
        WorldSubnet("two", "10.8.0.0/24", nat_ip="203.0.113.12", default_outbound=False),
        WorldSubnet("away", "10.0.1.0/24", network="far"),
    ),
    nodes=(
        WorldNode(
            name="a",
            interfaces=(
                WorldInterface(
                    configs=(
                        WorldConfig("10.0.1.10", "one", application_groups=("web",)),
                        WorldConfig(
                            FLOATING,
                            "one",
                            name="floating",
                            application_groups=("web",),
                            pools=("lb/pool",),
                            nat_rules=("lb/ssh",),
                            extra={"flavour": {"of": ["tomorrow"]}},
                        ),
                        WorldConfig("2001:db8:1::a", "one", name="six"),
                    ),
                    security_group="g",
                    accelerated=True,
                    dns_servers=("10.0.1.53",),
                    tags={"by": "hand"},
                    extra={"unheardOf": True},
                    top_extra={"kind": "Regular"},
                ),
            ),
        ),
        WorldNode(
            name="b",
            zone="2",
            interfaces=(
                WorldInterface(
                    configs=(
                        WorldConfig("10.0.1.11", "one", static=False, application_groups=("web",)),
                        WorldConfig("2001:db8:1::b", "one", name="six"),
                    )
                ),
            ),
        ),
        WorldNode(
            name="c",
            zone="",
            interfaces=(
                WorldInterface(configs=(WorldConfig("10.0.1.10", "away"),), ip_forwarding=False),
            ),
        ),
    ),
    public_ips=(
        WorldPublicIp(name="vip", address=VIP, zones=("1", "2", "3")),
        WorldPublicIp(name="zonal", address=ZONAL, zones=("1",)),
        WorldPublicIp(name="member", address=MEMBER, prefix="range", group="shared"),
        WorldPublicIp(name="six", address=SIX),
        WorldPublicIp(name="front", address="203.0.113.11"),
        WorldPublicIp(name="nat", address="203.0.113.12"),
        WorldPublicIp(name="basic", address="203.0.113.9", sku="Basic"),
    ),
    prefixes=(WorldPrefix(name="range", cidr="198.51.100.0/28"),),
    route_tables=(
        WorldRouteTable(
            name="rt1",
            routes=(
                WorldRoute("to-a", "10.99.0.0/16", "a", extra={"metric": 7}),
                WorldRoute("out", "0.0.0.0/0", type="Internet"),
                WorldRoute("six", "2001:db8:99::/48", "a"),
            ),
        ),
        WorldRouteTable(name="rt2", subscription=OTHER, group="elsewhere"),
    ),
    load_balancers=(
        WorldLoadBalancer(
            name="lb", public_ip="203.0.113.11", pools=("pool",), nat_rules={"ssh": 22}
        ),
    ),
    security_groups=(WorldGroup(name="g"),),
    application_groups=(WorldGroup(name="web", group="shared"),),
)

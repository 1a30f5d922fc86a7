"""The world of these tests, and a provider of one of its nodes with what it told."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, ClassVar

from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
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
from cloudfail.model import Claim
from cloudfail.provider import ApiCall, Setup

from cloudfail_azure.machine import Machine
from cloudfail_azure.provider import AzureProvider
from cloudfail_azure.settings import AzureSettings

SECOND = "00000000-1ab0-4000-8000-000000000002"
DESTINATION = "10.99.0.0/16"
PRIVATE, PRIVATE6 = "10.0.1.100", "2001:db8:1::100"
PUBLIC, PUBLIC6, SEATED, OWN = "203.0.113.9", "2001:db8:ff::9", "203.0.113.10", "198.51.100.10"
WORLD = World(
    networks=(WorldNetwork("lab"), WorldNetwork("other", ("10.8.0.0/16",))),
    subnets=(
        WorldSubnet("one", "10.0.1.0/24", ipv6="2001:db8:1::/64", table="own"),
        WorldSubnet("nat", "10.0.2.0/24", nat=True),
        WorldSubnet("two", "10.8.0.0/24", network="other"),
    ),
    nodes=(
        WorldNode(
            "a",
            (
                WorldInterface(
                    (
                        WorldConfig("10.0.1.10", "one", application_groups=("web",)),
                        WorldConfig("10.0.1.111", "one", name="seat", application_groups=("web",)),
                    ),
                    security_group="edge",
                    tags={"owner": "somebody"},
                    extra={"knownToNobody": {"since": 2031}},
                ),
                WorldInterface((WorldConfig("10.0.2.10", "nat", public_ip=OWN),)),
            ),
            client_ids=("11111111-1111-1111-1111-111111111111",),
        ),
        WorldNode(
            "b",
            (
                WorldInterface(
                    (
                        WorldConfig(
                            "10.0.1.11", "one", public_ip=PUBLIC, application_groups=("web",)
                        ),
                        WorldConfig("2001:db8:1::11", "one", name="six", public_ip=PUBLIC6),
                        WorldConfig(
                            PRIVATE,
                            "one",
                            name="vip",
                            public_ip=SEATED,
                            application_groups=("web",),
                            pools=("edge/pool",),
                            nat_rules=("edge/ssh",),
                            extra={"alsoUnknown": [1, 2]},
                        ),
                    ),
                    security_group="edge",
                ),
            ),
            zone="2",
        ),
        WorldNode("x", (WorldInterface((WorldConfig("10.0.1.99", "one"),)),)),
        WorldNode("f", (WorldInterface((WorldConfig("10.0.1.98", "one"),), ip_forwarding=False),)),
        WorldNode("g", (WorldInterface((WorldConfig("10.0.1.97", "one"),)),), group="apart"),
    ),
    public_ips=(
        WorldPublicIp("edge", PUBLIC),
        WorldPublicIp("edge6", PUBLIC6),
        WorldPublicIp("seated", SEATED, prefix="block"),
        WorldPublicIp("own", OWN),
        WorldPublicIp("free", "203.0.113.12"),
        WorldPublicIp("zonal", "203.0.113.13", zones=("2",)),
        WorldPublicIp("apart", "203.0.113.14", group="apart"),
    ),
    prefixes=(WorldPrefix("block", "203.0.113.10/31"),),
    route_tables=(
        WorldRouteTable("edge", (WorldRoute("to-edge", DESTINATION, "b"),)),
        WorldRouteTable("own", (WorldRoute("out", "0.0.0.0/0", "b"),)),
        WorldRouteTable("far", (WorldRoute("r", DESTINATION, "b"),), group="apart"),
        WorldRouteTable("foreign", (WorldRoute("r", DESTINATION, "b"),), subscription=SECOND),
    ),
    load_balancers=(WorldLoadBalancer("edge", pools=("pool",), nat_rules={"ssh": 2222}),),
    security_groups=(WorldGroup("edge"),),
    application_groups=(WorldGroup("web"),),
)


class Unheard(Claim, frozen=True, kw_only=True, tag="unheard"):
    """A claim of a kind that no cloud has."""

    kind: ClassVar[str] = "unheard"
    target = "of"


def edit(cloud: EmbeddedAzure, resource_id: str, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change a resource past the API."""

    def effect(store: Any) -> None:
        document = store.edit(resource_id)
        change(document)
        store.put(resource_id, document)

    cloud.api.apply(effect, None)


class Node:
    """A provider of one node, and what it told."""

    def __init__(self, cloud: EmbeddedAzure, which: str, /, **setup: Any) -> None:
        self.calls: list[ApiCall] = []
        self.asked: list[str] = []
        settings = {"endpoint": cloud.endpoint, "ca_file": cloud.ca_file}
        defaults: dict[str, Any] = {
            "settings": AzureSettings(**{**settings, **setup.pop("settings", {})}),
            "before_write": self.asked.append,
            "on_call": self.calls.append,
        }
        self.setup = Setup(**{**defaults, **setup})
        os.environ["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = cloud.metadata_endpoint(which)
        machine = Machine(self.setup)
        machine.look_ahead()
        self.provider = AzureProvider(self.setup, machine)

    @property
    def operations(self) -> list[str]:
        return sorted(call.operation for call in self.calls)


NodeMaker = Callable[..., Node]

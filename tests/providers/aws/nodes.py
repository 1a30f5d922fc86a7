"""The world of these tests, and a provider of one of its nodes with what it told."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from cloudfail.lab.cloud.aws.embedded import EmbeddedAws
from cloudfail.lab.cloud.aws.world import (
    Subnet,
    World,
    WorldInterface,
    WorldNode,
    WorldPrivateIp,
    WorldPublicIp,
    WorldTable,
)
from cloudfail.provider import ApiCall, Setup

from cloudfail_aws.machine import Machine
from cloudfail_aws.provider import AwsProvider
from cloudfail_aws.settings import AwsSettings

V6 = "2001:db8:0:1::100"
WORLD = World(
    subnets=(
        Subnet("10.0.1.0/24", name="one", ipv6="2001:db8:0:1::/64"),
        Subnet("10.0.2.0/24", zone="eu-central-1b", name="two"),
    ),
    nodes=(
        WorldNode("a", "10.0.1.10", "one", ipv6="2001:db8:0:1::a"),
        WorldNode("b", "10.0.1.11", "one", ipv6="2001:db8:0:1::b"),
        WorldNode("x", "10.0.1.99", "one"),
        WorldNode("m", "10.0.2.10", "two", interfaces=(WorldInterface("10.0.2.77", "two"),)),
    ),
    public_ips=(WorldPublicIp("203.0.113.7", "b"), WorldPublicIp("203.0.113.8", "b", "10.0.1.100")),
    private_ips=(WorldPrivateIp("10.0.1.100", "b"), WorldPrivateIp(V6, "b")),
    route_tables=(
        WorldTable("t", (("10.99.0.0/16", "b"), ("2001:db8:99::/64", "b"))),
        WorldTable("own", (), ("one",)),
    ),
    vpc_ipv6="2001:db8::/56",
)


class Node:
    """A provider of one node, and what it told."""

    def __init__(self, cloud: EmbeddedAws, which: str, /, **setup: Any) -> None:
        self.calls: list[ApiCall] = []
        self.asked: list[str] = []
        defaults: dict[str, Any] = {
            "settings": AwsSettings(endpoint=cloud.endpoint),
            "before_write": self.asked.append,
            "on_call": self.calls.append,
        }
        self.setup = Setup(**{**defaults, **setup})
        os.environ["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = cloud.metadata_endpoint(which)
        machine = Machine(self.setup)
        machine.look_ahead()
        self.provider = AwsProvider(self.setup, machine)

    @property
    def operations(self) -> list[str]:
        return sorted(call.operation for call in self.calls)


NodeMaker = Callable[..., Node]

"""The worlds of these tests, and how they read EC2's answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cloudfail.lab.cloud.aws.world import (
    Subnet,
    World,
    WorldInterface,
    WorldNode,
    WorldPrivateIp,
    WorldPublicIp,
    WorldTable,
)

VIP = "203.0.113.7"
OWN_B = "198.51.100.2"
PAIR = World(
    subnets=(
        Subnet("10.0.1.0/24", name="one", ipv6="2001:db8:0:1::/64"),
        Subnet("10.0.2.0/24", zone="eu-central-1b", name="two"),
    ),
    nodes=(
        WorldNode("a", "10.0.1.10", "one"),
        WorldNode("b", "10.0.1.11", "one", own_public_ip=OWN_B, ipv6="2001:db8:0:1::b"),
        WorldNode("c", "10.0.2.10", "two", interfaces=(WorldInterface("10.0.2.77", "two"),)),
    ),
    public_ips=(WorldPublicIp(VIP, "a"),),
    private_ips=(WorldPrivateIp("10.0.1.100", "a"), WorldPrivateIp("2001:db8:0:1::5", "a")),
    route_tables=(WorldTable("t", (("10.99.0.0/16", "a"), ("2001:db8:9::/64", "a")), ("one",)),),
    vpc_ipv6="2001:db8::/56",
)


def refusal(call: Callable[..., Any], **params: Any) -> ClientError:
    """Call, and return the error that has to come."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    return caught.value


def code(call: Callable[..., Any], **params: Any) -> str:
    """The error code of a call that has to be refused."""
    return str(refusal(call, **params).response["Error"]["Code"])

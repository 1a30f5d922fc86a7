"""An instance on a VLAN, a bond or a bridge: the device below shows each incoming frame first.

So does the virtual function below eth0 with Azure's accelerated networking. And devices that flap.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from cloudfail.agent.hearing.wire import Wire
from cloudfail.lab import ip

from agent.hearing.adverts import A6, B6, A, B, frame
from agent.hearing.test_wire import BARE1, EDGE6, Node, hear, node, read, told

pytestmark = pytest.mark.netns
__all__ = ["hear", "node"]  # fixtures


def test_on_a_bridge_each_advert_is_told_once(node: Node, hear: Callable[..., Wire]) -> None:
    ip.apply(["link add br0 type bridge", "link set br0 up", "link set eth1 master br0"], node.pid)
    bare = hear(msgspec.structs.replace(BARE1, device="br0"))
    named = hear(msgspec.structs.replace(EDGE6, device="br0"))
    for priority in (100, 100, 99):
        node.arrive(frame(B6, A6, priority=priority), "eth1")
        node.leave(frame(A6, B6, priority=priority), "br0")
    expected = [(100, False), (100, True)] * 2 + [(99, False), (99, True)]
    for wire in (bare, named):
        assert [(one.priority, one.outgoing) for _, one in read(wire, 6)] == expected
    assert (bare.take_remarks(), named.take_remarks()) == ([], [])
    ip.apply(["link del br0"], node.pid)


def test_a_device_that_flaps_and_one_that_is_made_again_are_heard(
    node: Node, hear: Callable[..., Wire]
) -> None:
    wire = hear(BARE1)
    ip.apply(["link set eth1 down", "link set eth1 up"], node.pid)
    node.arrive(frame(B, A), "eth1")
    assert told(wire, 1) == [("bare1", False, B)]
    ip.apply(["link del eth1"], node.pid)
    ip.apply([f"link add name eth1 netns {node.pid} type veth peer name eth1 netns {node.far}"])
    for pid in (node.pid, node.far):
        ip.apply(["link set eth1 up"], pid)
    node.arrive(frame(B, A), "eth1")
    assert told(wire, 1) == [("bare1", False, B)]

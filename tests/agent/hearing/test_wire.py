"""Adverts on the kernel's devices reach the instance that they are about, and no other."""

from __future__ import annotations

import select
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

import pytest
from cloudfail import process
from cloudfail.agent.hearing.wire import Member, Wire
from cloudfail.clock import SystemClock
from cloudfail.keepalived.wire import Advert
from cloudfail.lab import ip

from agent.hearing.adverts import A6, B6, A, B, C, broken, frame
from keepalived.wire.nodes import inside, join, namespace, need

pytestmark = pytest.mark.netns
EDGE = Member(
    instance="edge", virtual_router_id=51, own=ip_address(A), peers=(ip_address(B),), device="eth0"
)
EDGE6 = Member(
    instance="edge6",
    virtual_router_id=51,
    own=ip_address(A6),
    peers=(ip_address(B6),),
    device="eth0",
)
BARE = Member(instance="bare", virtual_router_id=51, device="eth0")
BARE1 = Member(instance="bare1", virtual_router_id=51, device="eth1")
_NO_MAC = b"\xff" * 6
_VIRTUAL = bytes.fromhex("00005e000133")


@dataclass(frozen=True)
class Node:
    """This node (a), and the far ends of its two cables."""

    pid: int
    far: int

    def leave(self, one: tuple[int, bytes], device: str = "eth0") -> None:
        _send(self.pid, one, device)

    def arrive(self, one: tuple[int, bytes], device: str = "eth0") -> None:
        _send(self.far, one, device)


def _send(pid: int, one: tuple[int, bytes], device: str) -> None:
    kind, packet = one
    with inside(pid), socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0) as opened:
        opened.sendto(packet, (device, kind, 0, 0, _NO_MAC))


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    need("ip", "nsenter", "unshare")
    with namespace() as one, namespace() as other:
        join(one, other)
        ip.apply([f"link add name eth1 netns {one} type veth peer name eth1 netns {other}"])
        for pid in (one, other):
            ip.apply(["link set eth1 up"], pid)
        yield Node(one, other)


@pytest.fixture
def hear(node: Node) -> Iterator[Callable[..., Wire]]:
    opened: list[Wire] = []

    def on_node(*members: Member) -> Wire:
        wire = Wire(members)
        with inside(node.pid):
            wire.open()
        opened.append(wire)
        return wire

    yield on_node
    for wire in opened:
        wire.close()


def read(wire: Wire, count: int) -> list[tuple[str, Advert]]:
    """Read until so many adverts were told, as a loop does."""
    found: list[tuple[str, Advert]] = []
    until = SystemClock().now() + 30
    while len(found) < count and SystemClock().now() < until:
        if select.select([wire], [], [], 0.1)[0]:
            found += wire.read()
    return found + wire.read()


def told(wire: Wire, count: int) -> list[tuple[str, bool, str]]:
    return [(name, one.outgoing, str(one.source)) for name, one in read(wire, count)]


def test_own_adverts_and_the_peers_are_told_to_their_instance(
    node: Node, hear: Callable[..., Wire]
) -> None:
    wire = hear(EDGE)
    node.leave(frame(A, B, priority=150))
    node.arrive(frame(B, A))
    node.arrive(frame(B, A, priority=0))
    found = read(wire, 3)
    assert [(name, one.outgoing, one.priority) for name, one in found] == [
        ("edge", True, 150),
        ("edge", False, 100),
        ("edge", False, 0),
    ]
    assert {one.interval for _, one in found} == {1.0}
    assert wire.take_remarks() == []


def test_the_same_router_over_ipv4_and_ipv6_is_told_apart(
    node: Node, hear: Callable[..., Wire]
) -> None:
    wire = hear(EDGE, EDGE6)
    node.leave(frame(A, B))
    node.leave(frame(A6, B6))
    node.arrive(frame(B6, A6))
    assert told(wire, 3) == [("edge", True, A), ("edge6", True, A6), ("edge6", False, B6)]


def test_other_routers_are_nobodys_business(node: Node, hear: Callable[..., Wire]) -> None:
    wire = hear(EDGE)
    node.arrive(frame(B, A, router=52))
    node.leave(frame(A, B, router=52))
    node.arrive(frame(B, A))
    assert told(wire, 1) == [("edge", False, B)]
    assert wire.take_remarks() == []


def test_routers_of_one_pair_of_nodes_are_told_apart(node: Node, hear: Callable[..., Wire]) -> None:
    other = Member(
        instance="other", virtual_router_id=52, own=ip_address(A), peers=(ip_address(B),)
    )
    wire = hear(EDGE, other)
    node.arrive(frame(B, A, router=52))
    node.leave(frame(A, B))
    assert told(wire, 2) == [("other", False, B), ("edge", True, A)]


def test_an_advert_with_a_wrong_checksum_is_none(node: Node, hear: Callable[..., Wire]) -> None:
    wire = hear(EDGE)
    node.arrive(broken(frame(B, A)))
    node.arrive(frame(B, A))
    found = read(wire, 1)
    assert [one.priority for _, one in found] == [100]


def test_a_stranger_is_told_to_nobody_and_said_once(node: Node, hear: Callable[..., Wire]) -> None:
    wire = hear(EDGE)
    for _ in range(3):
        node.arrive(frame(C, A, priority=200))
        node.leave(frame(C, B))
        node.arrive(frame(A, B))
    node.arrive(frame(B, A))
    assert told(wire, 1) == [("edge", False, B)]
    remarks = wire.take_remarks()
    assert len(remarks) == 3
    assert remarks[0].startswith(
        "an advert with virtual_router_id 51 comes from 10.0.0.3 and is of no node of edge: correct"
    )
    assert " leaves from 10.0.0.3 " in remarks[1]
    assert "another machine has this address too" in remarks[2]
    assert wire.take_remarks() == []


def test_strangers_without_number_are_said_a_few_times(
    node: Node, hear: Callable[..., Wire]
) -> None:
    wire = hear(EDGE)
    remarks = []
    for number in range(100):
        node.arrive(frame(f"10.9.9.{number}", A))
    node.arrive(frame(B, A))
    assert told(wire, 1) == [("edge", False, B)]
    remarks = wire.take_remarks()
    assert 0 < len(remarks) <= 64


def test_without_nodes_the_device_tells_the_same_router_apart(
    node: Node, hear: Callable[..., Wire]
) -> None:
    wire = hear(BARE, BARE1)
    node.arrive(frame(C, A))
    node.arrive(frame("10.0.9.3", A), "eth1")
    node.leave(frame("10.0.9.1", A), "eth1")
    assert told(wire, 3) == [
        ("bare", False, C),
        ("bare1", False, "10.0.9.3"),
        ("bare1", True, "10.0.9.1"),
    ]


def test_without_nodes_and_device_the_id_is_enough(node: Node, hear: Callable[..., Wire]) -> None:
    wire = hear(Member(instance="alone", virtual_router_id=51))
    node.arrive(frame(C, A), "eth1")
    node.leave(frame(A, B))
    node.arrive(frame(C, A, router=52))
    assert told(wire, 2) == [("alone", False, C), ("alone", True, A)]


def test_an_advert_through_a_vmac_is_its_lower_devices(
    node: Node, hear: Callable[..., Wire]
) -> None:
    ip.apply(
        [
            "link add link eth0 name vrrp.51 address 00:00:5e:00:01:33 type macvlan mode private",
            "link set vrrp.51 up",
        ],
        node.pid,
    )
    wire = hear(BARE)
    node.leave(frame(A, B), "vrrp.51")
    found = read(wire, 1)
    assert [(name, one.device, one.source_mac) for name, one in found] == [
        ("bare", "vrrp.51", _VIRTUAL.hex(":"))
    ]
    both = hear(BARE, BARE1)
    node.leave(frame(A, B), "vrrp.51")
    node.arrive(frame(B, A), "eth1")
    assert told(both, 1) == [("bare1", False, B)]
    (remark,) = both.take_remarks()
    assert "could be of bare and bare1: give them [[instance.….node]]" in remark
    ip.apply(["link del vrrp.51"], node.pid)


def test_an_instance_without_id_is_known_by_its_addresses(
    node: Node, hear: Callable[..., Wire]
) -> None:
    nameless = Member(instance="nameless", own=ip_address(A), peers=(ip_address(B),))
    wire = hear(nameless)
    node.leave(frame(A, B, router=7))
    node.arrive(frame(B, A, router=7))
    assert told(wire, 2) == [("nameless", True, A), ("nameless", False, B)]
    both = hear(nameless, EDGE)
    node.leave(frame(A, B, router=7))
    node.leave(frame(A, B))
    assert told(both, 2) == [("nameless", True, A), ("edge", True, A)]
    unknowable = hear(Member(instance="unknowable"))
    node.leave(frame(A, B))
    assert read(unknowable, 0) == []


def test_one_read_is_short_and_what_is_left_wakes_again(
    node: Node, hear: Callable[..., Wire]
) -> None:
    wire = hear(EDGE)
    for _ in range(10):
        node.leave(frame(A, B))
    assert len(wire.read(4)) == 4
    assert select.select([wire], [], [], 0)[0]
    assert len(wire.read(4)) == 4
    assert len(wire.read(4)) == 2
    assert not select.select([wire], [], [], 0)[0]


def test_a_new_configuration_is_followed_without_a_new_socket(
    node: Node, hear: Callable[..., Wire]
) -> None:
    wire = hear(EDGE)
    wire.members = (EDGE6,)
    node.arrive(frame(B, A))
    node.arrive(frame(B6, A6))
    assert told(wire, 1) == [("edge6", False, B6)]


def test_without_the_capability_the_remedy_is_said() -> None:
    need("setpriv")
    code = "from cloudfail.agent.hearing.wire import Wire; Wire(()).open()"
    done = process.run(
        ["setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw", sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "ConfigError: listening for VRRP needs CAP_NET_RAW: run as root, or" in done.stderr

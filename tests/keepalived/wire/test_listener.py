"""The socket, on the kernel: what wakes it, what it tells, and what it says when it cannot."""

from __future__ import annotations

import select
import socket
import sys
from collections.abc import Iterator

import pytest
from cloudfail import process
from cloudfail.clock import Deadline, SystemClock
from cloudfail.errors import ConfigError
from cloudfail.keepalived.wire import Listener
from cloudfail.keepalived.wire.copies import Copies
from cloudfail.keepalived.wire.filter import attach_filter
from cloudfail.lab import ip

from keepalived.wire.nodes import inside, join, namespace, need
from keepalived.wire.packets import A6, AH, B6, VIP6, behind_ah, extension, ipv4, ipv6, v3

pytestmark = pytest.mark.netns
V3_IPV6 = v3(B6, A6, VIP6)
_ETH_P_ALL = 3
LATE = {"vlan7": 0.0, "bond0": 0.025, "eth0": 0.045}
OTHERS = {
    "UDP": (0x0800, ipv4(v3(), protocol=17)),
    "a fragment": (0x0800, ipv4(v3(), fragment=0x2000)),
    "the rest of a fragment": (0x0800, ipv4(v3(), fragment=9)),
    "AH around TCP": (0x0800, ipv4(behind_ah(v3(), inner=6), protocol=AH)),
    "AH around TCP, with options": (
        0x0800,
        ipv4(behind_ah(v3(), inner=6), protocol=AH, options=bytes(8)),
    ),
    "ICMPv6": (0x86DD, ipv6(V3_IPV6, protocol=58)),
    "MLD": (0x86DD, ipv6(extension(V3_IPV6, inner=58), protocol=0)),
    "AH around UDP over IPv6": (0x86DD, ipv6(behind_ah(V3_IPV6, inner=17), protocol=AH)),
    "ARP that reads like IPv4": (0x0806, ipv4(v3())),
    "a stump": (0x0800, b"\x45"),
}
VRRPS = {
    "IPv4": (0x0800, ipv4(v3())),
    "IPv4 with options": (0x0800, ipv4(v3(), options=bytes(40))),
    "AH": (0x0800, ipv4(behind_ah(v3()), protocol=AH, options=bytes(4))),
    "IPv6": (0x86DD, ipv6(V3_IPV6)),
    "AH over IPv6": (0x86DD, ipv6(behind_ah(V3_IPV6), protocol=AH)),
    "IPv6 behind an extension": (0x86DD, ipv6(extension(V3_IPV6, eights=3), protocol=60)),
    "AH behind an extension": (
        0x86DD,
        ipv6(extension(behind_ah(V3_IPV6), inner=AH, eights=1), protocol=0),
    ),
}


@pytest.fixture(scope="module")
def nodes() -> Iterator[tuple[int, int]]:
    need("ip", "nsenter", "unshare")
    with namespace() as one, namespace() as other:
        join(one, other)
        yield one, other


@pytest.fixture
def sender(nodes: tuple[int, int]) -> Iterator[socket.socket]:
    """Sends IP packets from the one node to the other, as broadcast frames."""
    with inside(nodes[0]):
        opened = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    with opened:
        yield opened


def send(sender: socket.socket, kind: int, packet: bytes, to: bytes = b"\xff" * 6) -> None:
    sender.sendto(packet, ("eth0", kind, 0, 0, to))


def test_nothing_but_vrrp_passes_the_filter(nodes: tuple[int, int], sender: socket.socket) -> None:
    """The last frame is VRRP: when it is there, all that came before it was kept out."""
    with inside(nodes[1]):
        opened = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    with opened:
        attach_filter(opened)
        opened.bind(("eth0", _ETH_P_ALL))
        opened.settimeout(10)
        for kind, packet in OTHERS.values():
            send(sender, kind, packet)
        send(sender, *VRRPS["IPv4"], to=bytes.fromhex("020000000099"))  # to another machine
        for kind, packet in VRRPS.values():
            send(sender, kind, packet)
        for _, packet in VRRPS.values():
            assert opened.recv(2048)[: len(packet)] == packet


def test_own_adverts_are_heard_leaving_and_the_peers_coming_in(
    nodes: tuple[int, int], sender: socket.socket
) -> None:
    clock = SystemClock()
    heard = []
    before = clock.now()
    for node in nodes:
        with inside(node):
            listener = Listener("eth0")
            listener.open()
        heard.append(listener)
    send(sender, *VRRPS["IPv4"])
    out, coming = (listener.read(10) for listener in heard)
    assert out is not None
    assert coming is not None
    assert (out.outgoing, coming.outgoing) == (True, False)
    assert out.source_mac == coming.source_mac != ""
    assert before - 0.1 <= out.t <= coming.t + 0.1 <= clock.now() + 0.2
    for listener in heard:
        assert listener.read() is None
        listener.close()


def test_a_loop_can_wait_for_it_and_time_ends_the_wait(
    nodes: tuple[int, int], sender: socket.socket
) -> None:
    with inside(nodes[1]):
        listener = Listener()
        listener.open()
    with listener:
        assert listener.read(0.01) is None
        send(sender, *VRRPS["IPv6"])
        assert select.select([listener], [], [], 10)[0] == [listener]
        found = list(listener.until(Deadline.after(SystemClock(), 0.1)))
    assert [(one.device, str(one.source)) for one in found] == [("eth0", B6)]


def test_a_frame_that_passes_two_devices_is_one_advert(nodes: tuple[int, int]) -> None:
    """As through a VMAC without `vmac_xmit_base`: the macvlan first, then the device below."""
    ip.apply(["link add link eth0 name vrrp.51 type macvlan", "link set vrrp.51 up"], nodes[0])
    with inside(nodes[0]), Listener() as listener, Listener("eth0") as below:
        with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0) as opened:
            for _ in range(2):
                opened.sendto(VRRPS["IPv4"][1], ("vrrp.51", 0x0800, 0, 0, b"\xff" * 6))
        found = [listener.read(10) for _ in range(2)]
        assert [one.device for one in found if one] == ["vrrp.51", "vrrp.51"]
        assert listener.read(0.1) is None
        lower = below.read(10)
        assert lower is not None
        assert (lower.device, lower.outgoing) == ("eth0", True)
    ip.apply(["link del vrrp.51"], nodes[0])


def test_a_copy_is_the_same_frame_on_another_device_at_the_same_time() -> None:
    copies = Copies()
    assert not copies.is_copy(b"one", "vrrp.51", 1.0)
    assert copies.is_copy(b"one", "eth0", 1.1)
    assert not copies.is_copy(b"one", "eth0", 1.2)  # the VMAC is gone: the next advert
    assert not copies.is_copy(b"two", "eth0", 1.2)
    assert not copies.is_copy(b"one", "vrrp.51", 2.0)
    assert not copies.is_copy(b"one", "eth0", 2.5)


def test_adverts_with_the_same_bytes_are_not_copies_of_each_other() -> None:
    """Every 0.01 s over IPv6, through three devices, the lower ones late."""
    copies = Copies()
    shown = [(n / 100 + late, device) for n in range(50) for device, late in LATE.items()]
    first = [device for t, device in sorted(shown) if not copies.is_copy(b"same", device, t)]
    assert first == ["vlan7"] * 50


def test_a_device_that_is_down_is_silent_and_one_that_is_gone_is_said(
    nodes: tuple[int, int],
) -> None:
    ip.apply(["link add link eth0 name lower7 type macvlan", "link set lower7 up"], nodes[0])
    with inside(nodes[0]):
        listener = Listener("lower7")
        listener.open()
    with listener:
        ip.apply(["link set lower7 down"], nodes[0])
        assert listener.read(0.01) is None
        ip.apply(["link set lower7 up"], nodes[0])
        with inside(nodes[0]), socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0) as opened:
            opened.sendto(VRRPS["IPv4"][1], ("lower7", 0x0800, 0, 0, b"\xff" * 6))
        assert listener.read(10) is not None
        ip.apply(["link del lower7"], nodes[0])
        with pytest.raises(ConfigError, match='device "lower7" is gone'):
            listener.read(10)


@pytest.mark.parametrize("device", ["eth9", "a-name-that-is-too-long", "nul\0"])
def test_a_device_that_is_not_there_is_named_with_those_that_are(
    nodes: tuple[int, int], device: str
) -> None:
    with (
        inside(nodes[0]),
        pytest.raises(ConfigError, match=r"no network device .* there are lo, eth0"),
        Listener(device),
    ):
        pass


def test_without_the_capability_the_remedy_is_said() -> None:
    need("setpriv")
    code = "from cloudfail.keepalived.wire import Listener; Listener().open()"
    done = process.run(
        ["setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw", sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "ConfigError: listening for VRRP needs CAP_NET_RAW: run as root, or" in done.stderr


def test_a_closed_listener_says_so() -> None:
    with pytest.raises(ValueError, match="not open"):
        Listener().read()

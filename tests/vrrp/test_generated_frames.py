"""No frame of a generated configuration leaves with a virtual MAC: a cloud would drop it.

eth0's routes have metric 100, as DHCP clients set it: any route through another device is better.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import pytest

from vrrp.echo import Ping
from vrrp.frames import Frame
from vrrp.generated import Held
from vrrp.generated_cases import (
    BOTH,
    IPV6,
    ON_LO,
    ON_LO6,
    PLAIN,
    PLAIN6,
    VIP,
    VIP6,
    Case,
    instance,
)
from vrrp.generated_story import Story, stories, story
from vrrp.inside import run_ip

pytestmark = [pytest.mark.netns, pytest.mark.timeout(300)]

ON_VMAC = {f"{VIP}/32": Held("vrrp.51")}
ON_VMAC6 = {f"{VIP6}/128": Held("vrrp.51")}


def on_eth0(address: str) -> str:
    return f'virtual_ipaddress = [{{ address = "{address}", dev = "eth0" }}]'


CASES: Mapping[str, Case] = {
    "ipv4": Case(toml=instance(PLAIN), held=ON_LO),
    "ipv6": Case(toml=instance(PLAIN6, form=IPV6), held=ON_LO6),
    "mixed": Case(toml=instance(BOTH), held=ON_LO | ON_LO6),
    "mixed-over-ipv6": Case(toml=instance(BOTH, form=IPV6), held=ON_LO | ON_LO6),
}
# What the operator asks for by name: keepalived 2.2.7 moves it to the VMAC.
CONTROLS: Mapping[str, Case] = {
    "ipv4-eth0": Case(toml=instance(on_eth0(VIP)), held=ON_VMAC),
    "ipv6-eth0": Case(toml=instance(on_eth0(VIP6), form=IPV6), held=ON_VMAC6),
}
every_case = pytest.mark.parametrize("case", CASES)


@dataclass(frozen=True, slots=True)
class Seen:
    """Frames of both nodes over the whole story, and which pings were answered."""

    frames: tuple[Frame, ...]
    answered: Mapping[str, bool]

    @property
    def virtual(self) -> Counter[str]:
        return Counter(f"{f.node} {f.source} {f.kind}" for f in self.frames if f.is_virtual)


All = Mapping[str, Future[Seen]]


@pytest.fixture(scope="module")
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> All:
    return stories(request, tmp_path_factory)


def play(name: str, directory: Path) -> Seen:
    case = {**CASES, **CONTROLS}[name]
    with story(case, directory) as at:
        for node in case.nodes:
            worsen_routes(at, node)
        at.start_all()
        answered = talk(at)
        for _ in range(2):
            at.part("a")
            at.heal("a")
            at.settle("a", adverts=1)
        at.nodes.link("a", up=False)
        at.settle("b", adverts=1)
        at.nodes.link("a", up=True)
        at.await_(lambda: at.nodes["a"].role() == "BACKUP", "a does not recover")
        reload(at)
        at.nodes.stop("b")
        at.settle("a", adverts=1)
        at.nodes.stop("a")
        return Seen(at.nodes.frames(0), answered)


def worsen_routes(at: Story, node: str) -> None:
    port, pid = at.nodes.ports[node], at.nodes[node].pid
    ipv4, ipv6 = port.gateways
    run_ip(
        pid,
        [
            "route del default",
            "route del 10.0.1.0/24 dev eth0",
            f"route add 10.0.1.0/24 dev eth0 src {port.ipv4} metric 100",
            f"route add default via {ipv4} metric 100",
        ],
    )
    run_ip(
        pid,
        [
            "route del default",
            "route add fd00:0:0:1::/64 dev eth0 metric 1024",
            "route del fd00:0:0:1::/64 dev eth0 metric 256",
            f"route add default via {ipv6} metric 1024",
        ],
        version=6,
    )


def talk(at: Story) -> dict[str, bool]:
    """Send pings from and to the virtual addresses on a; the router asks for their MAC once."""
    nodes, answered = at.nodes, {}
    for address in (cidr.partition("/")[0] for cidr in at.case.held):
        nodes.forward(address, "a")
        port = nodes.ports["b"]
        peer = port.ipv4 if ip_address(address).version == 4 else port.ipv6
        answered[f"from {address}"] = nodes.ping("a", Ping(peer, source=address))
        answered[f"to {address}"] = nodes.ping("b", Ping(address))
        run_ip(nodes._router.pid, [f"neigh del {address} dev r-a"])
        answered[f"asked for {address}"] = nodes.ping("router", Ping(address, seconds=0.3))
        nodes.forward(address, "a")
    return answered


def reload(at: Story) -> None:
    for node in at.case.nodes:
        before = at.nodes.log(node).count("Reload complete")
        at.nodes[node].reload()
        at.await_(
            lambda node=node, before=before: at.nodes.log(node).count("Reload complete") > before,  # type: ignore[misc]
            f"{node} does not reload",
        )
    at.settle("b")


@every_case
def test_no_frame_has_a_virtual_mac(seen: All, case: str) -> None:
    found = seen[case].result()
    assert found.virtual == Counter()
    adverts = Counter(frame.node for frame in found.frames if frame.is_advert)
    assert adverts["a"] > 10
    assert adverts["b"] > 10


@every_case
def test_the_virtual_address_is_a_source_and_is_reached(seen: All, case: str) -> None:
    answered = seen[case].result().answered
    assert len(answered) == 3 * len(CASES[case].held)
    # The cloud's fabric answers for what is routed to eth0. The node itself does not: with a VMAC
    # keepalived sets arp_ignore to 1 on eth0, and in IPv6 no device answers for another.
    assert {name for name, was in answered.items() if not was} == {
        name for name in answered if name.startswith("asked for ")
    }


@pytest.mark.parametrize("case", CONTROLS)
def test_an_address_that_is_put_on_eth0_is_announced_with_a_virtual_mac(
    seen: All, case: str
) -> None:
    virtual = seen[case].result().virtual
    assert virtual, "the capture would not have seen a virtual MAC"
    family = "arp request gratuitous" if case == "ipv4-eth0" else "icmpv6 neighbour advertisement"
    assert any(kind.endswith(family) for kind in virtual)

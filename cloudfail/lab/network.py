"""The lab's VPC: a router that joins the nodes, and forwards claims to whom the cloud names.

The router is the lab's own network namespace. As in a cloud, layer 2 never fails and packets to
nobody vanish without a word: neighbours are permanent, and unknown destinations are blackholed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network, ip_network
from pathlib import Path

import msgspec

from cloudfail.lab.ip import Ip, apply

ROUTER_MAC = "02:00:0a:00:00:01"
API_ADDRESS = "10.0.0.2"
METADATA_ADDRESS = "169.254.169.254"
CLIENT_ADDRESS = "198.51.100.10"
CLIENT_GATEWAY = "198.51.100.1"
VPC = "10.0.0.0/16"
_FIRST_INDEX = 1000  # far from those that the kernel deals out


class Port(msgspec.Struct, frozen=True):
    """Where a node is plugged in: its address, the MAC that the cloud gave it, its subnet."""

    node: str
    address: str
    mac: str
    subnet: str

    @property
    def device(self) -> str:
        return f"r-{self.node}"

    @property
    def index(self) -> int:
        """The device's number, the same after each boot: a running `ip` remembers it."""
        return _FIRST_INDEX + int(IPv4Address(self.address)) % IPv4Network(VPC).num_addresses

    @property
    def gateway(self) -> str:
        return str(next(ip_network(self.subnet).hosts()))


class Network:
    """The router's tables. Methods return when the kernel has been told."""

    def __init__(self) -> None:
        self.ports: Mapping[str, Port] = {}
        self._claimed: tuple[str, ...] = ()
        self._holders: dict[str, str] = {}
        self._down: set[str] = set()
        self._ip: Ip | None = None

    def know(self, ports: Iterable[Port], claimed: Iterable[str]) -> None:
        """Take the nodes' places and what they claim, once the cloud has named them."""
        self.ports = {port.node: port for port in ports}
        self._claimed = tuple(claimed)

    def open(self) -> None:
        """Set the router up; the nodes plug in as they boot."""
        _sysctl("net/ipv4/ip_forward", "1")
        for name in ("all", "default"):
            _sysctl(f"net/ipv4/conf/{name}/rp_filter", "0")
            _sysctl(f"net/ipv4/conf/{name}/send_redirects", "0")
            _sysctl(f"net/ipv4/conf/{name}/proxy_arp", "1")
        _sysctl("net/ipv4/neigh/default/proxy_delay", "0")
        apply(
            [
                "link set lo up",
                f"address add {API_ADDRESS}/32 dev lo",
                f"address add {METADATA_ADDRESS}/32 dev lo",
                f"route add blackhole {VPC}",
                "route add blackhole 203.0.113.0/24",
            ]
        )
        self._ip = Ip()

    def close(self) -> None:
        if self._ip is not None:
            self._ip.close()

    def plug(self, node: str, pid: int) -> None:
        """Give the network namespace of `pid` the node's eth0, as a cloud's DHCP would.

        Every node accepts what is claimed: whether packets arrive is the cloud's decision alone.
        """
        port = self.ports[node]
        apply(
            [
                _veth(f"{port.device} index {port.index}", f"address {port.mac} netns {pid}"),
            ]
        )
        neighbours = [port.gateway, *(p.address for p in self._beside(port))]
        width = IPv4Network(port.subnet).prefixlen
        apply(
            [
                "link set lo up",
                "link set eth0 up",
                f"address add {port.address}/{width} dev eth0",
                *(
                    f"neigh replace {address} lladdr {ROUTER_MAC} nud permanent dev eth0"
                    for address in neighbours
                ),
                f"route add default via {port.gateway} dev eth0",
                *(f"route add local {claimed} dev lo" for claimed in self._claimed),
            ],
            pid,
        )
        self._down.discard(node)
        apply(self._attachment(port))

    def plug_client(self, pid: int) -> None:
        apply(
            [
                _veth("r-client", f"netns {pid}"),
                "link set r-client up",
                f"address add {CLIENT_GATEWAY}/24 dev r-client",
            ]
        )
        apply(
            [
                "link set lo up",
                "link set eth0 up",
                f"address add {CLIENT_ADDRESS}/24 dev eth0",
                f"route add default via {CLIENT_GATEWAY} dev eth0",
            ],
            pid,
        )

    def unplug(self, node: str) -> None:
        """Take the link away with the node: it is dead."""
        self._tell(f"link del {self.ports[node].device}")

    def link(self, node: str, *, up: bool) -> None:
        """Take the carrier of a node's link away, or give it back."""
        port = self.ports[node]
        if up:
            self._down.discard(node)
            self._tell(*self._attachment(port))
            return
        self._down.add(node)
        self._tell(f"link set {port.device} down")

    def part(self, one: str, other: str, *, one_way: bool = False) -> None:
        """Drop what two nodes send each other, silently: a partition without carrier loss.

        `one_way`: only what `one` sends to `other`.
        """
        rules = self._between(one, other)[: 1 if one_way else 2]
        self._tell(*(f"rule add pref 10 {rule} blackhole" for rule in rules))

    def join(self, one: str, other: str) -> None:
        """Undo that, in both directions at once; a rule that is not there is no error."""
        self._tell(*(f"rule del pref 10 {rule} blackhole" for rule in self._between(one, other)))

    def forward(self, destination: str, node: str) -> None:
        """Route a claimed address or network to the node; "" is nobody."""
        self._holders[destination] = node
        self._tell(self._route(destination, node))

    def _between(self, one: str, other: str) -> tuple[str, str]:
        a, b = self.ports[one].address, self.ports[other].address
        return (f"from {a} to {b}", f"from {b} to {a}")

    def _attachment(self, port: Port) -> list[str]:
        held = [target for target, holder in self._holders.items() if holder == port.node]
        return [
            f"link set {port.device} up",
            f"route replace {port.address}/32 dev {port.device}",
            f"neigh replace {port.address} lladdr {port.mac} nud permanent dev {port.device}",
            *(self._route(target, port.node) for target in held),
        ]

    def _route(self, destination: str, node: str) -> str:
        port = self.ports.get(node)
        if port is None or node in self._down:
            return f"route replace blackhole {destination}"
        return f"route replace {destination} via {port.address} dev {port.device} onlink"

    def _beside(self, port: Port) -> Iterable[Port]:
        return (p for p in self.ports.values() if p.subnet == port.subnet and p.node != port.node)

    def _tell(self, *commands: str) -> None:
        if self._ip is not None:
            self._ip(*commands)


def _veth(device: str, far_end: str) -> str:
    return f"link add {device} address {ROUTER_MAC} type veth peer name eth0 {far_end}"


def _sysctl(name: str, value: str) -> None:
    # Not all of them are there in a user namespace of every kernel; the defaults then do.
    with contextlib.suppress(FileNotFoundError):
        Path("/proc/sys", name).write_text(value)

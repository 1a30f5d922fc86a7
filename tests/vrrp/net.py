"""The cloud's network between the nodes: a router that forwards packets, and carries no MAC on.

As with the fabric of a cloud, layer 2 never fails: a node finds its peers whether or not they can
be reached, and the router answers for every other address that a node asks for (proxy ARP and
NDP). It knows each node's address, and what was routed to a node, by the MAC of the node's eth0;
it never asks a node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import ip_address, ip_interface

from vrrp.inside import WaitingIp, run_ip, set_sysctls

ROUTER_MAC = "02:00:0a:00:00:01"
_ROUTER_SYSCTLS = (
    "net.ipv4.ip_forward=1",
    "net.ipv6.conf.all.forwarding=1",
    "net.ipv4.conf.all.rp_filter=0",
    "net.ipv4.conf.default.rp_filter=0",
    "net.ipv4.conf.default.send_redirects=0",
    "net.ipv4.conf.all.send_redirects=0",
    "net.ipv4.conf.default.proxy_arp=1",
    "net.ipv6.conf.default.proxy_ndp=1",
    "net.ipv6.conf.default.accept_dad=0",
)
_NEIGHBOURS = ("arp_cache", "ndisc_cache")
_NODE_SYSCTLS = ("net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.default.accept_ra=0")


@dataclass(frozen=True, slots=True)
class Port:
    """Where a node is plugged in. `zone` is the third number of its subnet."""

    node: str
    number: int
    zone: int = 1

    @property
    def device(self) -> str:
        return f"r-{self.node}"

    @property
    def mac(self) -> str:
        return f"02:00:0a:00:01:{self.number:02x}"

    @property
    def ipv4(self) -> str:
        return f"10.0.{self.zone}.{self.number}"

    @property
    def ipv6(self) -> str:
        return f"fd00:0:0:{self.zone}::{self.number}"

    @property
    def gateways(self) -> tuple[str, str]:
        return f"10.0.{self.zone}.1", f"fd00:0:0:{self.zone}::1"


class Net:
    """The router's tables, in the network of the process `pid`."""

    def __init__(self, pid: int, ports: Mapping[str, Port]) -> None:
        self._pid = pid
        self._ports = ports
        self._held: dict[str, str] = {}  # what was routed to which node
        set_sysctls(pid, _ROUTER_SYSCTLS)
        run_ip(
            pid, ["link set lo up", *(f"address add {g}/32 dev lo" for g in self._ipv4_gateways)]
        )

    def node_of(self, device: str) -> str:
        """Return whose cable the router's device is; "" for none."""
        return next((p.node for p in self._ports.values() if p.device == device), "")

    def plug(self, node: str, pid: int) -> None:
        """Give the network of `pid` its eth0, with the node's two addresses."""
        port = self._ports[node]
        set_sysctls(pid, _NODE_SYSCTLS)
        far_end = f"peer name eth0 address {port.mac} netns {pid}"
        run_ip(self._pid, [f"link add {port.device} address {ROUTER_MAC} type veth {far_end}"])
        run_ip(
            pid,
            [
                "link set lo up",
                "link set eth0 up",
                f"address add {port.ipv4}/24 dev eth0",
                f"address add {port.ipv6}/64 dev eth0 nodad",
            ],
        )
        at_once = [f"ntable change name {t} dev {port.device} proxy_delay 0" for t in _NEIGHBOURS]
        run_ip(self._pid, [*self._attachment(port), *at_once])
        run_ip(pid, self._known_to(port))

    def set_metric(self, node: str, pid: int, metric: int) -> None:
        """Give the routes of the node's eth0 a metric, as networkd and netplan do with DHCP.

        A route to the same subnet on another device, of metric 0, then wins.
        """
        port = self._ports[node]
        own = (f"{port.ipv4}/24", f"{port.ipv6}/64")
        run_ip(pid, [f"address del {address} dev eth0" for address in own])
        run_ip(pid, [f"address add {address} dev eth0 noprefixroute nodad" for address in own])
        subnets = [str(ip_interface(address).network) for address in own]
        run_ip(pid, [f"route add {subnet} dev eth0 metric {metric}" for subnet in subnets])
        run_ip(pid, [line.replace("route add", "route replace") for line in self._known_to(port)])

    def link(self, node: str, *, up: bool) -> None:
        """Take the carrier of a node's eth0 away, or give it back."""
        port = self._ports[node]
        run_ip(self._pid, self._attachment(port) if up else [f"link set {port.device} down"])

    def cut(self, source: str, target: str) -> None:
        """Drop what the one sends to the other, silently; the reverse way is not touched."""
        for version, rules in self._rules("add", source, target):
            run_ip(self._pid, rules, version=version)

    @contextmanager
    def healing(
        self, source: str, target: str, *, both: bool = False
    ) -> Iterator[Callable[[], None]]:
        """Yield what ends that, at once when it is called.

        `both` directions within the same millisecond, or an answer may be lost.
        """
        with ExitStack() as started:
            waiting = [
                (started.enter_context(WaitingIp(self._pid, version=version)), rules)
                for version, rules in self._rules("del", source, target, both=both)
            ]

            def heal() -> None:
                for ip, rules in waiting:
                    ip.run(rules)

            yield heal

    def forward(self, destination: str, node: str) -> None:
        """Route an address to a node's MAC as the cloud does for a claim."""
        self._held[destination] = node
        run_ip(self._pid, self._routes(destination, self._ports[node]))
        if ip_address(destination).version == 6:
            others = [port.device for port in self._ports.values() if port.node != node]
            run_ip(self._pid, [f"neigh replace proxy {destination} dev {d}" for d in others])

    def _known_to(self, port: Port) -> Iterable[str]:
        for gateway in port.gateways:
            yield f"route add default via {gateway}"
        others = [p for p in self._ports.values() if p.node != port.node and p.zone == port.zone]
        for address in (*port.gateways, *(a for p in others for a in (p.ipv4, p.ipv6))):
            yield f"neigh replace {address} lladdr {ROUTER_MAC} nud permanent dev eth0"

    def _rules(
        self, verb: str, source: str, target: str, *, both: bool = False
    ) -> Iterator[tuple[int, list[str]]]:
        """Yield IP versions, and rules by which the router drops what one sends to the other."""
        one, other = self._ports[source], self._ports[target]
        for version, a, b in ((4, one.ipv4, other.ipv4), (6, one.ipv6, other.ipv6)):
            directions = ((a, b), (b, a)) if both else ((a, b),)
            yield version, [f"rule {verb} pref 10 from {s} to {t} blackhole" for s, t in directions]

    def _attachment(self, port: Port) -> list[str]:
        mine = (port.ipv4, port.ipv6, *(d for d, node in self._held.items() if node == port.node))
        others = [other for other in self._ports.values() if other.node != port.node]
        return [
            f"link set {port.device} up",
            f"address replace {port.gateways[1]}/128 dev {port.device} nodad",
            *(line for address in mine for line in self._routes(address, port)),
            *(f"neigh replace proxy {other.ipv6} dev {port.device}" for other in others),
        ]

    def _routes(self, address: str, port: Port) -> Iterable[str]:
        width = ip_address(address).max_prefixlen
        yield f"route replace {address}/{width} dev {port.device}"
        yield f"neigh replace {address} lladdr {port.mac} nud permanent dev {port.device}"

    @property
    def _ipv4_gateways(self) -> Iterable[str]:
        return sorted({port.gateways[0] for port in self._ports.values()})

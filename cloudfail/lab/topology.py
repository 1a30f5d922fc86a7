"""What a rehearsal consists of: nodes, claims, timers; and what follows for cloud and nodes."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

import msgspec
from msgspec.structs import replace

from cloudfail.errors import UsageError
from cloudfail.lab.cloud.aws.world import (
    Built,
    Subnet,
    World,
    WorldNode,
    WorldPrivateIp,
    WorldPublicIp,
    WorldTable,
)

INSTANCE = "edge"
VIRTUAL_ROUTER_ID = 51
PUBLIC_IP = "203.0.113.7"
PRIVATE_IP = "10.0.1.100"
DESTINATION = "10.99.0.0/16"
TABLE = "main"
KINDS = ("public-ip", "private-ip", "route")


class LabNode(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    address: str
    subnet: str
    priority: int
    own_public_ip: str = ""


A = LabNode(name="a", address="10.0.1.10", subnet="10.0.1.0/24", priority=150)
B = LabNode(name="b", address="10.0.2.10", subnet="10.0.2.0/24", priority=100)
B_BESIDE_A = LabNode(name="b", address="10.0.1.11", subnet="10.0.1.0/24", priority=100)
C = LabNode(name="c", address="10.0.3.10", subnet="10.0.3.0/24", priority=50)


class Topology(msgspec.Struct, frozen=True, kw_only=True):
    """`target` is the claim that the client calls and the verdict is about.

    `advert_interval` is in seconds. `bare` configures keepalived with nothing but the one line
    `notify_master "cloudfail promote --provider aws"`. `agent`: it runs on every node.
    `named_api`: nodes find the API by a name, in the DNS or what stands for it.
    """

    nodes: tuple[LabNode, ...] = (A, B)
    public_ip: str = PUBLIC_IP
    private_ip: str = ""
    destination: str = ""
    advert_interval: float = 1.0
    preempt: bool = False
    bare: bool = False
    provider: str = "aws"
    agent: bool = False
    higher_prio_send_advert: bool = True
    named_api: bool = False

    @property
    def reconcile_interval(self) -> float:
        """The agent's, in seconds: its default at the default of adverts, and as much faster."""
        return max(0.2, 5 * self.advert_interval)

    @property
    def standby_interval(self) -> float:
        return 2 * self.reconcile_interval

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(node.name for node in self.nodes)

    @property
    def claimed(self) -> tuple[str, ...]:
        """Destinations that the router forwards to the holder."""
        return tuple(t for t in (self.public_ip, self.private_ip, self.destination) if t)

    @property
    def target(self) -> str:
        return self.claimed[0]

    @property
    def called(self) -> str:
        """The address that the client sends its packets to."""
        network = self.target.partition("/")[0]
        return str(ip_address(network) + 1) if "/" in self.target else network

    def node(self, name: str) -> LabNode:
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)

    def others(self, name: str) -> tuple[LabNode, ...]:
        return tuple(node for node in self.nodes if node.name != name)


def with_claim(topology: Topology, kind: str) -> Topology:
    """Return the topology with one claim of this kind; a private-ip needs both in one subnet."""
    match kind:
        case "public-ip":
            return topology
        case "private-ip":
            return replace(topology, nodes=(A, B_BESIDE_A), public_ip="", private_ip=PRIVATE_IP)
        case "route":
            return replace(topology, public_ip="", destination=DESTINATION)
        case _:
            raise UsageError(f"no claim is a {kind}; there are {', '.join(KINDS)}")


def destination_of(change_target: str) -> str:
    """Return the router's destination of a change's target, which may be "rtb-1 10.99.0.0/16"."""
    return change_target.rsplit(" ", maxsplit=1)[-1]


def world_of(topology: Topology) -> World:
    """Return the cloud before anything happened: every claim exists, and nobody holds it."""
    subnets = {node.subnet: node for node in topology.nodes}
    return World(
        subnets=tuple(
            Subnet(cidr=cidr, name=f"subnet-{number}", zone=f"eu-central-1{'abc'[number % 3]}")
            for number, cidr in enumerate(subnets)
        ),
        nodes=tuple(
            WorldNode(
                name=node.name,
                address=node.address,
                subnet=node.subnet,
                own_public_ip=node.own_public_ip,
            )
            for node in topology.nodes
        ),
        public_ips=(WorldPublicIp(topology.public_ip),) if topology.public_ip else (),
        private_ips=(
            (WorldPrivateIp(topology.private_ip, topology.nodes[0].name),)
            if topology.private_ip
            else ()
        ),
        route_tables=(
            (WorldTable(TABLE, ((topology.destination, topology.nodes[0].name),)),)
            if topology.destination
            else ()
        ),
    )


def config_of(topology: Topology, built: Built, endpoint: str) -> str:
    """Return cloudfail.toml: the same file on every node."""
    lines = [
        f"[instance.{INSTANCE}]",
        f'provider = "{topology.provider}"',
        'interface = "eth0"',
        f"virtual_router_id = {VIRTUAL_ROUTER_ID}",
        f"advert_int = {topology.advert_interval:g}",
        f"nopreempt = {'false' if topology.preempt else 'true'}",
    ]
    for node in topology.nodes:
        lines += [
            f"[[instance.{INSTANCE}.node]]",
            f'name = "{node.name}"',
            f'address = "{node.address}"',
            f"priority = {node.priority}",
            f'interface_id = "{built.nodes[node.name].interface_id}"',
            f'subnet = "{node.subnet}"',
        ]
    for claim in _claims(topology, built):
        lines.append(f"[[instance.{INSTANCE}.claim]]")
        lines += [f"{key} = {value}" for key, value in claim.items()]
    lines += [f"[provider.{topology.provider}]", f'endpoint = "{endpoint}"']
    lines += ["[keepalived]", 'directory = "/etc/cloudfail"', 'include = ""']
    lines += _of_agent(topology)
    return "\n".join(lines) + "\n"


def _of_agent(topology: Topology) -> list[str]:
    """Return the rest of [keepalived], and [agent]: on a node of the lab everything is root's."""
    lines = []
    if not topology.higher_prio_send_advert:
        lines.append("vrrp_higher_prio_send_advert = false")
    if not topology.agent:
        return [*lines, "[agent]", "enabled = false"]
    return [
        *lines,
        'vrrp_notify_fifo_user = "root root"',
        "[agent]",
        f"standby_interval = {topology.standby_interval:g}",
        f"reconcile_interval = {topology.reconcile_interval:g}",
    ]


def _claims(topology: Topology, built: Built) -> list[Mapping[str, str]]:
    claims: list[Mapping[str, str]] = []
    if topology.public_ip:
        claims.append({"kind": '"public-ip"', "address": f'"{topology.public_ip}"'})
    if topology.private_ip:
        claims.append({"kind": '"private-ip"', "address": f'"{topology.private_ip}"'})
    if topology.destination:
        claims.append(
            {
                "kind": '"route"',
                "destination": f'"{topology.destination}"',
                "tables": f'["{built.tables[TABLE]}"]',
            }
        )
    return claims

"""What a rehearsal consists of: nodes, claims, timers; and the file that follows for the nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address

import msgspec
from msgspec.structs import replace

INSTANCE = "edge"
VIRTUAL_ROUTER_ID = 51
PUBLIC_IP = "203.0.113.7"
RULE_IP = "203.0.113.8"
PRIVATE_IP = "10.0.1.100"
DESTINATION = "10.99.0.0/16"
# Each kind, and the target that a rehearsal gives it; the client calls the first that is claimed.
TARGETS = {
    "public-ip": PUBLIC_IP,
    "forwarding-rule": RULE_IP,
    "private-ip": PRIVATE_IP,
    "route": DESTINATION,
    "standing-route": DESTINATION,
}


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

    `forwarding_rule` is the address of the rule that has the instance's name. `advert_interval` is
    in seconds. `bare` configures keepalived with nothing but the one line
    `notify_master "cloudfail promote --provider NAME"`. `agent`: it runs on every node.
    `named_api`: nodes find the API by a name, in the DNS or what stands for it. `notices`: agents
    hand over when the cloud announces maintenance. `standing_routes`: each node has a route.
    """

    nodes: tuple[LabNode, ...] = (A, B)
    public_ip: str = PUBLIC_IP
    forwarding_rule: str = ""
    private_ip: str = ""
    destination: str = ""
    advert_interval: float = 1.0
    preempt: bool = False
    bare: bool = False
    provider: str = "aws"
    agent: bool = False
    higher_prio_send_advert: bool = True
    named_api: bool = False
    notices: bool = False
    standing_routes: bool = False

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
    def claims(self) -> Mapping[str, str]:
        """The kinds that are claimed, and the destinations that the router forwards to the holder."""
        found = {
            "public-ip": self.public_ip,
            "forwarding-rule": self.forwarding_rule,
            "private-ip": self.private_ip,
            "standing-route" if self.standing_routes else "route": self.destination,
        }
        return {kind: target for kind, target in found.items() if target}

    @property
    def claimed(self) -> tuple[str, ...]:
        return tuple(self.claims.values())

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


def beside(nodes: tuple[LabNode, ...]) -> tuple[LabNode, ...]:
    """Return the nodes in the first one's subnet, at the addresses that follow its own."""
    first = nodes[0]
    address = ip_address(first.address)
    return tuple(
        replace(node, address=str(address + number), subnet=first.subnet)
        for number, node in enumerate(nodes)
    )


def with_claims(topology: Topology, *kinds: str) -> Topology:
    """Return the topology with one claim of each kind; a private-ip needs both in one subnet."""
    targets = {kind: TARGETS[kind] for kind in kinds}
    return replace(
        topology,
        nodes=beside(topology.nodes) if "private-ip" in kinds else topology.nodes,
        public_ip=targets.get("public-ip", ""),
        forwarding_rule=targets.get("forwarding-rule", ""),
        private_ip=targets.get("private-ip", ""),
        destination=targets.get("route", "") or targets.get("standing-route", ""),
        standing_routes="standing-route" in kinds,
    )


def destination_of(change_target: str) -> str:
    """Return the router's destination of a change's target, which may be "rtb-1 10.99.0.0/16"."""
    return change_target.rsplit(" ", maxsplit=1)[-1]


def config_of(
    topology: Topology,
    interfaces: Mapping[str, str],
    claims: Sequence[Mapping[str, str | Sequence[str]]],
    endpoint: str,
    ca_file: str = "",
) -> str:
    """Return cloudfail.toml: the same file on every node.

    `interfaces` are the ids of the nodes' network interfaces, `claims` the tables to be written;
    `ca_file` is what a node trusts at an endpoint with TLS.
    """
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
            f'interface_id = "{interfaces[node.name]}"',
            f'subnet = "{node.subnet}"',
        ]
    for claim in claims:
        lines.append(f"[[instance.{INSTANCE}.claim]]")
        lines += [f"{key} = {_toml(value)}" for key, value in claim.items()]
    lines += [f"[provider.{topology.provider}]", f'endpoint = "{endpoint}"']
    lines += [f'ca_file = "{ca_file}"'] if ca_file else []
    lines += ["standing_routes = true"] if topology.standing_routes else []
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
        f"notices = {'true' if topology.notices else 'false'}",
    ]


def _toml(value: str | Sequence[str]) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return f"[{', '.join(_toml(item) for item in value)}]"

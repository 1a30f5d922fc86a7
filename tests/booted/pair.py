"""Node a as an operator sets it up on a machine with systemd, its peer b, and an embedded AWS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cloudfail.lab.cloud.aws.sessions import ADMIN_KEY
from cloudfail.lab.cloud.aws.world import Subnet, World, WorldNode, WorldPublicIp

from bench.stage import ADDRESS, Stage, stage
from booted.machine import Machine
from vrrp.inside import in_network
from vrrp.nodes import Nodes

UNIT, KEEPALIVED = "cloudfail-agent.service", "keepalived.service"
KEYS = "/etc/cloudfail/aws-keys"
WORLD = World(
    subnets=(Subnet("10.0.1.0/24"),),
    nodes=(
        WorldNode("a", "10.0.1.10", "10.0.1.0/24"),
        WorldNode("b", "10.0.1.11", "10.0.1.0/24"),
    ),
    public_ips=(WorldPublicIp(ADDRESS, holder="b"),),
)
_TOML = f"""
[agent]
load_credential = ["aws-keys:{KEYS}"]
reconcile_interval = 0.5
standby_interval = 0.5
[instance.edge]
provider = "aws"
interface = "eth0"
virtual_router_id = 51
advert_int = 0.3
node = [
  {{ name = "a", address = "10.0.1.10", priority = 240, interface_id = "eni-a" }},
  {{ name = "b", address = "10.0.1.11", priority = 100, interface_id = "eni-b" }},
]
[[instance.edge.claim]]
kind = "public-ip"
address = "{ADDRESS}"
[provider.aws]
region = "eu-central-1"
credentials_file = "{KEYS}"
"""
_KEYS = f"[default]\naws_access_key_id = {ADMIN_KEY}\naws_secret_access_key = s3cr3t\n"


FIRST = ("cloudfail", "generate", "--install", "--reload")


@dataclass(frozen=True, slots=True)
class Pair:
    """`a` is run by systemd, and only its network is that of the node of this name; b is off."""

    a: Machine
    nodes: Nodes
    cloud: Stage

    def is_held_by(self, node: str) -> bool:
        ours = [change for change in self.cloud.cloud.changes if change.target == ADDRESS]
        return bool(ours) and ours[-1].holder == self.cloud.built.nodes[node].interface_id

    def begin(self) -> None:
        """Install it as the tutorial says, until node a is master and has the address."""
        first = self.a.run(*FIRST)
        assert "systemctl enable --now keepalived" in first.stderr, first.stderr
        self.a.do("systemctl", "enable", "--now", "keepalived")
        self.a.wait(lambda: self.is_held_by("a"))

    @property
    def agent(self) -> int:
        """Its pid, as it is on the machine; 0: it does not run."""
        return int(self.a.shown(UNIT, "MainPID"))


@contextmanager
def pair(folder: Path, more: str = "") -> Iterator[Pair]:
    """Everything is there that comes before `cloudfail generate --install`; `more` are other tables."""
    with Nodes("ab") as nodes:
        network = nodes["a"].pid
        made = stage(WORLD, folder)
        cloud = in_network(network, made.__enter__)
        try:
            built = cloud.built.nodes
            toml = (_TOML + more).replace("eni-a", built["a"].interface_id)
            toml = toml.replace("eni-b", built["b"].interface_id)
            with Machine(network) as machine:
                _furnish(machine, toml, in_network(network, lambda: cloud.environment("a")))
                yield Pair(machine, nodes, cloud)
        finally:
            made.__exit__(None, None, None)


def _furnish(machine: Machine, toml: str, environment: dict[str, str]) -> None:
    machine.write("/etc/cloudfail/cloudfail.toml", toml)
    machine.write(KEYS, _KEYS, 0o600)
    machine.environment = {k: v for k, v in environment.items() if k.startswith("AWS_")}
    lines = "".join(f"Environment={name}={value}\n" for name, value in machine.environment.items())
    for unit in (UNIT, KEEPALIVED):
        machine.write(f"/etc/systemd/system/{unit}.d/cloud.conf", f"[Service]\n{lines}")

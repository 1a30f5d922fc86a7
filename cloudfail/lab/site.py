"""A place to rehearse at: real nodes in namespaces here, played ones in `simulated`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from cloudfail import process
from cloudfail.clock import Clock
from cloudfail.errors import CloudfailError
from cloudfail.lab.adverts import Ear
from cloudfail.lab.client import Client, Packet
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.world import Built
from cloudfail.lab.cloudlink import CloudProcess, Narrator, NodeCall
from cloudfail.lab.keepalived_conf import keepalived_conf, sysctl_conf
from cloudfail.lab.machine import Machine
from cloudfail.lab.network import API_ADDRESS, METADATA_ADDRESS, Network, Port
from cloudfail.lab.node import SYSCTL
from cloudfail.lab.processes import send_kill
from cloudfail.lab.timeline import Kind, Timeline
from cloudfail.lab.topology import Topology, config_of, world_of

API_PORT = 4566
HOME = Path("/run/lab")
_FRACTION = 0.15  # of an interval: closer adverts than that are moved apart first


class Site(Protocol):
    """What scenarios can do to nodes and cloud; each deed shows on the timeline."""

    topology: Topology
    timeline: Timeline
    simulated: bool

    def open(self) -> None: ...
    def close(self) -> None: ...
    def boot(self, node: str) -> None: ...
    def kill(self, node: str) -> None: ...
    def start_vrrp(self, node: str) -> None: ...
    def stop_vrrp(self, node: str) -> None: ...
    def freeze(self, node: str) -> None: ...
    def thaw(self, node: str) -> None: ...
    def link(self, node: str, *, up: bool) -> None: ...
    def part(self, one: str, other: str) -> None: ...

    def join(self, one: str, other: str, *, first: str = "") -> None:
        """Heal the partition; the advert of `first` is then the first to arrive."""
        ...

    def first_advert(self, since: float) -> str:
        """Return the node whose advert was the first after CLOCK_MONOTONIC `since`."""
        ...

    def set_faults(self, faults: Faults) -> None: ...
    def kill_cloudfail(self, node: str) -> int:
        """SIGKILL every cloudfail process of the node; return how many there were."""
        ...

    def is_busy(self, node: str) -> bool:
        """Say whether a cloudfail process runs on the node."""
        ...

    def execute(self, node: str, command: Sequence[str]) -> process.CompletedProcess[str]: ...
    def is_allocated(self, public_ip: str) -> bool: ...
    def calls(self) -> Sequence[NodeCall]: ...
    def packets(self) -> Sequence[Packet]: ...
    @property
    def is_served(self) -> bool: ...


class RealSite:
    """Real keepalived, in the namespaces of the sandbox that this process must be in."""

    simulated = False

    def __init__(self, topology: Topology, clock: Clock, home: Path = HOME) -> None:
        self.topology = topology
        self.timeline = Timeline(clock)
        self._clock = clock
        self._home = home
        self._network: Network | None = None
        self._narrator = Narrator(self.timeline, self._forward)
        self.cloud = CloudProcess(self._narrator, home / "cloud.log")
        self.machines: Mapping[str, Machine] = {}
        self._ear = Ear({node.address: node.name for node in topology.nodes}, clock)
        self._client = Client(topology.called, self.timeline)

    def open(self) -> None:
        """Build cloud, network and client; the nodes are configured, and off."""
        self._home.mkdir(parents=True, exist_ok=True)
        nodes = self.topology.nodes
        blank = Network()
        blank.open()
        self._network = blank
        self.cloud.open(API_ADDRESS, API_PORT, f"{METADATA_ADDRESS}:80")
        self._narrator.know({node.address: node.name for node in nodes})
        built = self.cloud.control.build(world_of(self.topology))
        blank.know(
            [Port(n.name, n.address, built.nodes[n.name].mac, n.subnet) for n in nodes],
            self.topology.claimed,
        )
        self.machines = {node.name: self._machine(node.name, built) for node in nodes}
        self._ear.open()
        self._client.open(blank.plug_client)
        self.cloud.follow()

    def close(self) -> None:
        for machine in self.machines.values():
            machine.kill()
        self._client.close()
        self._ear.close()
        self.cloud.close()
        if self._network is not None:
            self._network.close()

    def boot(self, node: str) -> None:
        self.machines[node].boot()

    def kill(self, node: str) -> None:
        self.machines[node].kill()
        self.network.unplug(node)

    def start_vrrp(self, node: str) -> None:
        self.machines[node].wait_for_keepalived(5)
        self.machines[node].start_keepalived()

    def stop_vrrp(self, node: str) -> None:
        self.machines[node].stop_keepalived()

    def freeze(self, node: str) -> None:
        self.machines[node].freeze()

    def thaw(self, node: str) -> None:
        self.machines[node].thaw()

    def link(self, node: str, *, up: bool) -> None:
        self.network.link(node, up=up)

    def part(self, one: str, other: str) -> None:
        self.network.part(one, other)

    def join(self, one: str, other: str, *, first: str = "") -> None:
        if first:
            self._await_turn(first, other if first == one else one)
        self.network.join(one, other)

    def first_advert(self, since: float) -> str:
        return self._ear.first_since(since)

    def set_faults(self, faults: Faults) -> None:
        self.cloud.set_faults(faults)

    def kill_cloudfail(self, node: str) -> int:
        return send_kill(self.machines[node].cloudfail_processes())

    def is_busy(self, node: str) -> bool:
        return bool(self.machines[node].cloudfail_processes())

    def execute(self, node: str, command: Sequence[str]) -> process.CompletedProcess[str]:
        return self.machines[node].execute(command, 60)

    def is_allocated(self, public_ip: str) -> bool:
        return public_ip in self.cloud.public_ips()

    def calls(self) -> Sequence[NodeCall]:
        return tuple(self._narrator.calls)

    def packets(self) -> Sequence[Packet]:
        return self._client.packets()

    @property
    def is_served(self) -> bool:
        return self._client.is_served

    @property
    def network(self) -> Network:
        if self._network is None:
            raise CloudfailError("the lab's network is not up")
        return self._network

    def _machine(self, name: str, built: Built) -> Machine:
        machine = Machine(
            name, self._home / name, self.timeline, lambda pid: self.network.plug(name, pid)
        )
        etc = machine.home / "etc"
        config = etc / "cloudfail.toml"
        config.write_text(config_of(self.topology, built, self.cloud.endpoint))
        (etc / "keepalived.conf").write_text(keepalived_conf(self.topology, config, name))
        (machine.home / SYSCTL / "60-cloudfail.conf").write_text(sysctl_conf(config, name))
        return machine

    def _forward(self, destination: str, node: str) -> None:
        if self._network is not None and destination in self.topology.claimed:
            self._network.forward(destination, node)

    def _await_turn(self, first: str, other: str) -> None:
        """Return when the other has just advertised, and `first` is next, not too soon.

        Both are masters here, each on its own timer; where the timers fall together, the other's
        keepalived is held up for a third of an interval.
        """
        interval = self.topology.advert_interval
        for _ in range(10):
            if self._ear.next_of(other, 3 * interval) is None:
                break
            mine, theirs = self._ear.last_of(first), self._ear.last_of(other)
            if mine is None or theirs is None:
                break
            left = (mine.t + interval - theirs.t) % interval
            if left > _FRACTION * interval:
                return
            self.machines[other].hold_keepalived(interval / 3)
        self.timeline.add(first, Kind.LAB, "the adverts would not fall into the order asked for")

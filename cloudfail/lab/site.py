"""A place to rehearse at: real nodes in namespaces here, played ones in `simulated`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from cloudfail import process
from cloudfail.clock import Clock
from cloudfail.lab import node_files
from cloudfail.lab.adverts import Ear
from cloudfail.lab.asked_agent import is_acting, status_of
from cloudfail.lab.client import Client, Packet
from cloudfail.lab.cloud.client import CloudControl
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.interface import BuiltWorld
from cloudfail.lab.cloudlink import Narrator, NodeCall
from cloudfail.lab.ground import Ground
from cloudfail.lab.machine import Machine
from cloudfail.lab.network import API_ADDRESS, Network, Port
from cloudfail.lab.node_files import CA_FILE
from cloudfail.lab.processes import send_kill
from cloudfail.lab.timeline import Kind, Timeline
from cloudfail.lab.topology import Topology
from cloudfail.lab.turn import await_turn
from cloudfail.lab.vrrp_daemon import Part

API_NAME = "api.lab.internal"
HOME = Path("/run/lab")
_NO_RESOLVER = "10.0.0.3"  # blackholed
_TERM = 5.0


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
    def kill_vrrp(self, node: str, part: Part = Part.ALL) -> None:
        """SIGKILL keepalived, and nothing else of the node."""
        ...

    def hang_vrrp(self, node: str) -> None:
        """Stop keepalived, and nothing else of the node; `resume_vrrp` lets it go on."""
        ...

    def resume_vrrp(self, node: str) -> None: ...

    def part(self, one: str, other: str, *, one_way: bool = False) -> None:
        """Let them no longer hear each other; `one_way`: `other` no longer hears `one`."""
        ...

    def join(self, one: str, other: str, *, first: str = "") -> None:
        """Heal the partition; the advert of `first` is then the first to arrive."""
        ...

    def first_advert(self, since: float) -> str:
        """Return the node whose advert was the first after CLOCK_MONOTONIC `since`."""
        ...

    def set_faults(self, faults: Faults) -> None: ...
    @property
    def control(self) -> CloudControl[Any]:
        """The way to the embedded cloud itself."""
        ...

    def kill_cloudfail(self, node: str) -> int:
        """SIGKILL every cloudfail process of the node, the agent too; return how many there were."""
        ...

    def kill_agent(self, node: str) -> int:
        """SIGKILL the agent, and nothing else; it is started again. Return how many there were."""
        ...

    def stop_agent(self, node: str) -> None:
        """End the agent, as `systemctl stop` would; `start_agent` starts it."""
        ...

    def start_agent(self, node: str) -> None: ...
    def agent_of(self, node: str) -> Any:
        """Return what the node's agent says of itself, as `cloudfail status` does; None: nothing."""
        ...

    def is_busy(self, node: str) -> bool:
        """Say whether cloudfail does something on the node: a command runs, or the agent acts."""
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

    def __init__(
        self, topology: Topology, clock: Clock, home: Path = HOME, ground: Ground | None = None
    ) -> None:
        """Stand on `ground`, which may be open already; none: one of its own."""
        self.topology = topology
        self.timeline = Timeline(clock)
        self._clock = clock
        self._home = home
        self._ground = ground or Ground(topology.provider, home)
        self._narrator = Narrator(self.timeline, self._forward)
        self.cloud = self._ground.cloud
        self.machines: Mapping[str, Machine] = {}
        self._ear = Ear({node.address: node.name for node in topology.nodes}, clock)
        self._client = Client(topology.called, self.timeline)

    def open(self) -> None:
        """Build cloud, network and client; the nodes are configured, and off."""
        if not self._ground.is_open:
            self._ground.open()
        nodes = self.topology.nodes
        self._narrator.know({node.address: node.name for node in nodes})
        built = self._ground.lay(self.topology)
        self.network.know(
            [Port(n.name, n.address, built.nodes[n.name].mac, n.subnet) for n in nodes],
            self.topology.claimed,
        )
        self.machines = {node.name: self._machine(node.name, built) for node in nodes}
        self._ear.open()
        self._client.open(self.network.plug_client)
        self.cloud.follow(self._narrator)

    def close(self) -> None:
        for machine in self.machines.values():
            machine.kill()
        self._client.close()
        self._ear.close()
        self._ground.close()

    def boot(self, node: str) -> None:
        self.machines[node].boot()

    def kill(self, node: str) -> None:
        self.machines[node].kill()
        self.network.unplug(node)

    def start_vrrp(self, node: str) -> None:
        self.machines[node].keepalived.wait(5)
        self.machines[node].keepalived.start()

    def stop_vrrp(self, node: str) -> None:
        self.machines[node].keepalived.stop()

    def kill_vrrp(self, node: str, part: Part = Part.ALL) -> None:
        self.machines[node].keepalived.kill(part)
        detail = "dead" if part is Part.ALL else ""
        self.timeline.add(node, Kind.LAB, f"keepalived is killed: {part}", detail=detail)

    def hang_vrrp(self, node: str) -> None:
        self.machines[node].keepalived.hang()
        self.timeline.add(node, Kind.LAB, "keepalived hangs", detail="frozen")

    def resume_vrrp(self, node: str) -> None:
        self.timeline.add(node, Kind.LAB, "keepalived goes on", detail="thawed")
        self.machines[node].keepalived.go_on()

    def freeze(self, node: str) -> None:
        self.machines[node].freeze()

    def thaw(self, node: str) -> None:
        self.machines[node].thaw()

    def link(self, node: str, *, up: bool) -> None:
        self.network.link(node, up=up)

    def part(self, one: str, other: str, *, one_way: bool = False) -> None:
        self.network.part(one, other, one_way=one_way)

    def join(self, one: str, other: str, *, first: str = "") -> None:
        if first:
            self._await_turn(first, other if first == one else one)
        self.network.join(one, other)

    def first_advert(self, since: float) -> str:
        return self._ear.first_since(since)

    def set_faults(self, faults: Faults) -> None:
        self.cloud.set_faults(faults)

    @property
    def control(self) -> CloudControl[Any]:
        return self.cloud.control

    def kill_cloudfail(self, node: str) -> int:
        return send_kill(self.machines[node].commands()) + self.kill_agent(node)

    def kill_agent(self, node: str) -> int:
        agent = self.machines[node].agent
        return send_kill(agent.pids) if agent is not None else 0

    def stop_agent(self, node: str) -> None:
        if (agent := self.machines[node].agent) is not None:
            agent.stop(_TERM)
            self.timeline.add(node, Kind.LAB, "the agent is stopped")

    def start_agent(self, node: str) -> None:
        if (agent := self.machines[node].agent) is not None:
            agent.go_on()
            self.timeline.add(node, Kind.LAB, "the agent is started")

    def is_busy(self, node: str) -> bool:
        return bool(self.machines[node].commands()) or is_acting(self.agent_of(node))

    def agent_of(self, node: str) -> Any:
        machine = self.machines[node]
        if machine.agent is None or not machine.is_up:
            return None
        return status_of(machine.home / "run", self._clock)

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

    def tell_names(self, machine: Machine, *, known: bool) -> None:
        """Have the node find the API's name; unknown: ask a name server that never answers."""
        machine.know_hosts({API_NAME: API_ADDRESS} if known else {}, _NO_RESOLVER)

    @property
    def network(self) -> Network:
        return self._ground.network

    def _machine(self, name: str, built: BuiltWorld) -> Machine:
        machine = Machine(
            name, self._home / name, self.timeline, lambda pid: self.network.plug(name, pid)
        )
        trusted = CA_FILE if self.cloud.ca_file else ""
        config = self._ground.config(self.topology, built, self._endpoint, trusted)
        node_files.write(machine, self.topology, config, self.cloud.ca_file)
        if self.topology.named_api:
            self.tell_names(machine, known=True)
        if self.topology.agent:
            machine.have_agent()
        return machine

    @property
    def _endpoint(self) -> str:
        there = self.cloud.endpoint
        return there.replace(API_ADDRESS, API_NAME) if self.topology.named_api else there

    def _forward(self, destination: str, node: str) -> None:
        if self._ground.is_open and destination in self.topology.claimed:
            self.network.forward(destination, node)

    def _await_turn(self, first: str, other: str) -> None:
        interval = self.topology.advert_interval

        def hold_until(t: float) -> None:
            self.machines[other].keepalived.hold(max(0.0, t - self._clock.now()))

        if not await_turn(self._ear, interval, first, other, hold_until, self._clock.now):
            text = "the adverts would not fall into the order asked for"
            self.timeline.add(first, Kind.LAB, text)

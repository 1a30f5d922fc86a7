"""The site for plain containers: VRRP is played, cloudfail and the embedded cloud are real.

Each node is a directory and a metadata service; its cloudfail runs as keepalived would run it
(umask 0177, no terminal, another user's HOME), over loopback.
"""

from __future__ import annotations

import contextlib
import shlex
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from cloudfail import process
from cloudfail.clock import Clock
from cloudfail.errors import UsageError
from cloudfail.lab.client import CLIENT, INTERVAL, Packet
from cloudfail.lab.cloud.client import CloudControl
from cloudfail.lab.cloud.clouds import kind_of
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.records import Call, Change
from cloudfail.lab.cloudlink import Narrator, NodeCall
from cloudfail.lab.played_vrrp import PlayedVrrp
from cloudfail.lab.simulated_node import SimulatedNode
from cloudfail.lab.terrain import terrain_of
from cloudfail.lab.timeline import Kind, Timeline
from cloudfail.lab.topology import INSTANCE, Topology, destination_of
from cloudfail.lab.vrrp_daemon import Part


class SimulatedSite:
    """A `Site` without namespaces: any user, anywhere."""

    simulated = True

    def __init__(self, topology: Topology, clock: Clock, home: Path) -> None:
        self.topology = topology
        self.timeline = Timeline(clock)
        self._clock = clock
        self._home = home
        self._lock = threading.RLock()
        self._vrrp = PlayedVrrp(topology, self._on_role)
        self._narrator = Narrator(self.timeline, self._on_move)
        self._cloud = kind_of(topology.provider).load()()
        self._nodes: dict[str, SimulatedNode] = {}
        self._packets: list[Packet] = []
        self._served = False
        self._holder = ""
        self._seen = 0
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick_again, name="played-vrrp", daemon=True)

    @classmethod
    @contextlib.contextmanager
    def in_temporary_directory(cls, topology: Topology, clock: Clock) -> Iterator[Self]:
        with tempfile.TemporaryDirectory(prefix="cloudfail-lab-") as home:
            yield cls(topology, clock, Path(home))

    def open(self) -> None:
        self._cloud.__enter__()
        terrain = terrain_of(self.topology.provider)
        built = self._cloud.build(terrain.world(self.topology))
        cloud = self._cloud
        config = terrain.config(self.topology, built, cloud.endpoint, cloud.ca_file)
        for node in self.topology.nodes:
            self._nodes[node.name] = SimulatedNode(
                node.name,
                self._home / node.name,
                config,
                cloud.metadata_environment(node.name),
                self.timeline,
            )
        self._narrator.know({node.address: node.name for node in self.topology.nodes})
        self._cloud.on_change(self._on_change)
        for change in self._cloud.holders:
            self._narrator.on_change(change)
        self._ticker.start()

    def close(self) -> None:
        self._over.set()
        if self._ticker.is_alive():
            self._ticker.join(5)
        for node in self._nodes.values():
            node.kill()
        self._cloud.__exit__(None, None, None)

    def boot(self, node: str) -> None:
        self._nodes[node].boot()
        self.timeline.add(node, Kind.LAB, "booted", detail="booted")

    def kill(self, node: str) -> None:
        with self._lock:
            self._vrrp.die(node)
            self._nodes[node].kill()
            self.timeline.add(node, Kind.LAB, "dead", detail="dead")

    def start_vrrp(self, node: str) -> None:
        with self._lock:
            self._vrrp.start(node, self._clock.now())

    def stop_vrrp(self, node: str) -> None:
        with self._lock:
            self._vrrp.stop(node, self._clock.now())

    def freeze(self, node: str) -> None:
        with self._lock:
            self._vrrp.freeze(node, frozen=True)
            self._nodes[node].freeze()
            self.timeline.add(node, Kind.LAB, "frozen", detail="frozen")

    def thaw(self, node: str) -> None:
        with self._lock:
            self.timeline.add(node, Kind.LAB, "thawed", detail="thawed")
            self._nodes[node].thaw()
            self._vrrp.freeze(node, frozen=False)

    def kill_vrrp(self, node: str, part: Part = Part.ALL) -> None:
        with self._lock:
            match part:
                case Part.ALL:
                    self._vrrp.die(node)
                    self.timeline.add(node, Kind.LAB, "keepalived is killed: all", detail="dead")
                case Part.PARENT:
                    self._vrrp.stop(node, self._clock.now())
                case Part.CHILD:
                    self._vrrp.die(node)
                    self._vrrp.start(node, self._clock.now())

    def hang_vrrp(self, node: str) -> None:
        with self._lock:
            self._vrrp.freeze(node, frozen=True)
            self.timeline.add(node, Kind.LAB, "keepalived hangs", detail="frozen")

    def resume_vrrp(self, node: str) -> None:
        with self._lock:
            self.timeline.add(node, Kind.LAB, "keepalived goes on", detail="thawed")
            self._vrrp.freeze(node, frozen=False)

    def link(self, node: str, *, up: bool) -> None:
        with self._lock:
            self._vrrp.link(node, self._clock.now(), up=up)

    def part(self, one: str, other: str, *, one_way: bool = False) -> None:
        with self._lock:
            self._vrrp.part(one, other, one_way=one_way)

    def join(self, one: str, other: str, *, first: str = "") -> None:
        with self._lock:
            self._vrrp.join(one, other, self._clock.now(), first)

    def first_advert(self, since: float) -> str:
        return next((node for t, node in self._vrrp.adverts if t > since), "")

    def set_faults(self, faults: Faults) -> None:
        self._cloud.faults = faults

    @property
    def control(self) -> CloudControl[Any]:
        return CloudControl(self._cloud.control, terrain_of(self.topology.provider).built)

    def kill_cloudfail(self, node: str) -> int:
        return self._nodes[node].kill_commands()

    def kill_agent(self, node: str) -> int:
        raise UsageError(f"{node} is simulated, and has no agent: it hears keepalived on the wire")

    def stop_agent(self, node: str) -> None:
        self.kill_agent(node)

    def start_agent(self, node: str) -> None:
        self.kill_agent(node)

    def agent_of(self, node: str) -> Any:
        del node

    def is_busy(self, node: str) -> bool:
        return self._nodes[node].is_busy

    def execute(self, node: str, command: Sequence[str]) -> process.CompletedProcess[str]:
        if command[0] != "cloudfail":
            raise UsageError(f"a simulated node has no {command[0]}: only cloudfail runs there")
        return self._nodes[node].execute(command[1:])

    def is_allocated(self, public_ip: str) -> bool:
        return any(c.target == public_ip for c in self._cloud.holders)

    def calls(self) -> Sequence[NodeCall]:
        self._fetch_calls()
        return tuple(self._narrator.calls)

    def packets(self) -> Sequence[Packet]:
        return tuple(self._packets)

    @property
    def is_served(self) -> bool:
        return self._served

    def _on_role(self, name: str, role: str) -> None:
        node = self.topology.node(name)
        told = "an advert of lower priority" if role == "RX_LOWER_PRI" else role
        self.timeline.add(name, Kind.VRRP, f"played: {told}", detail=role)
        for line in self._hooks(role, node.priority):
            self._nodes[name].start(shlex.split(line))

    def _hooks(self, role: str, priority: int) -> list[str]:
        if self.topology.bare:
            bare = f"promote --provider {self.topology.provider}"
            return [bare] if role == "MASTER" else []
        if role == "RX_LOWER_PRI":
            return [f"notify --event rx-lower-pri --instance {INSTANCE}"]
        return [f"notify INSTANCE {INSTANCE} {role} {priority}"]

    def _on_change(self, change: Change) -> None:
        self._narrator.on_change(change)

    def _on_move(self, destination: str, node: str) -> None:
        if destination == destination_of(self.topology.target):
            self._holder = node

    def _tick_again(self) -> None:
        following = self._clock.now()
        while not self._over.is_set():
            now = self._clock.now()
            with self._lock:
                self._vrrp.step(now)
                self._call(now)
            self._fetch_calls()
            following = max(following + INTERVAL, self._clock.now())
            self._clock.sleep(max(0.0, following - self._clock.now()))

    def _call(self, now: float) -> None:
        """Send the client's packet: it is answered when the holder lives and has its link."""
        holder = self._nodes.get(self._holder)
        served = holder is not None and holder.answers and self._vrrp.players[holder.name].is_linked
        self._packets.append(Packet(now, served))
        if served != self._served and len(self._packets) > 1:
            text, detail = ("answers are back", "served") if served else ("no more answers", "dark")
            self.timeline.add(CLIENT, Kind.CLIENT, text, detail=detail)
        self._served = served

    def _fetch_calls(self) -> None:
        with self._lock:
            calls = [call for call in self._cloud.calls if call.number > self._seen]
            for call in calls:
                self._seen = call.number
                self._narrator.on_node_call(self._caller(call), call)

    def _caller(self, call: Call) -> str:
        """Return the node whose cloudfail ran then: all of them call from 127.0.0.1."""
        running = [n for n in self._nodes.values() if n.ran_at(call.t)]
        return max(running, key=lambda n: n.last_start).name if running else ""

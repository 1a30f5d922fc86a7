"""Two or three real keepalived nodes and the network between them, for the length of a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from cloudfail.clock import Clock, SystemClock
from cloudfail.lab.turn import is_next, seconds_to_hold

from vrrp.echo import Ping
from vrrp.frames import Capture, Frame
from vrrp.net import ROUTER_MAC, Net, Port
from vrrp.node import CONFIG, Event, Node
from vrrp.question import Question


class OrderError(AssertionError):
    """The machine was too busy for adverts in the order that was asked for; try again."""


class Nodes:
    """Nodes a, b, c at 10.0.1.10, .11, .12 and fd00:0:0:1::10, ::11, ::12, each on its eth0.

    With `zones` each has a subnet of its own: 10.0.1.0/24, 10.0.2.0/24, 10.0.3.0/24.
    """

    def __init__(self, names: str = "ab", *, zones: bool = False) -> None:
        self.ports: Mapping[str, Port] = {
            name: Port(name, 10 + i, 1 + i if zones else 1) for i, name in enumerate(names)
        }
        self.clock: Clock = SystemClock()
        self._nodes: dict[str, Node] = {}

    def __enter__(self) -> Self:
        self._router = Node("router")
        try:
            self._net = Net(self._router.pid, self.ports)
            self._capture = Capture(self._router.pid, self._net.node_of)
            for name in self.ports:
                self._nodes[name] = Node(name)
                self._net.plug(name, self._nodes[name].pid)
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._close()

    def __getitem__(self, node: str) -> Node:
        return self._nodes[node]

    def configure(self, node: str, text: str) -> None:
        """Make `text` the node's keepalived.conf."""
        self._nodes[node].write(CONFIG, text)

    def start(self, *nodes: str) -> None:
        """Start keepalived on these nodes, or on all."""
        for node in nodes or self._nodes:
            self._nodes[node].start()

    def stop(self, node: str) -> None:
        self._nodes[node].stop()

    def kill(self, node: str) -> None:
        self._nodes[node].kill()

    def write(self, node: str, path: str, text: str, mode: int = 0o644) -> None:
        self._nodes[node].write(path, text, mode)

    def log(self, node: str) -> str:
        return self._nodes[node].log

    def events(self, node: str) -> tuple[Event, ...]:
        return self._nodes[node].events()

    def link(self, node: str, *, up: bool) -> None:
        self._net.link(node, up=up)

    def part(self, one: str, other: str, *, one_way: bool = False) -> None:
        """Drop what the two send each other, or only what the first sends to the other."""
        self._net.cut(one, other)
        if not one_way:
            self._net.cut(other, one)

    def join(self, one: str, other: str, *, first: str = "", one_way: bool = False) -> None:
        """End that. The advert of `first`, when named, is the next that arrives.

        Returns when it has arrived; raises OrderError, with the two joined, when another came first.
        """
        later = other if first == one else one
        with self._net.healing(one, other, both=not one_way) as heal:
            is_their_turn = not first or self._await_turn(first, later)
            healing = self.clock.now()
            heal()
        if not is_their_turn:
            raise OrderError(f"the advert of {first} would not come first")
        if first:
            self._expect_first(first, later, healing, self.clock.now())

    def forward(self, destination: str, node: str) -> None:
        """Route an address to the MAC of the node's eth0, as the cloud does for a claim."""
        self._net.forward(destination, node)

    def set_metric(self, node: str, metric: int) -> None:
        """Give the routes of the node's eth0 a metric, as networkd and netplan do with DHCP."""
        self._net.set_metric(node, self._nodes[node].pid, metric)

    def ask(self, node: str, target: str) -> None:
        """Broadcast to the node the question who has `target`, in another node's name."""
        other = next(port for name, port in self.ports.items() if name != node)
        asker = other.ipv6 if ":" in target else other.ipv4
        Question(target, asker, ROUTER_MAC).ask(self._router.pid, self.ports[node].device)

    def ping(self, node: str, ping: Ping) -> bool:
        """Say whether a ping from the node (or from `router`) is answered."""
        return ping.is_answered((self._nodes.get(node) or self._router).pid)

    def frames(self, since: float, node: str = "") -> tuple[Frame, ...]:
        """Return the frames that a node's eth0 has sent since then."""
        return self._capture.since(since, node)

    def roles(self, instance: str = "") -> dict[str, str]:
        return {name: node.role(instance) for name, node in self._nodes.items()}

    def masters(self, instance: str = "") -> tuple[str, ...]:
        return tuple(n for n, role in self.roles(instance).items() if role == "MASTER")

    def wait(self, question: Callable[[], bool], seconds: float = 15) -> bool:
        """Return True as soon as the question is; False when it is not in time."""
        until = self.clock.now() + seconds
        while not question():
            if self.clock.now() > until:
                return False
            self.clock.sleep(0.02)
        return True

    def wait_master(self, node: str, instance: str = "", seconds: float = 15) -> None:
        """Wait until the node is master, whoever else is. Raises AssertionError with the logs."""
        if not self.wait(lambda: node in self.masters(instance), seconds):
            raise AssertionError(f"{node} is not master after {seconds:g} s{self._logs()}")

    def exactly_one_master(self, seconds: float, instance: str = "") -> str:
        """Return the master that is the only one, without a break, for so many seconds."""
        masters = self.masters(instance)
        until = self.clock.now() + seconds
        while self.clock.now() < until or len(masters) != 1:
            if len(masters) != 1 or masters != self.masters(instance):
                raise AssertionError(f"masters were {self.masters(instance)}{self._logs()}")
            self.clock.sleep(0.02)
        return masters[0]

    def _await_turn(self, first: str, other: str) -> bool:
        """Return when the other has just advertised, and `first` is next, not too soon; False: never."""
        for _ in range(10):
            started = self.clock.now()
            mine = self._need_advert(first, other, started)
            theirs = self._need_advert(other, first, started)
            again = self._need_advert(other, first, max(mine.t, theirs.t))
            mine = self._adverts(first, other, 0, again.t)[-1]
            interval = again.t - theirs.t
            left = (mine.t - again.t) % interval
            if is_next(left, self.clock.now() - again.t, interval):
                return True
            until = again.t + seconds_to_hold(left, interval)
            self._nodes[other].hold(max(0.0, until - self.clock.now()))
        return False

    def _need_advert(self, node: str, to: str, since: float) -> Frame:
        """Wait for the node's next advert to another: to each of its peers it sends one."""
        advert = self._capture.next_advert(node, self._addresses(to), since, 15)
        if advert is None:
            raise AssertionError(f"{node} does not advertise to {to}{self._logs()}")
        return advert

    def _adverts(self, node: str, to: str, since: float, until: float) -> list[Frame]:
        found, addresses = self.frames(since, node), self._addresses(to)
        return [f for f in found if f.t <= until and f.is_advert and f.destination in addresses]

    def _expect_first(self, first: str, other: str, healing: float, healed: float) -> None:
        """Raise unless `first` is heard first, and neither spoke while the way was being opened."""
        mine = self._need_advert(first, other, healing)
        theirs = self._adverts(other, first, healing, mine.t)
        if theirs:
            raise OrderError(f"the advert of {other} was faster, not that of {first}")
        if mine.t <= healed:
            raise OrderError(f"the advert of {first} may have come before the heal")

    def _addresses(self, node: str) -> tuple[str, str]:
        return self.ports[node].ipv4, self.ports[node].ipv6

    def _logs(self) -> str:
        return "".join(f"\n--- {name}\n{node.log}" for name, node in self._nodes.items())

    def _close(self) -> None:
        for node in self._nodes.values():
            node.close()
        if hasattr(self, "_capture"):
            self._capture.close()
        self._router.close()

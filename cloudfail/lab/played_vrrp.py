"""VRRP version 3 as a small machine of timers, for places where keepalived cannot run.

It plays what keepalived says and when: master-down after three intervals and the skew, a farewell
on stop, `nopreempt`, one last advert before stepping down (`vrrp_higher_prio_send_advert`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from cloudfail.lab.topology import Topology

Tell = Callable[[str, str], None]  # node, role or RX_LOWER_PRI
_FAREWELL = 0


@dataclass(slots=True)
class Player:
    """One node's VRRP; times are CLOCK_MONOTONIC seconds."""

    name: str
    priority: int
    role: str = ""
    heard: float = 0.0
    advertises: float = 0.0
    is_linked: bool = True
    is_frozen: bool = False

    @property
    def speaks(self) -> bool:
        return self.role in {"BACKUP", "MASTER"} and self.is_linked and not self.is_frozen


@dataclass(slots=True)
class PlayedVrrp:
    """Call `step` often; `tell` hears of each event. Not thread-safe."""

    topology: Topology
    tell: Tell
    parted: set[tuple[str, str]] = field(default_factory=set)  # sender, who does not hear it
    players: dict[str, Player] = field(init=False)
    adverts: list[tuple[float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.players = {n.name: Player(n.name, n.priority) for n in self.topology.nodes}

    @property
    def interval(self) -> float:
        return self.topology.advert_interval

    def start(self, node: str, now: float) -> None:
        player = self.players[node]
        player.heard = now
        self._become(player, "BACKUP" if player.is_linked else "FAULT", now)

    def stop(self, node: str, now: float) -> None:
        player = self.players[node]
        if player.role == "MASTER":
            self._advertise(player, _FAREWELL, now)
        if player.role:
            self.tell(node, "STOP")
        player.role = ""

    def die(self, node: str) -> None:
        player = self.players[node]
        player.role, player.is_frozen = "", False

    def freeze(self, node: str, *, frozen: bool) -> None:
        self.players[node].is_frozen = frozen

    def link(self, node: str, now: float, *, up: bool) -> None:
        player = self.players[node]
        player.is_linked = up
        player.heard = now
        if player.role:
            self._become(player, "BACKUP" if up else "FAULT", now)

    def part(self, one: str, other: str, *, one_way: bool = False) -> None:
        self.parted.add((one, other))
        if not one_way:
            self.parted.add((other, one))

    def join(self, one: str, other: str, now: float, first: str = "") -> None:
        """Heal; where both are masters, the advert of `first` comes first."""
        self.parted -= {(one, other), (other, one)}
        for name in (one, other) if first else ():
            share = 0.2 if name == first else 0.7
            self.players[name].advertises = now + share * self.interval

    def step(self, now: float) -> None:
        for player in self.players.values():
            if not player.speaks:
                continue
            if player.role == "MASTER" and now >= player.advertises:
                self._advertise(player, player.priority, now)
            if player.role == "BACKUP" and now - player.heard > self._patience(player):
                self._become(player, "MASTER", now)
                self._advertise(player, player.priority, now)

    def _patience(self, player: Player) -> float:
        return 3 * self.interval + self._skew(player)

    def _skew(self, player: Player) -> float:
        return (256 - player.priority) / 256 * self.interval

    def _become(self, player: Player, role: str, now: float) -> None:
        if player.role != role:
            player.role, player.heard = role, now
            self.tell(player.name, role)

    def _advertise(self, sender: Player, priority: int, now: float) -> None:
        sender.advertises = now + self.interval
        self.adverts.append((now, sender.name))
        for listener in self._listeners(sender):
            self._hear(listener, sender, priority, now)

    def _listeners(self, sender: Player) -> Iterable[Player]:
        return [
            player
            for player in self.players.values()
            if player is not sender
            and player.speaks
            and (sender.name, player.name) not in self.parted
        ]

    def _hear(self, listener: Player, sender: Player, priority: int, now: float) -> None:
        if priority == _FAREWELL:
            listener.heard = now - 3 * self.interval
            return
        if listener.role == "BACKUP":
            if priority > listener.priority or not self.topology.preempt:
                listener.heard = now
            return
        if priority > listener.priority:
            last_word = listener.priority
            self._become(listener, "BACKUP", now)
            if (listener.name, sender.name) not in self.parted:
                self._hear(sender, listener, last_word, now)
            return
        self.tell(listener.name, "RX_LOWER_PRI")
        listener.advertises = now

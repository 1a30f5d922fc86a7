"""keepalived on a few nodes, as far as its master election goes, each with a keeper beside it.

After keepalived 2.2.7's vrrp_state_backup(), vrrp_state_master_rx() and vrrp_state_master_tx().
Everything happens on one clock, in order; a link takes a millisecond.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

import msgspec
from cloudfail.agent.hearing.lines import FifoLine, State
from cloudfail.agent.role.evidence import master_down
from cloudfail.agent.role.keeper import Keeper
from cloudfail.keepalived.notify import Kind
from cloudfail.keepalived.wire import Advert
from cloudfail.testing import FakeClock

from agent.role.node import SUBJECT, advert

EVERY = 1.0
LINK = 0.001


class Network:
    """Nodes and the links between them. `checks` are called after everything that happens."""

    def __init__(self, priorities: list[int]) -> None:
        self.clock = FakeClock()
        self.cut: set[tuple[int, int]] = set()
        self.checks: list[Callable[[Machine], None]] = []
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self.machines = [Machine(self, index, each) for index, each in enumerate(priorities)]

    @property
    def now(self) -> float:
        return self.clock.now()

    def after(self, seconds: float, happens: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.now + seconds, next(self._order), happens))

    def run(self, seconds: float) -> None:
        """Let so much time pass, and look at every keeper whenever something happens."""
        end = self.now + seconds
        while self._due and self._due[0][0] <= end:
            at, _, happens = heapq.heappop(self._due)
            self._until(at)
            happens()
            self.check()
        self._until(end)
        self.check()

    def _until(self, at: float) -> None:
        middle = (at - self.now) / 2
        if middle > 0:
            self.clock.advance(middle)
            self.check()
        self.clock.advance(max(0.0, at - self.now))

    def check(self) -> None:
        for machine in self.machines:
            if machine.has_agent:
                for check in self.checks:
                    check(machine)

    def spread(self, sender: Machine, sent: Advert) -> None:
        for other in self.machines:
            if other is not sender and (sender.index, other.index) not in self.cut:
                self.after(LINK, lambda other=other: other.receive(sent))  # type: ignore[misc]


class Machine:
    """A node: keepalived, and the agent's keeper."""

    def __init__(self, network: Network, index: int, priority: int) -> None:
        self.network, self.index, self.priority = network, index, priority
        self.address = f"10.0.1.{10 + index}"
        self.keeper = self.new_keeper()
        self.state: str | None = None
        self.is_hung = self.is_frozen = False
        self.has_agent = True
        self.lines_to_lose = 0
        self.last_mastered = -1e9
        self.heard: list[tuple[float, str, int]] = []
        self.sent: list[float] = []
        self.woke = -1e9
        self._timer = 0
        self._is_overdue = False
        self._for_keepalived: list[Advert] = []
        self._for_agent: list[Advert] = []
        self._frozen_at = 0.0

    def new_keeper(self) -> Keeper:
        return Keeper(msgspec.structs.replace(SUBJECT, own=None), self.network.clock)

    @property
    def runs(self) -> bool:
        return self.state is not None and not self.is_hung and not self.is_frozen

    def start(self) -> None:
        if self.state is None and not self.is_frozen:
            self.is_hung, self._for_keepalived, self._is_overdue = False, [], False
            self._enter("BACKUP")

    def kill(self) -> None:
        self.state, self.is_hung = None, False

    def stop(self) -> None:
        if self.runs:
            if self.state == "MASTER":
                self.send(0)
            self._line("STOP")
            self.kill()

    def hang(self) -> None:
        self.is_hung = self.state is not None

    def go_on(self, *, timer_first: bool) -> None:
        self.is_hung = False
        self._catch_up(timer_first=timer_first)

    def restart_agent(self) -> None:
        if self.has_agent:
            self.keeper = self.new_keeper()
            self.heard.clear()

    def freeze(self) -> None:
        if not self.is_frozen and self.has_agent:
            self.is_frozen, self.has_agent, self._frozen_at = True, False, self.network.now

    def thaw(self, *, timer_first: bool, agent_first: bool) -> None:
        if self.is_frozen:
            self.is_frozen = False
            delays = (0.001, 0.002) if agent_first else (0.002, 0.001)
            self.network.after(delays[0], self._wake_agent)
            self.network.after(delays[1], lambda: self._catch_up(timer_first=timer_first))

    def _wake_agent(self) -> None:
        now = self.network.now
        late = now - self._frozen_at - 0.1  # it would have woken a little after it froze
        if late > EVERY:
            self.keeper.woke_late(now, late)
            self.woke = now - late
        self.has_agent = True
        waiting, self._for_agent = self._for_agent, []
        for each in waiting:
            self._agent_hears(each)

    def _catch_up(self, *, timer_first: bool) -> None:
        if not self.runs:
            return
        if timer_first and self._is_overdue:
            self._tick(self._timer)
        waiting, self._for_keepalived = self._for_keepalived, []
        for each in waiting:
            self._take(each)
        if self._is_overdue:
            self._tick(self._timer)

    def _set(self, seconds: float) -> None:
        self._timer += 1
        self._is_overdue = False
        mine = self._timer
        self.network.after(seconds, lambda: self._tick(mine))

    def _tick(self, timer: int) -> None:
        if timer != self._timer or self.state is None:
            return
        if not self.runs:
            self._is_overdue = True
        elif self.state == "BACKUP":
            self._enter("MASTER")
        else:
            self.send(self.priority)
            self._set(EVERY)

    def _enter(self, state: str) -> None:
        self.state = state
        self._line(state)
        if state == "MASTER":
            self.send(self.priority)
        self._set(EVERY if state == "MASTER" else master_down(EVERY, self.priority))

    def _line(self, state: str) -> None:
        if self.lines_to_lose:
            self.lines_to_lose -= 1
        elif self.has_agent:
            line = FifoLine(Kind.INSTANCE, "VI_1", State(state), self.priority)
            self.keeper.told(line, self.network.now)

    def send(self, priority: int) -> None:
        sent = advert(self.network.now, self.address, priority, EVERY, outgoing=True)
        self.last_mastered = self.network.now
        if priority:
            self.sent.append(self.network.now)
        self._agent_hears(sent)
        self.network.spread(self, msgspec.structs.replace(sent, outgoing=False))

    def receive(self, sent: Advert) -> None:
        arrived = msgspec.structs.replace(sent, t=self.network.now)
        self._agent_hears(arrived)
        if self.runs:
            self._take(arrived)
        elif self.state is not None:
            self._for_keepalived.append(arrived)

    def _agent_hears(self, each: Advert) -> None:
        if not self.has_agent:
            self._for_agent.append(each)
            return
        if not each.outgoing:
            self.heard.append((each.t, str(each.source), each.priority))
        self.keeper.heard(each)

    def _take(self, got: Advert) -> None:
        rank = (got.priority, got.source.packed) > (
            self.priority,
            bytes([10, 0, 1, 10 + self.index]),
        )
        if self.state == "MASTER" and got.priority == 0:
            self.send(self.priority)
        elif self.state == "MASTER" and rank:
            self._enter("BACKUP")
        elif self.state == "MASTER":
            self._line("MASTER_RX_LOWER_PRI")
            self.send(self.priority)
        elif got.priority == 0:
            self._set((256 - self.priority) / 256 * EVERY)
        elif got.priority >= self.priority:
            self._set(master_down(EVERY, self.priority))

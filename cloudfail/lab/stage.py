"""What a scenario is written in: set up, do harm, expect."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from cloudfail import process
from cloudfail.clock import Clock
from cloudfail.lab.asked_agent import is_warm, sees
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloudlink import NodeCall
from cloudfail.lab.site import Site
from cloudfail.lab.terrain import terrain_of
from cloudfail.lab.timeline import Kind
from cloudfail.lab.topology import Topology
from cloudfail.lab.verdict import FAULT, Record

_CALM = 0.3  # seconds without a process or a lost packet before a scenario is over


class Unmet(Exception):  # noqa: N818 - not an error of the lab: the verdict's first reason
    """An expectation that later steps of the scenario need was not met."""


class Stage:
    """One rehearsal. `name` arguments are nodes' names; waits are in seconds."""

    def __init__(self, site: Site, clock: Clock, latency_ms: float = 0.0) -> None:
        self.site = site
        self.topology: Topology = site.topology
        self.terrain = terrain_of(self.topology.provider)
        self.reasons: list[str] = []
        self._clock = clock
        self._latency = latency_ms
        self._fault = self._last_fault = 0.0

    @property
    def interval(self) -> float:
        return self.topology.advert_interval

    @property
    def move(self) -> tuple[str, ...]:
        """The API's mutating calls that bring what is claimed from one node to the other."""
        return self.terrain.calls_of(self.topology.claims)

    @property
    def detection(self) -> float:
        """Longest time, in seconds, until a backup notices that its master is silent."""
        return 4 * self.interval + 0.5

    @property
    def has_agent(self) -> bool:
        return self.topology.agent

    @property
    def repair(self) -> float:
        """Longest time, in seconds, until a master's agent has found and repaired a drift.

        Two looks, the second at most a reconcile interval and an advert interval after the first.
        """
        return 2 * self.topology.reconcile_interval + self.interval + 2

    @property
    def watch(self) -> float:
        """How long, in seconds, to watch that nothing moves: an agent would look three times."""
        return 3 * (self.topology.reconcile_interval if self.has_agent else self.interval)

    # ---- set-up

    def start(self) -> None:
        """Bring the nodes up; the first is master and holds everything, the others stand by."""
        self.faults()
        first, *others = self.topology.names
        for node in self.topology.names:
            self.site.boot(node)
        self.site.start_vrrp(first)
        self.require_master(first)
        self.require_holder(first)
        for node in others:
            self.site.start_vrrp(node)
            self.require_backup(node)
        self._need(lambda: self.site.is_served, 5, "the client gets no answer")
        self.require_warm()
        self.require_seen(first)
        self.calm()

    def faults(self, faults: Faults | None = None) -> None:
        """Make the cloud misbehave like this from now on; nothing: as it should, with latency."""
        faults = faults or Faults()
        latency = max(faults.latency_ms, self._latency)
        self.site.set_faults(msgspec.structs.replace(faults, latency_ms=latency))

    # ---- harm

    def fault(self, text: str, node: str = "") -> None:
        """Say what happens now: the figures count from the first of these."""
        event = self.site.timeline.add(node, Kind.LAB, text, detail=FAULT)
        self._fault = self._fault or event.t
        self._last_fault = event.t

    def announce(self, node: str) -> None:
        """Have the cloud announce maintenance to the node."""
        self.fault(f"the cloud announces {self.terrain.notice} to {node}", node)
        self.site.control.announce(node, self.terrain.notice)

    def note(self, text: str, node: str = "") -> None:
        self.site.timeline.add(node, Kind.LAB, text)

    def pause(self, seconds: float) -> None:
        self._clock.sleep(seconds)

    def run(self, node: str, *command: str) -> process.CompletedProcess[str]:
        """Run a command on the node, and put what it was and how it ended on the timeline."""
        done = self.site.execute(node, command)
        self.note(f"$ {' '.join(command)} -> exit {done.returncode}", node)
        return done

    def run_alone(self, node: str, *command: str) -> process.CompletedProcess[str]:
        """Run a command that does its work itself, as if there were no agent on the node."""
        return self.run(node, "env", "CLOUDFAIL_AGENT_SOCKET=/run/cloudfail/none.sock", *command)

    # ---- expectations

    def require_master(self, node: str) -> None:
        self._need(
            lambda: self._role(node) == "MASTER", self.detection + 2, f"{node} never became master"
        )

    def require_backup(self, node: str) -> None:
        self._need(
            lambda: self._role(node) == "BACKUP", self.detection, f"{node} never became backup"
        )

    def require_warm(self, seconds: float = 20.0) -> None:
        """Wait until every node's agent knows its role and who holds what; without: at once."""
        if self.has_agent:
            self._need(
                lambda: all(is_warm(self.site.agent_of(node)) for node in self.topology.names),
                seconds,
                "not every node's agent got ready",
            )

    def require_seen(self, holder: str, seconds: float = 25.0) -> None:
        """Wait until every node's agent knows that this one has everything; without: at once."""
        if not self.has_agent:
            return

        def seen() -> bool:
            return all(
                sees(self.site.agent_of(node), "mine" if node == holder else "peer")
                for node in self.topology.names
            )

        self._need(seen, seconds, f"not every node's agent saw that {holder} has everything")

    def require_settled(self, seconds: float = 20.0) -> None:
        """Wait for one master, whichever node it is, which holds the target."""
        self._need(
            lambda: self._masters == [self.holder], seconds, "no master has what it must have"
        )

    def require_holder(self, node: str, seconds: float = 20.0) -> None:
        target = self.topology.target
        self._need(
            lambda: self.holder == node, seconds, f"{target} never came to {node or 'nobody'}"
        )

    def require_visit(self, node: str, seconds: float = 20.0) -> None:
        """Wait until the target has come to the node since the last fault, even if it has left."""
        target = self.topology.target

        def came() -> bool:
            return any(
                event.kind is Kind.HOLDER and (event.detail, event.node) == (target, node)
                for event in self.site.timeline.events()
                if event.t >= self._last_fault
            )

        self._need(came, seconds, f"{target} never came to {node}")

    def expect(self, fact: bool, reason: str) -> None:  # noqa: FBT001 - reads as an assertion
        if not fact:
            self.reasons.append(reason)

    def expect_stays(self, node: str, seconds: float) -> None:
        """Expect that the target is with the node, and does not leave it for so long."""
        left = self.wait(lambda: self.holder != node, seconds)
        self.expect(not left, f"{self.topology.target} was taken from {node}")

    def wait(self, question: Callable[[], bool], seconds: float) -> bool:
        return self.site.timeline.wait(question, seconds)

    @property
    def holder(self) -> str:
        return self.site.timeline.holder(self.topology.target)

    @property
    def writes(self) -> list[NodeCall]:
        """Mutating API calls since the fault."""
        return [c for c in self.site.calls() if c.mutating and c.t >= self._fault]

    def calls_of(self, node: str, operation: str) -> list[NodeCall]:
        return [c for c in self.site.calls() if (c.node, c.operation) == (node, operation)]

    def expect_first_advert(self, node: str) -> None:
        """Expect that the first advert after the last fault was this node's.

        keepalived may say what it does of an advert before the router's ear has read it.
        """
        self.wait(lambda: bool(self.site.first_advert(self._last_fault)), self.interval)
        first = self.site.first_advert(self._last_fault)
        self.expect(first == node, f"the first advert was {first or 'nobody'}'s, not {node}'s")

    def expect_moves(self, moves: int) -> None:
        """Expect exactly the mutating calls of so many moves since the fault, and then quiet."""
        self.calm()
        count = moves * len(self.move)
        if self.has_agent:  # the last call of a move may be left to its next look
            self.wait(lambda: len(self.writes) >= count, self.repair)
        self.pause(_CALM)
        seen = len(self.writes)
        self.expect(seen == count, f"{seen} mutating API calls since the fault, not {count}")

    def is_allocated(self, public_ip: str) -> bool:
        """Say whether the cloud still has the address, with whomever it is."""
        return self.site.is_allocated(public_ip)

    def calm_on(self, node: str, seconds: float = 30.0) -> bool:
        """Wait until no cloudfail process runs on the node; False when one still does."""
        return self.wait(lambda: not self.site.is_busy(node), seconds)

    def calm(self, seconds: float = 30.0) -> bool:
        """Wait until no cloudfail process runs any more; False when one still does."""
        return self.wait(
            lambda: not any(self.site.is_busy(node) for node in self.topology.names), seconds
        )

    def close(self) -> None:
        """Hold every scenario to the same end: one living master, which holds and serves."""
        self.expect(self.calm(), "a cloudfail process never ended")
        self.pause(_CALM)
        masters = self._masters
        self.expect(len(masters) == 1, f"masters at the end: {' and '.join(masters) or 'none'}")
        for target in self.topology.claimed:
            holder = self.site.timeline.holder(target)
            self.expect(
                holder in masters,
                f"{target} is with {holder or 'nobody'} at the end, "
                f"the master is {' and '.join(masters) or 'nobody'}",
            )
        served = self.wait(lambda: self.site.is_served, 2)
        self.expect(served, "the client gets no answer at the end")

    def record(self) -> Record:
        now = self._clock.now()
        return Record(
            events=self.site.timeline.events(),
            calls=tuple(self.site.calls()),
            packets=tuple(self.site.packets()),
            target=self.topology.target,
            fault=self._fault or now,
            end=now,
        )

    @property
    def _masters(self) -> list[str]:
        return [node for node in self.topology.names if self._role(node) == "MASTER"]

    def _role(self, node: str) -> str:
        return self.site.timeline.role(node)

    def _need(self, question: Callable[[], bool], seconds: float, otherwise: str) -> None:
        if not self.wait(question, seconds):
            raise Unmet(f"{otherwise} within {seconds:g} s")

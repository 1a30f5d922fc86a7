"""One lab in which proof after proof is played: a pair of real nodes, each with its agent.

`python -m agent.real.session PROOF...` enters the lab's namespaces, prints one JSON line a proof,
and exits 1 when one failed. Between two proofs the pair is put in order: a is master, b stands by, both agents are warm.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
from cloudfail.clock import SystemClock
from cloudfail.errors import CloudfailError
from cloudfail.lab import preflight, probe, resident
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.scenarios import SCENARIOS
from cloudfail.lab.site import RealSite
from cloudfail.lab.stage import Stage, Unmet
from cloudfail.lab.topology import Topology

from busy import TRIES, Watch

INTERVAL = 0.1
_SHOWN = 60  # events of a proof that failed


class Verdict(msgspec.Struct, frozen=True):
    """What a proof showed; `timeline` only where `reasons` says what was wrong."""

    proof: str
    reasons: tuple[str, ...]
    seconds: float
    facts: Mapping[str, float | str] = {}
    timeline: tuple[str, ...] = ()


class At(Stage):
    """A stage on which things have been played before: `start` puts the pair in order.

    `facts` are figures that a proof wants to be told, whether or not it passes.
    """

    def __init__(self, site: RealSite, clock: SystemClock) -> None:
        super().__init__(site, clock)
        self.real = site
        self.clock = clock
        self.facts: dict[str, float | str] = {}

    @property
    def now(self) -> float:
        return self.clock.now()

    def start(self) -> None:
        """Bring both nodes up, a as master with the target, b beside it, without anything left."""
        self.faults()
        self.real.join("a", "b")
        for node in self.topology.names:
            self._mend(node)
        if self.site.timeline.role("b") == "MASTER" or self.site.timeline.role("a") != "MASTER":
            self.site.stop_vrrp("b")
            self.require_master("a")
            self.wait(lambda: self.site.timeline.role("b") in {"STOP", ""}, 5)
            self.site.start_vrrp("b")
        self.require_backup("b")
        self.require_holder("a")
        self.require_warm()
        self._need(lambda: self.site.is_served, 5, "the client gets no answer")
        self.calm()

    def _mend(self, node: str) -> None:
        machine = self.real.machines[node]
        if not machine.is_up:
            self.site.boot(node)
        machine.free_disk()
        self.real.tell_names(machine, known=True)
        if machine.agent is not None:
            machine.agent.command = resident.COMMAND
            machine.agent.go_on()
        if self.site.timeline.role(node) in {"", "STOP"}:
            self.site.start_vrrp(node)
            self.wait(lambda: self.site.timeline.role(node) in {"BACKUP", "MASTER"}, 5)
        else:
            self.site.link(node, up=True)

    def word(self, node: str) -> str:
        """The role in one word, as the node's agent has it; empty: none answers."""
        return str(self.agent(node).get("standing", {}).get("word", ""))

    def agent(self, node: str) -> dict[str, Any]:
        """What the node's agent says of itself and the instance; empty: none answers."""
        status = self.site.agent_of(node)
        return dict(status.get("agent") or {}) if status else {}

    def set_latency(self, milliseconds: float) -> None:
        self.faults(Faults(latency_ms=milliseconds))

    def pid(self, node: str) -> int:
        """The agent's process, waited for."""
        agent = self.real.machines[node].agent
        assert agent is not None
        self._need(lambda: bool(agent.pids), 5, f"no agent runs on {node}")
        return agent.pids[0]

    def moved_to(self, node: str, since: float) -> float | None:
        """When the target first came to the node after that; None: it did not."""
        found = [
            event.t
            for event in self.site.timeline.events()
            if event.t >= since and event.detail == self.topology.target and event.node == node
        ]
        return found[0] if found else None


Proof = Callable[[At], None]


def known() -> Mapping[str, Proof]:
    """Every proof by name, and every scenario of the lab that needs no nodes of its own."""
    from agent.real import broken, cycles, frozen, jumped, phases, pressed, silent

    proofs: dict[str, Proof] = {}
    for module in (cycles, phases, frozen, silent, broken, jumped, pressed):
        proofs |= module.PROOFS
    for scenario in SCENARIOS.values():
        if scenario.topology == Topology():
            proofs[scenario.name] = scenario.play
    return proofs


def too_long_for_ci() -> Mapping[str, Proof]:
    from agent.real import broken, frozen

    return {**broken.LONG, **frozen.LONG}


def pair(*, agent: bool = True, interval: float = INTERVAL) -> Topology:
    """Two nodes whose keepalived tells the survivor of a heal nothing that it need not tell."""
    return Topology(
        advert_interval=interval, agent=agent, higher_prio_send_advert=False, named_api=True
    )


@contextlib.contextmanager
def opened(topology: Topology) -> Iterator[RealSite]:
    """The lab of this process, which has to be inside of the lab's namespaces."""
    probe.check_scripts()
    site = RealSite(topology, SystemClock())
    with contextlib.closing(site):
        site.open()
        yield site


def enter(module: str, words: list[str]) -> int | None:
    """Run the module inside of the lab's namespaces, and return its code; None: it is there."""
    if preflight.is_inside():
        return None
    preflight.widen_path()
    return preflight.enter([sys.executable, "-m", module, *words])


def play(name: str, proof: Proof, site: RealSite) -> Verdict:
    """Play a proof, anew where it failed while this machine stood still for an interval."""
    for _ in range(TRIES - 1):
        with Watch() as watch:
            verdict = _play(name, proof, site)
        if not verdict.reasons or watch.worst < INTERVAL:
            return verdict
    return _play(name, proof, site)


def _play(name: str, proof: Proof, site: RealSite) -> Verdict:
    at = At(site, SystemClock())
    began = at.now
    try:
        proof(at)
        at.close()
    except (Unmet, CloudfailError) as exc:
        at.reasons.append(str(exc))
    if at.reasons:  # whatever it left behind, the next one does not find it
        for node in site.topology.names:
            if site.machines[node].is_up:
                site.kill(node)
    return Verdict(
        proof=name,
        reasons=tuple(at.reasons),
        seconds=round(at.now - began, 2),
        facts=at.facts,
        timeline=tuple(_shown(site, began)) if at.reasons else (),
    )


def _shown(site: RealSite, began: float) -> Iterator[str]:
    events = [event for event in site.timeline.events() if event.t >= began]
    for event in events[-_SHOWN:]:
        yield f"{event.t - began:8.3f} {event.node:6} {event.text}"


def say(value: msgspec.Struct) -> None:
    """Print one JSON line, at once."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()


def main(names: list[str]) -> int:
    if (code := enter("agent.real.session", names)) is not None:
        return code
    proofs = {**known(), **too_long_for_ci()}
    failed = False
    with opened(pair()) as site:
        for name in names or known():
            verdict = play(name, proofs[name], site)
            say(verdict)
            failed = failed or bool(verdict.reasons)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

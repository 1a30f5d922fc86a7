"""After a crash at any request a second run, on either node, finishes the work, and only that."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.records import Call

from sweep.cases import NEW, OLD
from sweep.gate import Assassin, Gate, Moment, When
from sweep.gcp.cases import CASES, DESTINATION, EVERYTHING, PRIVATE, PUBLIC_IP, Case, build
from sweep.gcp.snapshot import Snapshot, age_routes, nic_key, route_key, take_snapshot
from sweep.nodes import GCP, PRIORITIES, Group
from sweep.zygote import Zygote

pytestmark = [pytest.mark.sweep, pytest.mark.long, pytest.mark.timeout(300)]
KILLED = -9


class Sweep:
    """One case in a world of its own."""

    def __init__(self, gate: Gate, zygote: Zygote, case: Case, folder: Path) -> None:
        self._gate, self._zygote, self._case = gate, zygote, case
        self._cloud: EmbeddedGcp = gate.cloud
        self.built = build(self._cloud, case)
        gates = dict.fromkeys(PRIORITIES, gate)
        self.nodes = Group(folder, gates, self.built, case, GCP).nodes
        self.before = take_snapshot(self._cloud)

    def strike(self, number: int, when: When) -> Moment | None:
        """Promote the new master, and kill it at the moment."""
        assassin = Assassin(number, when)
        with self._gate.watched(assassin):
            ended = self.nodes[NEW].promote(self._zygote, assassin.aim)
        expected = 0 if assassin.struck is None else KILLED
        assert ended.code == expected, ended
        return assassin.struck

    def rerun(self, node: str) -> list[Call]:
        """Promote a node in peace; return its mutating calls."""
        known = len(self._cloud.calls)
        ended = self.nodes[node].promote(self._zygote)
        assert ended.code == 0, ended
        return [call for call in self._cloud.calls[known:] if call.mutating]

    def tidy_up(self, node: str) -> None:
        """Later, when nobody can be on the way any more, the master looks again."""
        winning = take_snapshot(self._cloud)[route_key(DESTINATION)][0]
        assert [hop.rpartition("/")[2] for hop, _ in winning] == [node]
        age_routes(self._cloud)
        assert {call.operation.partition(".")[0] for call in self.rerun(node)} <= {"routes"}

    def seen(self, snapshot: Snapshot, *, finisher: str) -> Snapshot:
        """Leave out the new master's ephemeral address: it went first, if another one finishes."""
        nic = snapshot[nic_key(self.built.nodes[NEW].instance)]
        if finisher == OLD and nic.get("accessConfigs", [{}])[0].get("natIP") != "203.0.113.7":
            nic.pop("accessConfigs", None)
        return snapshot

    def verify(self, finisher: str) -> tuple[Snapshot, Snapshot]:
        """Return what is, and what has to be."""
        expected = self._case.expected(self.before, self.built, finisher)
        now = take_snapshot(self._cloud)
        return self.seen(now, finisher=finisher), self.seen(expected, finisher=finisher)


# What is there before a call is what was there after the one before it, so "after" on either node
# sweeps every state; "before" lets the call itself be cut off.
WAYS = ((When.AFTER, NEW, "same-node"), (When.AFTER, OLD, "peer"), (When.BEFORE, NEW, "same-node"))
SWEPT = {PRIVATE: WAYS, PUBLIC_IP: WAYS[:2], EVERYTHING: WAYS[1:2]}
POINTS = [
    pytest.param(case, when, rerun_on, id=f"{case.name}-{when}-{place}")
    for case in CASES
    for when, rerun_on, place in SWEPT.get(case, WAYS[1:])
]


@pytest.mark.parametrize(("case", "when", "rerun_on"), POINTS)
def test_a_run_killed_at_any_request_is_finished_by_the_next(
    gate: Gate, zygote: Zygote, tmp_path: Path, case: Case, when: When, rerun_on: str
) -> None:
    struck: list[Moment] = []
    for number in itertools.count(1):
        sweep = Sweep(gate, zygote, case, tmp_path / str(number))
        # As a standby, the peer looked while all was well. The new master has its own first look.
        assert sweep.nodes[OLD].look(zygote) == 0
        moment = sweep.strike(number, when)
        if moment is None:
            break
        struck.append(moment)
        sweep.rerun(rerun_on)
        if case.has_route:
            sweep.tidy_up(rerun_on)
        now, expected = sweep.verify(rerun_on)
        assert now == expected, moment
        assert sweep.rerun(rerun_on) == [], moment
        assert gate.cloud.violations == []
    # A look, at least one write, and a look that proves it.
    assert len(struck) >= 3, struck

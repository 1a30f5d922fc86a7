"""After a crash at any request a second run, on either node, finishes the work, and only that."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.records import Call

from sweep.azure.cases import CASES, EVERYTHING, PRIVATE, PUBLIC_IP, ROUTE, SEATED, WORLD, Case
from sweep.azure.conftest import UNDER_WAY
from sweep.azure.snapshot import Snapshot, take_snapshot
from sweep.cases import NEW, OLD
from sweep.gate import Assassin, Gate, Moment, When
from sweep.nodes import AZURE, PRIORITIES, Group
from sweep.zygote import Zygote

pytestmark = [pytest.mark.sweep, pytest.mark.long, pytest.mark.timeout(300)]
KILLED = -9


class Sweep:
    """One case in a world of its own."""

    def __init__(self, gate: Gate, zygote: Zygote, case: Case, folder: Path) -> None:
        self._gate, self._zygote, self._case = gate, zygote, case
        self._cloud: EmbeddedAzure = gate.cloud
        self.built = self._cloud.build(WORLD)
        self._cloud.faults = UNDER_WAY
        gates = dict.fromkeys(PRIORITIES, gate)
        self.nodes = Group(folder, gates, self.built, case, AZURE).nodes
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

    def verify(self, finisher: str) -> tuple[Snapshot, Snapshot]:
        """Return what is, and what has to be."""
        return take_snapshot(self._cloud), self._case.expected(self.before, self.built, finisher)


# What is there before a call is what was there after the one before it, so "after" on either node
# sweeps every state, also that between a detach and its attach; "before" lets the call itself be
# cut off.
WAYS = ((When.AFTER, NEW, "same-node"), (When.AFTER, OLD, "peer"), (When.BEFORE, NEW, "same-node"))
SWEPT = {
    PRIVATE: WAYS,
    SEATED: WAYS[:1],
    ROUTE: WAYS[2:],
    PUBLIC_IP: WAYS[1:2],
    EVERYTHING: WAYS[1:2],
}
POINTS = [
    pytest.param(case, when, rerun_on, id=f"{case.name}-{when}-{place}")
    for case in CASES
    for when, rerun_on, place in SWEPT[case]
]


@pytest.mark.parametrize(("case", "when", "rerun_on"), POINTS)
def test_a_run_killed_at_any_request_is_finished_by_the_next(
    gate: Gate, zygote: Zygote, tmp_path: Path, case: Case, when: When, rerun_on: str
) -> None:
    struck: list[Moment] = []
    for number in itertools.count(1):
        sweep = Sweep(gate, zygote, case, tmp_path / str(number))
        # As standbys, both looked while all was well: who finishes knows what was on an address.
        assert [sweep.nodes[name].look(zygote) for name in (OLD, NEW)] == [0, 0]
        moment = sweep.strike(number, when)
        if moment is None:
            break
        struck.append(moment)
        sweep.rerun(rerun_on)
        now, expected = sweep.verify(rerun_on)
        assert now == expected, moment
        assert sweep.rerun(rerun_on) == [], moment
        assert gate.cloud.violations == []
    # A look, at least one write, and a look that proves it.
    assert len(struck) >= 3, struck

"""After a crash at any request a second run, on either node, finishes the work, and only that."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from cloudfail.lab.cloud.records import Call

from sweep.cases import CASES, NEW, OLD, WORLD, Case
from sweep.gate import Assassin, Gate, Moment, When
from sweep.nodes import PRIORITIES, Group
from sweep.snapshot import differences, take_snapshot

KILLED = -9


class Sweep:
    """One case in a world of its own."""

    def __init__(self, gate: Gate, case: Case, folder: Path) -> None:
        self.gate, self.case = gate, case
        self.cloud = gate.cloud
        self.built = gate.cloud.build(WORLD)
        self.group = Group(folder, dict.fromkeys(PRIORITIES, gate), self.built, case)
        self.before = take_snapshot(self.cloud)

    def strike(self, number: int, when: When) -> Assassin:
        """Promote the new master, and kill it at the moment."""
        assassin = Assassin(number, when)
        with self.gate.watched(assassin):
            ended = self.group.nodes[NEW].promote(assassin.aim)
        expected = 0 if assassin.struck is None else KILLED
        assert ended.code == expected, ended
        return assassin

    def rerun(self, node: str) -> list[Call]:
        """Promote a node in peace; return its mutating calls."""
        known = len(self.cloud.calls)
        ended = self.group.nodes[node].promote()
        assert ended.code == 0, ended
        return [call for call in self.cloud.calls[known:] if call.mutating]

    def changed(self) -> dict[tuple[str, str], str]:
        after = take_snapshot(self.cloud)
        return {key: now for key, (_, now) in differences(self.before, after).items()}


@pytest.mark.parametrize("rerun_on", [NEW, OLD], ids=["same-node", "peer"])
@pytest.mark.parametrize("when", list(When))
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_run_killed_at_any_request_is_finished_by_the_next(
    gate: Gate, tmp_path: Path, case: Case, when: When, rerun_on: str
) -> None:
    struck: list[Moment] = []
    for number in itertools.count(1):
        sweep = Sweep(gate, case, tmp_path / str(number))
        moment = sweep.strike(number, when).struck
        if moment is None:
            break
        struck.append(moment)
        sweep.rerun(rerun_on)
        goal = case.goal(sweep.built, rerun_on)
        expected = {key: value for key, value in goal.items() if sweep.before.get(key) != value}
        assert sweep.changed() == expected, moment
        assert sweep.rerun(rerun_on) == [], moment
    # A look, at least one write, and a look that proves it.
    assert len(struck) >= 3, struck

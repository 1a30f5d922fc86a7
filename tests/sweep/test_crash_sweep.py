"""After a crash at any request a second run, on either node, finishes the work, and only that."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cloudfail.lab.cloud.records import Call

from sweep.cases import CASES, EVERYTHING, NEW, OLD, PUBLIC, WORLD, Case
from sweep.gate import Assassin, Gate, Moment, When
from sweep.nodes import PRIORITIES, Group
from sweep.snapshot import differences, take_snapshot
from sweep.zygote import Zygote

pytestmark = [pytest.mark.sweep, pytest.mark.long]
KILLED = -9


class Ground(msgspec.Struct, frozen=True):
    """What all sweeps of a worker share."""

    gate: Gate
    ec2: Any
    zygote: Zygote


@pytest.fixture
def ground(gate: Gate, ec2: Any, zygote: Zygote) -> Ground:
    return Ground(gate, ec2, zygote)


class Sweep:
    """One case in a world of its own; a public-ip's process is killed in a fresh interpreter."""

    def __init__(self, ground: Ground, case: Case, folder: Path) -> None:
        self._ground = ground
        self._cloud = ground.gate.cloud
        self._killed_in = None if case is PUBLIC else ground.zygote
        self.built = self._cloud.build(WORLD)
        gates = dict.fromkeys(PRIORITIES, ground.gate)
        self._nodes = Group(folder, gates, self.built, case).nodes
        self.before = take_snapshot(ground.ec2)

    def strike(self, number: int, when: When) -> Assassin:
        """Promote the new master, and kill it at the moment."""
        assassin = Assassin(number, when)
        with self._ground.gate.watched(assassin):
            ended = self._nodes[NEW].promote(self._killed_in, assassin.aim)
        expected = 0 if assassin.struck is None else KILLED
        assert ended.code == expected, ended
        return assassin

    def rerun(self, node: str) -> list[Call]:
        """Promote a node in peace; return its mutating calls."""
        known = len(self._cloud.calls)
        ended = self._nodes[node].promote(self._ground.zygote)
        assert ended.code == 0, ended
        return [call for call in self._cloud.calls[known:] if call.mutating]

    def changed(self) -> dict[tuple[str, str], str]:
        after = take_snapshot(self._ground.ec2)
        return {key: now for key, (_, now) in differences(self.before, after).items()}


# A peer sees the cloud and nothing else: it cannot tell before a request from after the one before
# it. The same node has the files of the dead run as well. What the cases have in common is swept
# for each: all of them together once a node.
POINTS = [
    pytest.param(case, when, rerun_on, id=f"{case.name}-{when}-{place}")
    for case in CASES
    for when, rerun_on, place in (
        (When.BEFORE, NEW, "same-node"),
        (When.AFTER, NEW, "same-node"),
        (When.AFTER, OLD, "peer"),
    )
    if case is not EVERYTHING or (when is When.AFTER) is (rerun_on == OLD)
]


@pytest.mark.parametrize(("case", "when", "rerun_on"), POINTS)
def test_a_run_killed_at_any_request_is_finished_by_the_next(
    ground: Ground, tmp_path: Path, case: Case, when: When, rerun_on: str
) -> None:
    struck: list[Moment] = []
    for number in itertools.count(1):
        sweep = Sweep(ground, case, tmp_path / str(number))
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

"""Two nodes that both believe to be master: somebody wins, and both come to an end."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from sweep.cases import CASES, EVERYTHING, NEW, NEW_ROUTE, OLD, THIRD, WORLD, Case
from sweep.gate import Gate, Moment, When
from sweep.nodes import PATIENCE, Group
from sweep.snapshot import differences, take_snapshot

pytestmark = pytest.mark.sweep
# A node that lost waits 0.1-0.2 s and takes once more; the other has ended by then.
MOST_ROUNDS = 4
CONTESTED = tuple(case for case in CASES if case not in (EVERYTHING, NEW_ROUTE))


class FirstWrite:
    """Holds a node's first write until the other one has looked and decided to write, too."""

    def __init__(self, met: threading.Barrier) -> None:
        self._met = met
        self.writes = 0

    def __call__(self, moment: Moment) -> None:
        if moment.when is When.AFTER or not moment.request.writes:
            return
        self.writes += 1
        if self.writes == 1:
            self._met.wait(PATIENCE)


@pytest.mark.parametrize("case", CONTESTED, ids=lambda case: case.name)
def test_two_promotions_at_once_end_with_one_holder(
    gate: Gate, other_gate: Gate, ec2: Any, tmp_path: Path, case: Case
) -> None:
    built = gate.cloud.build(WORLD)
    before = take_snapshot(ec2)
    gates = {OLD: gate, NEW: gate, THIRD: other_gate}
    nodes = Group(tmp_path, gates, built, case).nodes
    met = threading.Barrier(2)
    one, other = FirstWrite(met), FirstWrite(met)
    with gate.watched(one), other_gate.watched(other):
        children = {name: nodes[name].start() for name in (NEW, THIRD)}
        ended = {name: nodes[name].wait(child) for name, child in children.items()}
    after = take_snapshot(ec2)
    changed = {key: now for key, (_, now) in differences(before, after).items()}
    goals = [case.goal(built, name) for name in (NEW, THIRD)]
    # One holder for each claim; two that overtake each other may end up with one each.
    assert changed.keys() == case.moves_in(built), (changed, ended)
    assert all(any(goal[key] == now for goal in goals) for key, now in changed.items()), changed
    assert [end.code for end in ended.values()] == [0, 0], ended
    assert one.writes + other.writes <= MOST_ROUNDS * len(case.moves) * 2

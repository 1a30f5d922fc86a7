"""Two nodes that both believe to be master: somebody wins, and both come to an end."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from sweep.azure.cases import PRIVATE, PUBLIC_IP, ROUTE, SEATED, WORLD, Case
from sweep.azure.conftest import UNDER_WAY
from sweep.azure.snapshot import take_snapshot
from sweep.cases import NEW, OLD, THIRD
from sweep.gate import Gate
from sweep.nodes import AZURE, Group
from sweep.test_two_at_once import FirstWrite
from sweep.zygote import Zygote

pytestmark = [pytest.mark.sweep, pytest.mark.long, pytest.mark.timeout(300)]
# Two writes a take, a table a write, a round or two of looking again each.
MOST_WRITES = 30


@pytest.mark.parametrize("case", [PRIVATE, PUBLIC_IP, ROUTE, SEATED], ids=lambda case: case.name)
def test_two_promotions_at_once_end_with_one_holder(
    gate: Gate, other_gate: Gate, zygote: Zygote, tmp_path: Path, case: Case
) -> None:
    built = gate.cloud.build(WORLD)
    gate.cloud.faults = UNDER_WAY
    before = take_snapshot(gate.cloud)
    nodes = Group(tmp_path, {OLD: gate, NEW: gate, THIRD: other_gate}, built, case, AZURE).nodes
    # As standbys, both saw what was on the addresses.
    assert [nodes[name].look(zygote) for name in (NEW, THIRD)] == [0, 0]
    met = threading.Barrier(2)
    one, other = FirstWrite(met), FirstWrite(met)
    with gate.watched(one), other_gate.watched(other):
        children = {name: nodes[name].start() for name in (NEW, THIRD)}
        ended = {name: nodes[name].wait(child) for name, child in children.items()}
    assert [end.code for end in ended.values()] == [0, 0], ended
    now = take_snapshot(gate.cloud)
    changed = {key: value for key, value in now.items() if before.get(key) != value}
    goals = [case.expected(before, built, name) for name in (NEW, THIRD)]
    assert now in goals, (changed, ended)
    assert one.writes + other.writes <= MOST_WRITES
    assert gate.cloud.violations == []

"""Two nodes that both believe to be master: somebody wins, and both come to an end."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from sweep.cases import NEW, OLD, THIRD
from sweep.gate import Gate
from sweep.gcp.cases import DESTINATION, PRIVATE, PUBLIC_IP, ROUTE, RULE, STANDING, Case, build
from sweep.gcp.snapshot import age_routes, nic_key, route_key, take_snapshot
from sweep.nodes import GCP, Group
from sweep.test_two_at_once import FirstWrite

pytestmark = [pytest.mark.sweep, pytest.mark.long, pytest.mark.timeout(300)]
# Two writes a take, a round or two of looking again each.
MOST_WRITES = 24


@pytest.mark.parametrize(
    "case", [PRIVATE, PUBLIC_IP, RULE, ROUTE, STANDING], ids=lambda case: case.name
)
def test_two_promotions_at_once_end_with_one_holder(
    gate: Gate, other_gate: Gate, tmp_path: Path, case: Case
) -> None:
    built = build(gate.cloud, case)
    before = take_snapshot(gate.cloud)
    nodes = Group(tmp_path, {OLD: gate, NEW: gate, THIRD: other_gate}, built, case, GCP).nodes
    met = threading.Barrier(2)
    one, other = FirstWrite(met), FirstWrite(met)
    with gate.watched(one), other_gate.watched(other):
        children = {name: nodes[name].start() for name in (NEW, THIRD)}
        ended = {name: nodes[name].wait(child) for name, child in children.items()}
    assert [end.code for end in ended.values()] == [0, 0], ended
    if case.has_route:
        ((winner, _),) = take_snapshot(gate.cloud)[route_key(DESTINATION)][0]
        age_routes(gate.cloud)
        tidying = nodes[winner.rpartition("/")[2]]
        assert tidying.wait(tidying.start()).code == 0
    now = take_snapshot(gate.cloud)
    changed = {key: value for key, value in now.items() if before[key] != value}
    # The loser of a public address took its own off before: that one stays gone.
    loser = nic_key(built.nodes[NEW].instance)
    own_is_gone = case is PUBLIC_IP and "accessConfigs" not in now[loser]
    before = {**before, loser: now[loser]} if own_is_gone else before
    goals = [case.expected(before, built, name) for name in (NEW, THIRD)]
    assert now in goals, (changed, ended)
    assert one.writes + other.writes <= MOST_WRITES
    assert gate.cloud.violations == []

"""Whatever happened before, the next run puts it right; and only what is claimed was touched."""

from __future__ import annotations

import contextlib

from cloudfail.errors import CloudfailError
from cloudfail.model import Claim
from cloudfail.planner import build_plan
from cloudfail.testing import Crash, FakeWorld, Fault, ready_run
from hypothesis import assume, given

from property import worlds
from property.worlds import CLAIMS, UNTOUCHED, Kind, cloud_of, promoted


@given(
    held=worlds.held,
    reads=worlds.crashing_reads,
    writes=worlds.crashing_writes,
    first=worlds.nodes,
    second=worlds.nodes,
    kind=worlds.kinds,
)
def test_after_any_fault_or_crash_a_run_on_either_node_converges(
    held: dict[Claim, str],
    reads: list[Fault],
    writes: list[Fault],
    first: str,
    second: str,
    kind: Kind,
) -> None:
    world = FakeWorld(held, other=UNTOUCHED)
    with contextlib.suppress(Crash, CloudfailError):
        promoted(world, first, kind, reads=reads, writes=writes)
    assert world.other == UNTOUCHED
    outcome, _ = promoted(world, second, kind)
    assert outcome.error is None
    assert world.held == dict.fromkeys(CLAIMS, second)
    assert world.other == UNTOUCHED


@given(
    held=worlds.held,
    writes=worlds.crashing_writes,
    again=worlds.crashing_writes,
    kind=worlds.kinds,
)
def test_a_crash_of_both_nodes_in_turn_is_put_right_too(
    held: dict[Claim, str], writes: list[Fault], again: list[Fault], kind: Kind
) -> None:
    world = FakeWorld(held, other=UNTOUCHED)
    for node, script in (("a", writes), ("b", again)):
        with contextlib.suppress(Crash, CloudfailError):
            promoted(world, node, kind, writes=script)
    outcome, _ = promoted(world, "a", kind)
    assert outcome.exit_code == 0
    assert world.held == dict.fromkeys(CLAIMS, "a")
    assert world.other == UNTOUCHED


@given(held=worlds.held, reads=worlds.reads, writes=worlds.writes, kind=worlds.kinds)
def test_a_second_promote_writes_nothing(
    held: dict[Claim, str], reads: list[Fault], writes: list[Fault], kind: Kind
) -> None:
    world = FakeWorld(held)
    with contextlib.suppress(CloudfailError):
        promoted(world, "a", kind, reads=reads, writes=writes)
    assume(world.held == dict.fromkeys(CLAIMS, "a"))
    outcome, cloud = promoted(world, "a", kind)
    assert cloud.received == []
    assert (outcome.changed, outcome.exit_code) == (False, 0)


@given(held=worlds.held, kind=worlds.kinds, me=worlds.nodes, reads=worlds.crashing_reads)
def test_planning_writes_nothing_and_asks_for_no_role(
    held: dict[Claim, str], kind: Kind, me: str, reads: list[Fault]
) -> None:
    def ask() -> None:
        raise AssertionError("planning asked whether it may write")

    world = FakeWorld(held, other=UNTOUCHED)
    cloud = cloud_of(world, me, kind, ready_run(role=ask), reads=reads)
    for apart in (False, True):
        with contextlib.suppress(Crash, CloudfailError):
            build_plan(cloud, CLAIMS, instance="edge", apart=apart)
    assert (world.held, world.other) == (held, UNTOUCHED)
    assert cloud.received == []


@given(held=worlds.held, kind=worlds.kinds, me=worlds.nodes)
def test_two_plans_of_one_world_are_the_same(held: dict[Claim, str], kind: Kind, me: str) -> None:
    cloud = cloud_of(FakeWorld(held), me, kind, ready_run())
    first, second = (build_plan(cloud, CLAIMS, instance="edge") for _ in range(2))
    assert first == second
    assert first.digest == second.digest
    assert bool(first.steps) == any(holder != me for holder in held.values())

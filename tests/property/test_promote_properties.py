"""Whatever the cloud does to us, these stay true."""

from __future__ import annotations

import contextlib
import itertools
from ipaddress import ip_address, ip_network

import pytest
from cloudfail.errors import CloudfailError, SupersededError
from cloudfail.model import Claim, Owner, Peer, PrivateIp, PublicIp, Route
from cloudfail.outcome import Outcome
from cloudfail.planner import build_plan
from cloudfail.promote import FINISH_SECONDS, promote
from cloudfail.provider import Setup
from cloudfail.run import Run
from cloudfail.testing import Crash, FakeCloud, FakeWorld, Fault, ListJournal, ready_run
from cloudfail.testing.cloud import THIEF
from hypothesis import given, settings
from hypothesis import strategies as st

CLAIMS: tuple[Claim, ...] = (
    PublicIp(address=ip_address("203.0.113.7")),
    PrivateIp(address=ip_address("10.0.0.100")),
    Route(destination=ip_network("10.99.0.0/16"), table="rtb-1"),
)
UNTOUCHED = {"rtb-1 0.0.0.0/0": "igw-1", "eni-a 10.0.0.10": "primary"}

worlds = st.fixed_dictionaries({claim: st.sampled_from(["", "a", "b"]) for claim in CLAIMS})
faults = st.lists(st.sampled_from(list(Fault)), max_size=14)
harmless = st.lists(
    st.sampled_from([fault for fault in Fault if "crash" not in fault]), max_size=14
)
nodes = st.sampled_from(["a", "b"])


def cloud_for(
    world: FakeWorld,
    me: str,
    run: Run,
    *,
    atomic: bool,
    reads: list[Fault] | None = None,
    writes: list[Fault] | None = None,
) -> FakeCloud:
    setup = Setup(settings=None, before_write=run.before_write, on_call=run.on_call)
    return FakeCloud(world, me, setup=setup, atomic=atomic, reads=reads or (), writes=writes or ())


def promoted(
    world: FakeWorld,
    me: str,
    *,
    atomic: bool = True,
    reads: list[Fault] | None = None,
    writes: list[Fault] | None = None,
    journal: ListJournal | None = None,
    run: Run | None = None,
) -> tuple[Outcome, FakeCloud]:
    run = run or ready_run(journal=journal)
    cloud = cloud_for(world, me, run, atomic=atomic, reads=reads, writes=writes)
    return promote(cloud, CLAIMS, run), cloud


@given(held=worlds, script=faults, reads=faults, first=nodes, second=nodes, atomic=st.booleans())
def test_after_any_fault_a_second_run_on_either_node_converges(
    held: dict[Claim, str],
    script: list[Fault],
    reads: list[Fault],
    first: str,
    second: str,
    atomic: bool,
) -> None:
    world = FakeWorld(held, other=UNTOUCHED)
    with contextlib.suppress(Crash, CloudfailError):
        promoted(world, first, atomic=atomic, reads=reads, writes=script)
    outcome, _ = promoted(world, second, atomic=atomic)
    assert outcome.error is None
    assert set(world.held.values()) == {second}
    assert world.other == UNTOUCHED
    assert set(world.held) == set(CLAIMS)


@given(held=worlds, script=faults, reads=faults, atomic=st.booleans())
def test_success_is_never_claimed_for_what_the_cloud_does_not_show(
    held: dict[Claim, str], script: list[Fault], reads: list[Fault], atomic: bool
) -> None:
    world = FakeWorld(held)
    # A stale read may still show us a claim that a thief took a moment ago: not this test's point.
    reads = [fault for fault in reads if fault is not Fault.STALE]
    with contextlib.suppress(Crash, CloudfailError):
        outcome, _ = promoted(world, "a", atomic=atomic, reads=reads, writes=script)
        shown = {result.claim: result for result in outcome.results}
        for claim in CLAIMS:
            assert (shown[claim].error is None) == (shown[claim].owner is Owner.MINE)
        if outcome.exit_code == 0 and Fault.TAKEN_AFTER not in script:
            assert set(world.held.values()) == {"a"}


@given(held=worlds, script=harmless, reads=harmless, atomic=st.booleans())
def test_every_write_was_written_down_before(
    held: dict[Claim, str], script: list[Fault], reads: list[Fault], atomic: bool
) -> None:
    journal = ListJournal()
    run = ready_run(journal=journal)
    cloud = cloud_for(FakeWorld(held), "a", run, atomic=atomic, reads=reads, writes=script)
    with contextlib.suppress(CloudfailError):
        promote(cloud, CLAIMS, run)
    intents = [(fields["call"], fields["claims"]) for fields in journal.events("intent")]
    for step in cloud.sent:
        assert (step.call, [str(claim) for claim in step.claims]) in intents


@given(held=worlds, script=harmless, atomic=st.booleans())
def test_what_a_step_destroys_was_settled_first(
    held: dict[Claim, str], script: list[Fault], atomic: bool
) -> None:
    journal = ListJournal()
    run = ready_run(journal=journal)
    cloud = cloud_for(FakeWorld(held), "a", run, atomic=atomic, writes=script)
    with contextlib.suppress(CloudfailError):
        promote(cloud, CLAIMS, run)
    destroying = [fields for fields in journal.events("intent") if "facts" in fields]
    assert journal.settled == len(destroying)
    assert len([step for step in cloud.sent if step.destroys]) <= len(destroying) * 20


@given(held=worlds, atomic=st.booleans(), me=nodes)
def test_planning_writes_nothing_and_is_stable(
    held: dict[Claim, str], atomic: bool, me: str
) -> None:
    world = FakeWorld(held)
    cloud = FakeCloud(world, me, atomic=atomic)
    first = build_plan(cloud, CLAIMS, instance="edge")
    second = build_plan(cloud, CLAIMS, instance="edge")
    assert world.held == held
    assert cloud.sent == []
    assert first.digest == second.digest
    assert bool(first.steps) == any(holder != me for holder in held.values())


@given(held=worlds, atomic=st.booleans())
def test_a_second_promote_writes_nothing(held: dict[Claim, str], atomic: bool) -> None:
    world = FakeWorld(held)
    promoted(world, "a", atomic=atomic)
    outcome, cloud = promoted(world, "a", atomic=atomic)
    assert cloud.sent == []
    assert not outcome.changed
    assert outcome.exit_code == 0


@given(held=worlds, stale=st.integers(1, 4))
def test_a_stale_read_after_the_write_causes_no_second_write(
    held: dict[Claim, str], stale: int
) -> None:
    outcome, cloud = promoted(FakeWorld(held), "a", reads=[Fault.OK] + [Fault.STALE] * stale)
    assert outcome.exit_code == 0
    assert len(cloud.sent) == sum(holder != "a" for holder in held.values())


@given(held=worlds, unsaid=st.integers(1, 5))
def test_unknown_never_moves_anything(held: dict[Claim, str], unsaid: int) -> None:
    run = ready_run(seconds=1.0)
    cloud = cloud_for(FakeWorld(held), "a", run, atomic=True, reads=[Fault.UNSAID] * 999)
    outcome = promote(cloud, CLAIMS, run)
    assert cloud.sent == []
    assert outcome.exit_code == 75
    healed, _ = promoted(FakeWorld(held), "a", reads=[Fault.UNSAID] * unsaid)
    assert healed.exit_code == 0


@given(held=worlds, after=st.integers(0, 5), atomic=st.booleans())
def test_a_superseded_run_stops_before_its_next_write(
    held: dict[Claim, str], after: int, atomic: bool
) -> None:
    sent: list[int] = []

    def role() -> None:
        if len(sent) >= after:
            raise SupersededError("BACKUP came")

    run = ready_run(role=role, width=1)

    def count(operation: str) -> None:
        run.before_write(operation)
        sent.append(1)

    setup = Setup(settings=None, before_write=count, on_call=run.on_call)
    cloud = FakeCloud(FakeWorld(held), "a", setup=setup, atomic=atomic)
    outcome = promote(cloud, CLAIMS, run)
    assert len(cloud.sent) <= after
    if outcome.exit_code:
        assert outcome.exit_code == 4


@settings(max_examples=20)
@given(atomic=st.booleans(), fault=st.sampled_from([Fault.STOLEN, Fault.TAKEN_AFTER]))
def test_an_endless_thief_ends_at_the_deadline(atomic: bool, fault: Fault) -> None:
    run = ready_run(seconds=30.0)
    began = run.clock.now()
    setup = Setup(settings=None, before_write=run.before_write, on_call=run.on_call)
    world = FakeWorld(dict.fromkeys(CLAIMS, "b"))
    cloud = FakeCloud(world, "a", setup=setup, atomic=atomic, writes=itertools.repeat(fault))
    outcome = promote(cloud, CLAIMS, run)
    assert outcome.exit_code in {3, 75}
    # An add whose remove was sent may be finished after the deadline, for a bounded time.
    assert run.clock.now() - began <= 30.0 + (0.0 if atomic else FINISH_SECONDS)
    assert len(cloud.sent) < 200


@given(held=worlds)
def test_a_call_that_does_nothing_is_reported_in_the_end(held: dict[Claim, str]) -> None:
    run = ready_run(seconds=30.0)
    setup = Setup(settings=None, before_write=run.before_write, on_call=run.on_call)
    cloud = FakeCloud(FakeWorld(held), "a", setup=setup, writes=itertools.repeat(Fault.IGNORED))
    outcome = promote(cloud, CLAIMS, run)
    assert outcome.exit_code == (0 if set(held.values()) == {"a"} else 3)


@given(held=worlds)
def test_a_stranger_is_never_robbed_without_force(held: dict[Claim, str]) -> None:
    world = FakeWorld(held)
    world.held[CLAIMS[0]] = THIEF
    run = ready_run()
    setup = Setup(
        settings=None,
        before_write=run.before_write,
        on_call=run.on_call,
        peers=(Peer(name="b", address=ip_address("10.0.0.11")),),
    )
    cloud = FakeCloud(world, "a", setup=setup)
    outcome = promote(cloud, CLAIMS, run)
    assert world.held[CLAIMS[0]] == THIEF
    assert {world.held[claim] for claim in CLAIMS[1:]} == {"a"}
    assert outcome.exit_code == 77


@pytest.mark.parametrize("event", ["started", "ended"])
def test_every_run_is_in_the_journal(event: str) -> None:
    journal = ListJournal()
    promoted(FakeWorld(dict.fromkeys(CLAIMS, "b")), "a", journal=journal)
    assert len(journal.events(event)) == 1

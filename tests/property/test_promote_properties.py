"""Whatever the cloud does to us, these stay true."""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from ipaddress import ip_address

import msgspec
import pytest
from cloudfail.errors import CloudfailError
from cloudfail.model import Claim, Owner, Peer
from cloudfail.progress import SETTLE_SECONDS
from cloudfail.promote import promote
from cloudfail.testing import FakeClock, FakeWorld, Fault, ListJournal, ready_run
from cloudfail.testing.cloud import THIEF
from hypothesis import given
from hypothesis import strategies as st

from property import worlds
from property.worlds import CLAIMS, UNTOUCHED, Kind, Watched, cloud_of, promoted

lags = st.lists(st.floats(0.0, SETTLE_SECONDS - 0.1), max_size=30)


def last_word(cloud: Watched, claim: Claim) -> str:
    """What was seen of a claim last; unknown when something was sent for it since."""
    told = [(event, what) for event, about, what in cloud.log if about == claim]
    event, what = told[-1]
    return what if event == "seen" else Owner.UNKNOWN


@given(held=worlds.held, reads=worlds.reads, writes=worlds.writes, kind=worlds.kinds)
def test_a_result_never_claims_what_was_not_seen_last(
    held: dict[Claim, str], reads: list[Fault], writes: list[Fault], kind: Kind
) -> None:
    world = FakeWorld(held)
    with contextlib.suppress(CloudfailError):
        outcome, cloud = promoted(world, "a", kind, reads=reads, writes=writes)
        for result in outcome.results:
            assert result.owner == last_word(cloud, result.claim)
            assert (result.error is None) == (result.owner is Owner.MINE)


@given(held=worlds.held, writes=worlds.writes, kind=worlds.kinds)
def test_success_is_only_told_of_what_the_cloud_has(
    held: dict[Claim, str], writes: list[Fault], kind: Kind
) -> None:
    world = FakeWorld(held, other=UNTOUCHED)
    outcome, _ = promoted(world, "a", kind, writes=writes)
    mine = {result.claim for result in outcome.results if result.error is None}
    assert mine == {claim for claim, holder in world.held.items() if holder == "a"}
    assert world.other == UNTOUCHED


@given(held=worlds.held, reads=worlds.reads, writes=worlds.writes, kind=worlds.kinds)
def test_every_write_was_written_down_before_and_what_it_destroys_settled(
    held: dict[Claim, str], reads: list[Fault], writes: list[Fault], kind: Kind
) -> None:
    journal = ListJournal()
    run = ready_run(journal=journal, width=kind.width)
    cloud = cloud_of(FakeWorld(held), "a", kind, run, reads=reads, writes=writes)
    with contextlib.suppress(CloudfailError):
        promote(cloud, CLAIMS, run)
    intents = [(fields["call"], fields["claims"]) for fields in journal.events("intent")]
    for step in cloud.received:
        assert (step.call, [str(claim) for claim in step.claims]) in intents
    destroying = [fields for fields in journal.events("intent") if "facts" in fields]
    assert journal.settled == len(destroying)
    assert bool(destroying) == any(step.destroys for step in cloud.received)


@given(held=worlds.held, lag=st.floats(0.0, SETTLE_SECONDS - 0.1), kind=worlds.kinds)
def test_reads_that_are_late_cause_no_second_write(
    held: dict[Claim, str], lag: float, kind: Kind
) -> None:
    assert_written_once(held, [lag] * 99, kind, [])


@given(held=worlds.held, lags=lags, kind=worlds.kinds)
def test_reads_of_replicas_that_are_differently_late_cause_no_second_write(
    held: dict[Claim, str], lags: list[float], kind: Kind
) -> None:
    assert_written_once(held, lags, kind, [])


@given(held=worlds.held, lags=lags, refused=st.integers(0, 4), batch=st.booleans())
def test_nor_do_they_while_another_claim_needs_more_rounds(
    held: dict[Claim, str], lags: list[float], refused: int, batch: bool
) -> None:
    kind = Kind(atomic=True, batch=batch)
    script = [Fault.OK, *[Fault.CONFLICT] * refused, Fault.IGNORED]
    assert_written_once(held, lags, kind, script)


def assert_written_once(
    held: dict[Claim, str], lags: list[float], kind: Kind, script: list[Fault]
) -> None:
    clock = FakeClock(start=1000.0)
    world = FakeWorld(dict.fromkeys(CLAIMS, "c"), clock=clock)
    clock.advance(-500.0)
    for claim, holder in held.items():
        world.put(claim, holder)
    clock.advance(500.0)
    run = ready_run(clock=clock, seconds=120.0, width=kind.width)
    outcome, cloud = promoted(world, "a", kind, run=run, lags=lags, writes=script)
    ignored = Fault.IGNORED in script
    sent = Counter((step.call, claim) for step in cloud.sent for claim in step.claims)
    assert outcome.exit_code == 0
    if not ignored:
        assert set(sent.values()) <= {1}
        return
    # The call that did nothing is the only one that is sent again.
    again = [key for key, count in sent.items() if count > 1]
    batches = [set(step.claims) for step in cloud.sent]
    assert not again or any({claim for _, claim in again} <= batch for batch in batches)


@given(held=worlds.held, unsaid=st.integers(1, 5), kind=worlds.kinds)
def test_unknown_never_moves_anything(held: dict[Claim, str], unsaid: int, kind: Kind) -> None:
    run = ready_run(seconds=1.0)
    outcome, cloud = promoted(
        FakeWorld(held), "a", kind, run=run, reads=itertools.repeat(Fault.UNSAID)
    )
    assert cloud.received == []
    assert outcome.exit_code == 75
    healed, _ = promoted(FakeWorld(held), "a", kind, reads=[Fault.UNSAID] * unsaid)
    assert healed.exit_code == 0


@given(held=worlds.held, kind=worlds.kinds)
def test_a_call_that_does_nothing_is_reported_in_the_end(
    held: dict[Claim, str], kind: Kind
) -> None:
    run = ready_run(seconds=30.0)
    ignoring = itertools.repeat(Fault.IGNORED)
    outcome, _ = promoted(FakeWorld(held), "a", kind, run=run, writes=ignoring)
    assert (outcome.exit_code == 0) == (set(held.values()) == {"a"})


@given(held=worlds.held, robbed=st.sampled_from(CLAIMS), kind=worlds.kinds)
def test_a_stranger_is_never_robbed_without_force(
    held: dict[Claim, str], robbed: Claim, kind: Kind
) -> None:
    world = FakeWorld({claim: holder.replace("c", "b") for claim, holder in held.items()})
    world.put(robbed, THIEF)
    run = ready_run(seconds=30.0)
    cloud = cloud_of(world, "a", kind, run)
    peer = Peer(name="b", address=ip_address("10.0.0.11"))
    cloud.setup = msgspec.structs.replace(cloud.setup, peers=(peer,))
    outcome = promote(cloud, CLAIMS, run)
    assert world.held[robbed] == THIEF
    assert not any(robbed in step.claims for step in cloud.received)
    stuck = {claim for claim in CLAIMS if world.held[claim] != "a"}
    assert stuck - {robbed} <= {claim for claim in CLAIMS if world.sits_on(claim) == robbed}
    assert outcome.exit_code == 77


@pytest.mark.parametrize("event", ["started", "ended"])
def test_every_run_is_in_the_journal(event: str) -> None:
    journal = ListJournal()
    world = FakeWorld(dict.fromkeys(CLAIMS, "b"))
    promoted(world, "a", Kind(atomic=True, batch=True), run=ready_run(journal=journal))
    assert len(journal.events(event)) == 1

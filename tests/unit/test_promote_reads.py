"""What late, failing and missing reads do to a run: no second write, no lost outcome."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from cloudfail.errors import SupersededError
from cloudfail.model import Claim, Holding, Owner, Step
from cloudfail.planner import build_plan
from cloudfail.progress import SETTLE_SECONDS
from cloudfail.promote import promote
from cloudfail.testing import FakeClock, FakeCloud, Fault, ListJournal, ready_run

from unit.promoting import FIRST, SECOND, cloud_of


@pytest.mark.parametrize("atomic", [True, False])
@pytest.mark.parametrize("stale", [1, 2, 3, 6])
@pytest.mark.parametrize("fault", [Fault.STALE, Fault.STALER])
def test_a_stale_read_causes_no_second_write(atomic: bool, stale: int, fault: Fault) -> None:
    run = ready_run()
    reads = [Fault.OK, *[fault] * stale]
    cloud = cloud_of(run, {FIRST: "b"}, atomic=atomic, reads=reads)
    assert promote(cloud, [FIRST], run).exit_code == 0
    assert [step.call for step in cloud.sent] == (["Take"] if atomic else ["Release", "Take"])


def test_a_holder_from_long_before_is_a_stale_read_for_a_while() -> None:
    run = ready_run()
    cloud = cloud_of(run, {FIRST: "c"}, reads=[Fault.OK, *[Fault.STALER] * 3])
    cloud.world.put(FIRST, "b")
    assert promote(cloud, [FIRST], run).exit_code == 0
    assert len(cloud.sent) == 1


def test_another_holder_that_stays_is_a_thief() -> None:
    run = ready_run()
    cloud = cloud_of(run, {FIRST: "b"}, writes=[Fault.TAKEN_AFTER])
    assert promote(cloud, [FIRST], run).exit_code == 0
    assert len(cloud.sent) == 2
    assert run.clock.now() < SETTLE_SECONDS


def test_a_late_read_after_the_proof_causes_no_second_write_either() -> None:
    run = ready_run()
    # The second claim needs another round; the look for it comes from a replica that is late.
    reads = [Fault.OK, Fault.OK, Fault.STALER, Fault.STALER]
    cloud = cloud_of(run, {FIRST: "b", SECOND: "b"}, reads=reads, writes=[Fault.OK, Fault.CONFLICT])
    assert promote(cloud, [FIRST, SECOND], run).exit_code == 0
    assert sorted(str(step.claims[0]) for step in cloud.sent) == [str(FIRST), str(SECOND)]


def test_a_look_that_says_nothing_after_the_write_causes_no_second_one() -> None:
    run = ready_run()
    cloud = cloud_of(run, {FIRST: "b"}, reads=[Fault.OK, *[Fault.UNSAID] * 6])
    assert promote(cloud, [FIRST], run).exit_code == 0
    assert len(cloud.sent) == 1


def test_a_read_back_that_fails_keeps_the_outcome() -> None:
    journal = ListJournal()
    run = ready_run(seconds=5, journal=journal)
    reads = [Fault.OK, *[Fault.ERROR_BEFORE] * 99]
    cloud = cloud_of(run, {FIRST: "b"}, reads=reads)
    outcome = promote(cloud, [FIRST], run)
    assert (outcome.changed, outcome.exit_code) == (True, 75)
    assert outcome.results[0].owner is Owner.UNKNOWN
    assert len(journal.events("ended")) == 1


def test_a_cloud_that_never_says_who_has_it_is_told_as_that() -> None:
    run = ready_run(seconds=3)
    cloud = cloud_of(run, {FIRST: "b"}, reads=[Fault.UNSAID] * 999)
    outcome = promote(cloud, [FIRST], run)
    assert (outcome.exit_code, cloud.received) == (75, [])
    assert "did not say" in str(outcome.error)


def test_a_write_that_does_not_show_in_time_is_told_as_that() -> None:
    run = ready_run(seconds=3)
    cloud = cloud_of(run, {FIRST: "b"}, writes=[Fault.IGNORED])
    outcome = promote(cloud, [FIRST], run)
    assert outcome.exit_code == 3
    assert "when time was up" in str(outcome.error)


def test_a_write_that_settles_past_the_deadline_is_called_off() -> None:
    clock = FakeClock()
    run = ready_run(clock=clock, seconds=3)

    class Slow(FakeCloud):
        def observe(self, claims: Sequence[Claim]) -> Sequence[Holding]:
            seen = super().observe(claims)
            clock.advance(2.0)
            return seen

    cloud = cloud_of(run, {FIRST: "b"}, Slow, writes=[Fault.IGNORED])
    outcome = promote(cloud, [FIRST], run)
    assert outcome.exit_code == 3
    assert len(cloud.received) == 1


def test_a_reviewed_plan_waits_for_all_of_its_writes() -> None:
    run = ready_run(seconds=60)
    reads = [Fault.OK, *[Fault.STALE] * 3]
    cloud = cloud_of(run, {FIRST: "b", SECOND: "b"}, reads=reads, writes=[Fault.CONFLICT])
    digest = build_plan(cloud_of(run, {FIRST: "b", SECOND: "b"}), [FIRST, SECOND], instance="test")
    outcome = promote(cloud, [FIRST, SECOND], run, expect=digest.digest)
    assert len(cloud.received) == 2
    assert sorted(result.owner for result in outcome.results) == [Owner.MINE, Owner.PEER]


def test_what_was_taken_is_not_told_as_the_peers() -> None:
    sent: list[Step] = []

    def role() -> None:
        if sent:
            raise SupersededError("BACKUP came")

    class Watched(FakeCloud):
        def execute(self, step: Step) -> None:
            super().execute(step)
            sent.append(step)

    run = ready_run(role=role, width=1)
    cloud = cloud_of(run, {FIRST: "b", SECOND: "b"}, Watched)
    outcome = promote(cloud, [FIRST, SECOND], run)
    assert [result.owner for result in outcome.results] == [Owner.UNKNOWN, Owner.PEER]
    assert (outcome.changed, outcome.exit_code) == (True, 4)


def test_the_proof_is_written_down_with_its_write() -> None:
    journal = ListJournal()
    run = ready_run(journal=journal)
    cloud = cloud_of(run, {FIRST: "b", SECOND: "a"}, writes=[Fault.ERROR_BEFORE])
    promote(cloud, [FIRST, SECOND], run)
    proofs = {fields["claims"][0]: fields for fields in journal.events("verified")}
    took, had = proofs[str(FIRST)], proofs[str(SECOND)]
    assert (took["attempts"], took["request_id"]) == (2, "fake")
    assert took["duration_ms"] == pytest.approx(200.0)
    assert (had["duration_ms"], had["attempts"], had["request_id"]) == (0.0, 0, "")
    assert [fields["owner"] for fields in proofs.values()] == ["mine", "mine"]


def test_a_provider_that_breaks_while_it_reads_back_costs_a_look_and_no_second_write() -> None:
    class Breaking(FakeCloud):
        def observe(self, claims: Sequence[Claim]) -> Sequence[Holding]:
            seen = super().observe(claims)
            if self.looks == 2:
                raise KeyError("Association")
            return seen

    run = ready_run()
    made = cloud_of(run, {FIRST: "b"})
    cloud = Breaking(made.world, "a", setup=made.setup)
    assert promote(cloud, [FIRST], run).exit_code == 0
    assert len(cloud.sent) == 1

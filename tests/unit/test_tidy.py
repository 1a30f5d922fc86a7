"""What is held is put in order, after everything that has to be taken, and at nobody's expense."""

from __future__ import annotations

import pytest
from cloudfail.errors import DeniedError, RefusedError, SupersededError
from cloudfail.planner import build_plan
from cloudfail.promote import promote
from cloudfail.testing import Fault, ListJournal, ready_run

from unit.promoting import FIRST, SECOND, cloud_of


def test_what_is_held_already_is_tidied_up() -> None:
    run = ready_run()
    cloud = cloud_of(run, {FIRST: "a", SECOND: "a"})
    cloud.untidy = {SECOND}
    outcome = promote(cloud, [FIRST, SECOND], run)
    assert [step.call for step in cloud.sent] == ["Tidy"]
    assert (outcome.exit_code, outcome.changed, cloud.looks) == (0, True, 1)


def test_what_is_to_be_taken_is_taken_first() -> None:
    run = ready_run()
    cloud = cloud_of(run, {FIRST: "b", SECOND: "a"}, atomic=False)
    cloud.untidy = {FIRST, SECOND}
    assert promote(cloud, [FIRST, SECOND], run).exit_code == 0
    assert [step.call for step in cloud.sent] == ["Release", "Take", "Tidy", "Tidy"]


def test_whoever_has_no_time_for_it_leaves_it() -> None:
    run = ready_run()
    cloud = cloud_of(run, {FIRST: "b", SECOND: "a"})
    cloud.untidy = {FIRST, SECOND}
    assert promote(cloud, [FIRST, SECOND], run, tidies=False).exit_code == 0
    assert [step.call for step in cloud.sent] == ["Take"]


def test_what_is_not_ours_is_not_tidied_up() -> None:
    run = ready_run(seconds=3)
    cloud = cloud_of(
        run, {FIRST: "b", SECOND: "a"}, bad={FIRST: DeniedError("no", permission="Take")}
    )
    cloud.untidy = {FIRST, SECOND}
    assert promote(cloud, [FIRST, SECOND], run).exit_code == 77
    assert [step.claims for step in cloud.sent] == [(SECOND,)]


@pytest.mark.parametrize("fault", [Fault.CONFLICT, Fault.ERROR_BEFORE])
def test_what_cannot_be_tidied_up_is_in_the_journal_and_no_failure(fault: Fault) -> None:
    journal = ListJournal()
    run = ready_run(journal=journal)
    cloud = cloud_of(run, {FIRST: "a"}, writes=[fault])
    cloud.untidy = {FIRST}
    outcome = promote(cloud, [FIRST], run)
    assert outcome.exit_code == 0
    assert len(journal.events("failed")) + len(journal.events("done")) == 1


def test_a_role_that_ends_stops_it_and_what_is_held_is_held() -> None:
    asked = []

    def role() -> None:
        asked.append(1)
        if len(asked) > 1:
            raise SupersededError("no longer master")

    run = ready_run(role=role)
    cloud = cloud_of(run, {FIRST: "a"})
    cloud.untidy = {FIRST}
    outcome = promote(cloud, [FIRST], run)
    assert cloud.sent == []
    assert outcome.exit_code == 0


def test_a_reviewed_plan_tidies_up_what_it_says_and_nothing_else() -> None:
    run = ready_run()
    cloud = cloud_of(run, {FIRST: "b"})
    plan = build_plan(cloud, [FIRST], instance=run.instance)
    cloud.untidy = {FIRST}
    assert promote(cloud, [FIRST], run, expect=plan.digest).exit_code == 0
    assert [step.call for step in cloud.sent] == ["Take"]
    run = ready_run()
    reviewed = build_plan(cloud, [FIRST], instance=run.instance)
    assert [step.call for step in reviewed.steps] == ["Tidy"]
    with pytest.raises(RefusedError):
        promote(cloud, [FIRST], run, expect=plan.digest)
    assert promote(cloud, [FIRST], run, expect=reviewed.digest).changed
    assert [step.call for step in cloud.sent] == ["Take", "Tidy"]


def test_a_look_that_shows_our_writes_is_acted_on_at_once() -> None:
    run = ready_run()
    cloud = cloud_of(run, {FIRST: "b"}, writes=[Fault.TAKEN_AFTER])
    cloud.fresh = True
    assert promote(cloud, [FIRST], run).exit_code == 0
    assert [step.call for step in cloud.sent] == ["Take", "Take"]
    assert run.clock.now() < 0.5


def test_a_look_that_shows_our_writes_and_says_nothing_is_no_reason_to_write() -> None:
    run = ready_run()
    cloud = cloud_of(run, {FIRST: "b"}, reads=[Fault.OK, *[Fault.UNSAID] * 3])
    cloud.fresh = True
    assert promote(cloud, [FIRST], run).exit_code == 0
    assert len(cloud.sent) == 1

"""The rules that the agent keeps of the role: whose it is, how sure that is, and which is the newest."""

from __future__ import annotations

from mutation.tree import Mutation

ROLE = "tests/agent/role"
WORK = "tests/agent/work"
KEEPER = "cloudfail/agent/role/keeper.py"
PERMIT = "cloudfail/agent/work/permit.py"
ACTOR = "cloudfail/agent/work/actor.py"

EVIDENCE = (
    Mutation(
        name="agent: a doubtful master begins",
        rule=10,
        file=PERMIT,
        before="        if standing.doubt:\n",
        after="        if False:\n",
        tests=(f"{WORK}/test_permit.py",),
    ),
    Mutation(
        name="agent: a process that stood still begins",
        rule=10,
        file=PERMIT,
        before="        if is_late(now):\n",
        after="        if False:\n",
        tests=(f"{WORK}/test_permit.py",),
    ),
    Mutation(
        name="agent: a better peer's advert leaves the evidence as it was",
        rule=10,
        file=KEEPER,
        before="        if better is not None:\n",
        after="        if False:\n",
        tests=(f"{ROLE}/test_two_masters.py",),
    ),
    Mutation(
        name="agent: silence of our own adverts is no doubt",
        rule=10,
        file=KEEPER,
        before="        elif not is_fresh and not self._are_sent(now):\n",
        after="        elif False:\n",
        tests=(f"{ROLE}/test_dying.py",),
    ),
    Mutation(
        name="agent: adverts that wait for a peer which is gone prove nothing",
        rule=10,
        file=KEEPER,
        before="self._own.are_leaving(now) or self._kept.are_sent(now, self._interval())",
        after="self._own.are_leaving(now)",
        tests=(f"{ROLE}/test_kept_back.py",),
    ),
    Mutation(
        name="agent: adverts that waited once prove the role for ever",
        rule=10,
        file="cloudfail/agent/role/evidence.py",
        before="        return now < self.until(interval)\n",
        after="        return self.last is not None\n",
        tests=(f"{ROLE}/test_kept_back.py",),
    ),
    Mutation(
        name="agent: our farewell is no doubt",
        rule=10,
        file=KEEPER,
        before="        if self._own.has_said_farewell:\n",
        after="        if False:\n",
        tests=(f"{ROLE}/test_dying.py",),
    ),
    Mutation(
        name="agent: keepalived's last word is good for ever",
        rule=10,
        file=KEEPER,
        before="self._mastered is not None and now < self._mastered + self._grace()",
        after="self._mastered is not None",
        tests=(f"{ROLE}/test_dying.py",),
    ),
    Mutation(
        name="agent: a late wake is no doubt",
        rule=10,
        file=KEEPER,
        before="        if self._woke is not None:\n            return doubt.WOKE\n",
        after="",
        tests=(f"{ROLE}/test_frozen.py",),
    ),
    Mutation(
        name="agent: a line from before its start is believed",
        rule=10,
        file=KEEPER,
        before="            if drained:\n",
        after="            if False:\n",
        tests=(f"{ROLE}/test_beginning.py",),
    ),
    Mutation(
        name="agent: one last advert makes a master",
        rule=10,
        file=KEEPER,
        before="if not self._own.are_a_run(now) or self._better(now) is not None:",
        after="if self._better(now) is not None or not self._own.are_leaving(now):",
        tests=(f"{ROLE}/test_two_masters.py",),
    ),
    Mutation(
        name="agent: without a run of its own a request is let pass",
        rule=10,
        file="cloudfail/agent/work/gate.py",
        before="        if run is None:\n            raise",
        after="        if run is None:\n            return\n            raise",
        tests=(f"{WORK}/test_permit.py",),
    ),
)

NEWEST = (
    Mutation(
        name="agent: the run of an older role goes on",
        rule=11,
        file=PERMIT,
        before="if standing.generation != generation or standing.role is not Role.MASTER:",
        after="if standing.role is not Role.MASTER:",
        tests=(f"{WORK}/test_permit.py",),
    ),
    Mutation(
        name="agent: what was removed is not left to the better master who finishes it",
        rule=11,
        file=PERMIT,
        before="            if standing.better_peer is not None:\n",
        after="            if False:\n",
        tests=(f"{WORK}/test_permit.py",),
    ),
    Mutation(
        name="agent: what was removed is abandoned by a role that ended",
        rule=11,
        file=PERMIT,
        before="        if completes:\n",
        after="        if False:\n",
        tests=(f"{WORK}/test_permit.py",),
    ),
    Mutation(
        name="agent: an older event supersedes a newer one",
        rule=11,
        file=KEEPER,
        before="if self._event is not None and event.is_older_than(self._event):",
        after="if False:",
        tests=(f"{ROLE}/test_without.py",),
    ),
    Mutation(
        name="agent: beside a FIFO a process tells the role",
        rule=11,
        file=KEEPER,
        before="            if self._subject.has_fifo:\n                is_again",
        after="            if False:\n                is_again",
        tests=(f"{ROLE}/test_without.py",),
    ),
    Mutation(
        name="agent: an advert of a lower node supersedes what runs",
        rule=11,
        file=KEEPER,
        before="        if role is not self._role:\n",
        after="        if True:\n",
        tests=(f"{ROLE}/test_dying.py",),
    ),
    Mutation(
        name="agent: a look of an older role is a plan of the newer one",
        rule=11,
        file="cloudfail/agent/work/looker.py",
        before="board.runs != runs or board.generation != standing.generation:",
        after="board.runs != runs:",
        tests=(f"{WORK}/test_runs_end.py::test_a_look_from_before_another_role_is_no_plan_of_it",),
    ),
    Mutation(
        name="agent: a run by hand asks nobody",
        rule=11,
        file=ACTOR,
        before="anybody if forced else self._permit(standing)",
        after="anybody",
        tests=(f"{WORK}/test_runs_end.py::test_a_run_by_hand_is_ended_by_a_newer_role",),
    ),
    Mutation(
        name="agent: a run by hand against the role is tried without --force",
        rule=11,
        file=ACTOR,
        before="        elif not standing.is_master and not request.order.force:\n",
        after="        elif False:\n",
        tests=(f"{WORK}/test_worker.py::test_a_hand_run_against_the_role_is_refused_and_forced",),
    ),
    Mutation(
        name="agent: a repair asks nobody",
        rule=11,
        file=ACTOR,
        before="            since=self._clock.now(),\n            check=self._permit(standing),\n",
        after="            since=self._clock.now(),\n            check=anybody,\n",
        tests=(f"{WORK}/test_runs_end.py::test_a_repair_is_ended_by_a_newer_role",),
    ),
)

AGENT_ROLE = EVIDENCE + NEWEST

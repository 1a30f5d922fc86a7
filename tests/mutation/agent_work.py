"""The rules that the agent keeps of its work: plans made ahead, repairs, and what people ask for."""

from __future__ import annotations

from mutation.agent_notices import NOTICES
from mutation.tree import Mutation

WORK = "tests/agent/work"
ACTOR = "cloudfail/agent/work/actor.py"
DRIFT = "cloudfail/agent/work/drift.py"
PAUSING = "tests/agent/test_pausing.py"
HANDOVER = "tests/agent/test_handover.py"
ANSWERING = "tests/agent/responder/test_answering.py"
PURE = f"{WORK}/test_pure.py"

AHEAD = (
    Mutation(
        name="agent: a plan of any age leaves without a look",
        rule=12,
        file="cloudfail/agent/work/sight.py",
        before="now - self.began <= oldest and ",
        after="",
        tests=(f"{WORK}/test_sight.py",),
    ),
    Mutation(
        name="agent: a plan that removes blindly leaves without a look",
        rule=12,
        file="cloudfail/agent/work/sight.py",
        before=" and all(map(_is_safe_blindly, lanes))",
        after="",
        tests=(f"{WORK}/test_sight.py",),
    ),
)

REPAIR = (
    Mutation(
        name="agent: one look is enough for a repair",
        rule=13,
        file=DRIFT,
        before="any(now - since >= apart for since in self._since.values())",
        after="bool(self._since)",
        tests=(PURE,),
    ),
    Mutation(
        name="agent: an unknown holder is a drift",
        rule=13,
        file=DRIFT,
        before="frozenset({Owner.PEER, Owner.NOBODY})",
        after="frozenset({Owner.PEER, Owner.NOBODY, Owner.UNKNOWN})",
        tests=(PURE,),
    ),
    Mutation(
        name="agent: a stranger is fought",
        rule=13,
        file=DRIFT,
        before="frozenset({Owner.PEER, Owner.NOBODY})",
        after="frozenset({Owner.PEER, Owner.NOBODY, Owner.STRANGER})",
        tests=(PURE,),
    ),
    Mutation(
        name="agent: a look that says nothing ends a drift",
        rule=13,
        file=DRIFT,
        before="            elif holding.owner is not Owner.UNKNOWN:\n",
        after="            else:\n",
        tests=(PURE,),
    ),
    Mutation(
        name="agent: of two masters the lower one goes on at full pace",
        rule=14,
        file=DRIFT,
        before="if self._repaired is None or outranks or self.losses == 0:",
        after="if True:",
        tests=(PURE,),
    ),
    Mutation(
        name="agent: it is the configured priority that gives way, not the advertised",
        rule=14,
        file="cloudfail/agent/work/looker.py",
        before="mine = standing.priority or (self._target.me.priority if self._target.me else 0)",
        after="mine = self._target.me.priority if self._target.me else 0",
        tests=(
            f"{WORK}/test_runs_end.py::test_the_lower_advertised_priority_repairs_less_and_less",
        ),
    ),
)

DAY_TWO = (
    Mutation(
        name="agent: a paused instance is promoted, by a plan that was prepared",
        rule=15,
        file=ACTOR,
        before="standing.is_master and not board.paused and not",
        after="standing.is_master and not",
        tests=(f"{WORK}/test_worker.py::test_a_pause_holds_back_a_prepared_plan",),
    ),
    Mutation(
        name="agent: a pause lets what runs go on",
        rule=15,
        file="cloudfail/agent/work/worker.py",
        before='            self._board.stop_run(f"paused: {text}")\n',
        after="",
        tests=(f"{WORK}/test_worker.py::test_a_pause_ends_a_run_under_way",),
    ),
    Mutation(
        name="agent: a pause is forgotten with the process",
        rule=15,
        file="cloudfail/agent/pausing.py",
        before="                self._files.replace(FILE, _encode(self._merged()))\n                self._sync()\n",
        after="                _encode(self._merged())\n",
        tests=(f"{PAUSING}::test_a_pause_is_known_to_the_next_process_with_who_and_why",),
    ),
    Mutation(
        name="without its agent a paused instance is moved",
        rule=15,
        file="cloudfail/cli/promotion.py",
        before="        refuse_if_paused(target)\n",
        after="        pass\n",
        tests=("tests/cli/test_paused.py::test_without_its_agent_a_paused_instance_is_not_moved",),
    ),
    Mutation(
        name="agent: a handover to nobody keeps the brake on",
        rule=16,
        file="cloudfail/agent/handover.py",
        before='{why}"\n        trouble = self._end()\n',
        after='{why}"\n        trouble = ""\n',
        tests=(f"{HANDOVER}::test_without_a_peers_advert_the_role_is_taken_back",),
    ),
    Mutation(
        name="agent: a peer that advertised before the handover has taken over",
        rule=16,
        file="cloudfail/agent/handover.py",
        before="if peer.age < now - self._began",
        after="if True",
        tests=(f"{HANDOVER}::test_an_advert_from_before_the_handover_is_no_taking_over",),
    ),
    Mutation(
        name="agent: a doubtful master hands over",
        rule=16,
        file="cloudfail/agent/handover.py",
        before="        if not standing.is_master:\n",
        after="        if standing.role is not Role.MASTER:\n",
        tests=(f"{HANDOVER}::test_only_a_master_without_doubt_hands_over",),
    ),
    Mutation(
        name="agent: a doubtful node answers a load balancer",
        rule=17,
        file="cloudfail/agent/responder/answering.py",
        before="if standing.is_master else False",
        after="if standing.role is Role.MASTER else False",
        tests=(f"{ANSWERING}::test_who_is_doubtful_does_not_answer",),
    ),
    Mutation(
        name="agent: a master without its claims answers a load balancer",
        rule=17,
        file="cloudfail/agent/responder/answering.py",
        before="        if owners - {Owner.MINE, Owner.UNKNOWN}:\n            return False\n",
        after="",
        tests=(f"{ANSWERING}::test_one_claim_that_is_not_ours_is_enough_to_refuse",),
    ),
    Mutation(
        name="agent: a look of an earlier role answers a load balancer",
        rule=17,
        file="cloudfail/agent/responder/answering.py",
        before="if looked is None or looked.at < standing.since:",
        after="if looked is None:",
        tests=(f"{ANSWERING}::test_a_look_from_before_this_role_proves_nothing",),
    ),
    Mutation(
        name="agent: services start before the claims are here",
        rule=18,
        file="cloudfail/agent/following.py",
        before="return self._held >= self._heard and not self._stopping",
        after="return not self._stopping",
        tests=(
            "tests/agent/test_following.py::test_a_master_on_record_is_not_due_without_its_claims",
        ),
    ),
)

AGENT_WORK = AHEAD + REPAIR + DAY_TWO + NOTICES

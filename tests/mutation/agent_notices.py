"""The rules that the agent keeps when the cloud announces that it will interrupt this node."""

from __future__ import annotations

from mutation.tree import Mutation

MAINTENANCE = "cloudfail/agent/notices/maintenance.py"
TESTS = "tests/agent/notices/test_maintenance.py"
HANDING_OVER = "tests/agent/test_handing_over.py"

NOTICES = (
    Mutation(
        name="agent: what is still here, and does not count, passes for a peer's",
        rule=16,
        file="cloudfail/agent/handing_over.py",
        before=" and not claim.reason and claim.holder != interface_id",
        after="",
        tests=(f"{HANDING_OVER}::test_what_is_still_here_and_does_not_count_is_with_no_peer",),
    ),
    Mutation(
        name="agent: the cloud may interrupt this node before a peer holds",
        rule=16,
        file=MAINTENANCE,
        before='announced.settle(name, "is being handed over", well=False)',
        after='announced.settle(name, "is being handed over")',
        tests=(f"{TESTS}::test_a_master_hands_over_and_the_cloud_begins_once_the_peer_holds",),
    ),
    Mutation(
        name="agent: the cloud may interrupt the only living node",
        rule=16,
        file=MAINTENANCE,
        before="announced.settle(member.name, text, well=False)",
        after="announced.settle(member.name, text)",
        tests=(f"{TESTS}::test_the_only_living_node_tries_once_and_the_cloud_has_to_wait",),
    ),
    Mutation(
        name="agent: the cloud may interrupt a node that masters again",
        rule=16,
        file=MAINTENANCE,
        before=" and roles.isdisjoint({None, Role.MASTER})",
        after="",
        tests=(
            f"{TESTS}::test_what_masters_again_is_not_given_to_the_cloud",
            f"{TESTS}::test_the_cloud_waits_for_an_instance_that_masters_again_meanwhile",
        ),
    ),
    Mutation(
        name="agent: the only living node leaves at each new name of an announcement",
        rule=16,
        file=MAINTENANCE,
        before="self._pauses.text(name) or self._resting.text(name)",
        after="self._pauses.text(name)",
        tests=(f"{TESTS}::test_the_only_living_node_tries_once_and_the_cloud_has_to_wait",),
    ),
    Mutation(
        name="agent: a node that preempts takes back what is about to be interrupted",
        rule=16,
        file="cloudfail/agent/handover.py",
        before="        if self._keeps:\n            self.phase = Phase.OVER\n",
        after="",
        tests=(f"{TESTS}::test_a_node_that_preempts_stays_in_fault_until_it_is_over",),
    ),
    Mutation(
        name="agent: nobody serves while this node waits to be interrupted",
        rule=16,
        file="cloudfail/agent/notices/hold.py",
        before="if not standing.peers and now > self._patient_until:",
        after="if False:",
        tests=("tests/agent/notices/test_hold.py::test_it_ends_with_the_peer",),
    ),
    Mutation(
        name="agent: a paused instance is handed over",
        rule=15,
        file=MAINTENANCE,
        before="        if why_not:\n",
        after="        if False:\n",
        tests=(f"{TESTS}::test_of_a_paused_instance_nothing_moves_until_it_is_resumed",),
    ),
)

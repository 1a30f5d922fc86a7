"""A standby is ready when the cloud would let it take over, and says what is missing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from cloudfail.agent.metrics.readiness import not_ready, ready
from cloudfail.errors import CloudfailError, DeniedError, ThrottledError, UnreachableError
from cloudfail.model import Claim, Finding, Holding, Lane, Node, Plan, Severity, Step

LANE = Lane(key="eni-0b", steps=(Step(call="AssociateAddress", claims=(), params={}, summary="s"),))


def finding(severity: Severity, message: str = "would not fit", remedy: str = "") -> Finding:
    return Finding(severity=severity, subject="eni-0b", message=message, remedy=remedy)


def plan(*findings: Finding) -> Plan:
    return Plan(
        instance="edge", node=Node(ref="eni-0b"), holdings=(), lanes=(LANE,), findings=findings
    )


class Proving:
    """A reader that only proves: to identify or observe again would be work done twice."""

    def __init__(self, *findings: Finding, error: CloudfailError | None = None) -> None:
        self.findings = findings
        self.error = error
        self.asked: list[Sequence[Lane]] = []

    def check(self, lanes: Sequence[Lane]) -> Sequence[Finding]:
        self.asked.append(lanes)
        if self.error is not None:
            raise self.error
        return self.findings

    def identify(self) -> Node:
        raise AssertionError

    def observe(self, claims: Sequence[Claim]) -> Sequence[Holding]:
        raise AssertionError

    def steps(self, holdings: Sequence[Holding], node: Node) -> Sequence[Lane]:
        raise AssertionError


def test_the_lanes_of_the_prepared_plan_are_proven() -> None:
    reader = Proving(finding(Severity.OK), finding(Severity.INFO))
    found = ready(reader, plan())
    assert found.ready
    assert found.reasons == ()
    assert reader.asked == [(LANE,)]


def test_what_could_not_be_proven_keeps_nobody_from_taking_over() -> None:
    assert ready(Proving(finding(Severity.WARNING)), plan(finding(Severity.WARNING))).ready


def test_an_error_of_the_proof_or_of_the_look_is_a_reason_each_once() -> None:
    slots = finding(Severity.ERROR, "no free slot", "free one")
    found = ready(Proving(slots, slots), plan(finding(Severity.ERROR, "is with a stranger")))
    assert not found.ready
    assert found.reasons == ("eni-0b: is with a stranger", "eni-0b: no free slot; free one")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DeniedError("ec2:AssociateAddress is not allowed"), "credentials or permissions: ec2:A"),
        (UnreachableError("no answer from ec2"), "the way to the API: no answer from ec2"),
        (ThrottledError("EC2 throttles"), "EC2 throttles"),
    ],
)
def test_an_error_of_the_cloud_is_a_reason(error: CloudfailError, reason: str) -> None:
    found = ready(Proving(error=error), plan())
    assert not found.ready
    assert found.reasons[0].startswith(reason)
    assert not_ready(error) == found


def test_a_mistake_of_ours_is_not_taken_for_an_answer_of_the_cloud() -> None:
    class Broken(Proving):
        def check(self, lanes: Sequence[Lane]) -> Sequence[Finding]:
            raise KeyError(lanes[0].key)

    with pytest.raises(KeyError):
        ready(Broken(), plan())

"""Values name themselves, encode to JSON, and a digest means the same plan."""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_network

import msgspec
import pytest
from cloudfail.model import (
    Claim,
    Finding,
    Holding,
    Lane,
    Node,
    Owner,
    Plan,
    PrivateIp,
    PublicIp,
    Route,
    Severity,
    Step,
    to_json,
)

PUBLIC = PublicIp(address=ip_address("203.0.113.7"))
ROUTE = Route(destination=ip_network("10.99.0.0/16"), table="rtb-1")


def plan(**changes: object) -> Plan:
    step = Step(
        call="AssociateAddress",
        claims=(PUBLIC,),
        params={"AllocationId": "eipalloc-1"},
        conditions={"etag": "W/1"},
        summary="associate",
    )
    base = Plan(
        instance="edge",
        node=Node(ref="eni-b"),
        holdings=(Holding(claim=PUBLIC, owner=Owner.PEER, holder="eni-a"),),
        lanes=(Lane(key="eni-b", steps=(step,)),),
    )
    return msgspec.structs.replace(base, **changes)


def restepped(**changes: object) -> Plan:
    (lane,) = plan().lanes
    (step,) = lane.steps
    changed = msgspec.structs.replace(step, **changes)
    return plan(lanes=(Lane(key=lane.key, steps=(changed,)),))


def test_a_claim_says_its_kind_and_target() -> None:
    assert str(PUBLIC) == "public-ip 203.0.113.7"
    assert str(PrivateIp(address=ip_address("10.0.0.100"))) == "private-ip 10.0.0.100"
    assert str(ROUTE) == "route rtb-1 10.99.0.0/16"


def test_a_claim_without_a_kind_has_no_target() -> None:
    with pytest.raises(NotImplementedError):
        str(Claim())


def test_values_become_plain_json() -> None:
    seen = json.loads(json.dumps(to_json(plan())))
    claim = seen["holdings"][0]["claim"]
    assert claim == {
        "kind": "public-ip",
        "address": "203.0.113.7",
        "private_address": None,
        "resource_id": "",
    }


def test_the_digest_ignores_volatile_ids() -> None:
    assert restepped(conditions={"etag": "W/2"}).digest == plan().digest


@pytest.mark.parametrize(
    "other",
    [
        plan(instance="other"),
        plan(node=Node(ref="eni-c")),
        plan(holdings=(Holding(claim=PUBLIC, owner=Owner.PEER, holder="eni-x"),)),
        plan(lanes=()),
        restepped(params={"AllocationId": "eipalloc-2"}),
        restepped(call="DisassociateAddress"),
        restepped(stage=1),
    ],
)
def test_the_digest_changes_with_what_was_seen_or_would_be_done(other: Plan) -> None:
    assert other.digest != plan().digest
    assert len(other.digest) == 16


def test_a_plan_is_blocked_only_by_an_error() -> None:
    note = Finding(severity=Severity.WARNING, subject="x", message="y")
    error = Finding(severity=Severity.ERROR, subject="x", message="y")
    assert not plan(findings=(note,)).blocked
    assert plan(findings=(note, error)).blocked


def test_claims_are_hashable_and_equal_by_value() -> None:
    assert {PUBLIC, PublicIp(address=ip_address("203.0.113.7"))} == {PUBLIC}
    assert Route(destination=ip_network("10.99.0.0/16"), table="rtb-2") != ROUTE


def test_an_address_is_compared_as_a_value_not_as_text() -> None:
    long = PrivateIp(address=ip_address("fd99:0:0::00aa"))
    assert long == PrivateIp(address=ip_address("fd99::aa"))

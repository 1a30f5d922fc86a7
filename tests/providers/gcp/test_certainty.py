"""A look says whose calls are under way for what is claimed."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from cloudfail.errors import TransientError
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.model import Claim, ForwardingRule, PrivateIp, PublicIp, Route

from cloudfail_gcp import waiting
from providers.gcp.laid import CLAIM
from providers.gcp.nodes import ALIAS, PUBLIC, NodeMaker

RULE = ForwardingRule(name="edge")
ELSEWHERE = Route(table="lab", destination=CLAIM.destination.supernet())


@pytest.mark.parametrize(
    ("claim", "call"),
    [
        (RULE, "forwardingRules.setTarget"),
        (CLAIM, "routes.insert"),
        (PrivateIp(address=ip_address(ALIAS)), "instances.updateNetworkInterface"),
        (PublicIp(address=ip_address(PUBLIC)), "instances.deleteAccessConfig"),
    ],
)
def test_a_claim_is_moving_while_somebodys_operation_is(
    cloud: EmbeddedGcp,
    node_of: NodeMaker,
    monkeypatch: pytest.MonkeyPatch,
    claim: Claim,
    call: str,
) -> None:
    monkeypatch.setattr(waiting, "MOST_SECONDS", 0)
    other = node_of("x", peers=())
    (lane,) = other.provider.steps(other.provider.observe([claim]), other.provider.identify())
    step = next(step for step in lane.steps if step.call == call)
    cloud.faults = Faults(operation_stuck={call: 1}, wait_ms=10)
    with pytest.raises(TransientError, match="is not done"):
        other.provider.execute(step)
    claims = (RULE, CLAIM, ELSEWHERE, claim)
    seen = node_of("a").provider.observe(claims)
    assert [one.is_moving for one in seen] == [one == claim for one in claims]

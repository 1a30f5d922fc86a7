"""A call whose outcome was never learned, and the same call long after: another one."""

from __future__ import annotations

from typing import Any

import pytest
from cloudfail.clock import SystemClock
from cloudfail.errors import TransientError
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.links import link
from cloudfail.model import ForwardingRule, Owner

from cloudfail_gcp.waiting import KEPT_SECONDS, Operations
from lab_cloud.together import ENDLESS, end_operations
from providers.gcp.nodes import NodeMaker

EDGE = ForwardingRule(name="edge")
SET, WAIT = "forwardingRules.setTarget", "regionOperations.wait"


class Later(SystemClock):
    """The system's clock, moved on by hand."""

    ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead


def take_away(cloud: EmbeddedGcp) -> None:
    """Let a peer have it again."""
    rule, target = cloud.built.forwarding_rules["edge"], cloud.built.nodes["b"].target_instance
    cloud.api.apply(lambda store: store.put(rule, {**store.get(rule), "target": link(target)}))


@pytest.mark.parametrize(
    "faults", [{"throttle": {WAIT: 1}}, {"reset_after": {SET: 1}}], ids=["begun", "sent"]
)
@pytest.mark.parametrize("by", ["a look", "time"])
def test_the_next_failover_is_no_repeat_of_one_that_ended_unknown(
    cloud: EmbeddedGcp, node_of: NodeMaker, faults: dict[str, Any], by: str
) -> None:
    node, clock = node_of("a"), Later()
    provider = node.provider
    provider._operations = Operations(provider._api, clock, node.setup.while_waiting)
    (lane,) = provider.steps(provider.observe([EDGE]), provider.identify())
    (step,) = lane.steps
    cloud.faults = Faults(**faults)
    with pytest.raises(TransientError):
        provider.execute(step)
    if by == "a look":
        assert provider.observe([EDGE])[0].owner is Owner.MINE
    take_away(cloud)
    clock.ahead = KEPT_SECONDS + 1 if by == "time" else 0
    provider.execute(step)
    assert provider.observe([EDGE])[0].owner is Owner.MINE
    assert [call.operation for call in cloud.calls if call.mutating] == [SET, SET]


def test_what_a_look_sees_under_way_is_still_joined(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    node = node_of("a")
    provider = node.provider
    (lane,) = provider.steps(provider.observe([EDGE]), provider.identify())
    (step,) = lane.steps
    cloud.faults = Faults(operation_ms=ENDLESS, throttle={WAIT: 1})
    with pytest.raises(TransientError):
        provider.execute(step)
    provider.observe([EDGE])
    end_operations(cloud)
    provider.execute(step)
    assert [call.operation for call in cloud.calls if call.mutating] == [SET]
    assert provider.observe([EDGE])[0].owner is Owner.MINE

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
from providers.gcp.nodes import NodeMaker

EDGE = ForwardingRule(name="edge")
SET, WAIT = "forwardingRules.setTarget", "regionOperations.wait"


class Later(SystemClock):
    """The system's clock, moved on by hand."""

    ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead


@pytest.mark.parametrize(
    "faults", [{"throttle": {WAIT: 1}}, {"reset_after": {SET: 1}}], ids=["begun", "sent"]
)
def test_the_next_failover_is_no_repeat_of_one_that_ended_unknown(
    cloud: EmbeddedGcp, node_of: NodeMaker, faults: dict[str, Any]
) -> None:
    node, clock = node_of("a"), Later()
    provider = node.provider
    provider._operations = Operations(provider._api, clock, node.setup.while_waiting)
    ((step,),) = [
        lane.steps for lane in provider.steps(provider.observe([EDGE]), provider.identify())
    ]
    cloud.faults = Faults(**faults)
    with pytest.raises(TransientError):
        provider.execute(step)
    assert provider.observe([EDGE])[0].owner is Owner.MINE
    rule, target = cloud.built.forwarding_rules["edge"], cloud.built.nodes["b"].target_instance
    cloud.api.apply(lambda store: store.put(rule, {**store.get(rule), "target": link(target)}))
    clock.ahead = KEPT_SECONDS + 1
    provider.execute(step)
    assert provider.observe([EDGE])[0].owner is Owner.MINE
    assert [call.operation for call in cloud.calls if call.mutating] == [SET, SET]

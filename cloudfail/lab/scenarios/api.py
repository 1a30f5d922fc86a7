"""The cloud's API is the one that fails."""

from __future__ import annotations

from cloudfail.lab.cloud.faults import ANY, Faults
from cloudfail.lab.scenario import Scenario
from cloudfail.lab.stage import Stage

_OUTAGE = 4.0
_MINUTE = 3.0  # where quotas are counted by the minute, a rehearsal has no time for a whole one


def api_throttled(stage: Stage) -> None:
    stage.start()
    calls = stage.terrain.throttled_calls
    stage.faults(Faults(throttle={ANY: calls}, quota_minute_s=_MINUTE))
    stage.fault(f"a dies, and the API throttles its next {calls} calls", "a")
    stage.site.kill("a")
    stage.require_master("b")
    stage.require_holder("b", stage.terrain.throttled_for)


def api_down(stage: Stage) -> None:
    stage.start()
    stage.faults(Faults(down=True))
    stage.fault("a dies while the API answers nobody", "a")
    stage.site.kill("a")
    stage.require_master("b")
    stage.pause(_OUTAGE)
    stage.expect(stage.holder == "a", "the address moved while the API was down")
    stage.note("the API answers again")
    stage.faults()
    stage.require_holder("b", 20)


API_THROTTLED = Scenario("api-throttled", "The API throttles the failover.", api_throttled)
API_DOWN = Scenario("api-down", "The API is down when the master dies, and comes back.", api_down)

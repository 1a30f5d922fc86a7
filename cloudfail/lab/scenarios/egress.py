"""A standby with a public address of its own, which the claimed one displaces."""

from __future__ import annotations

from cloudfail.lab.scenario import Scenario
from cloudfail.lab.stage import Stage
from cloudfail.lab.topology import A, LabNode, Topology

_OWN = "203.0.113.99"
_B = LabNode(name="b", address="10.0.2.10", subnet="10.0.2.0/24", priority=100, own_public_ip=_OWN)


def standby_egress(stage: Stage) -> None:
    stage.start()
    stage.expect(stage.site.timeline.holder(_OWN) == "b", f"{_OWN} was not b's to begin with")
    stage.fault("keepalived on a is told to stop", "a")
    stage.site.stop_vrrp("a")
    stage.require_master("b")
    stage.require_holder("b")
    stage.calm()
    stage.expect(stage.site.timeline.holder(_OWN) == "", f"{_OWN} was not displaced")
    if stage.terrain.keeps_displaced:
        stage.expect(stage.is_allocated(_OWN), f"{_OWN} was released: it must stay allocated")
    stage.note("the API must be reachable without any public address: b has none after this", "b")
    stage.site.start_vrrp("a")
    stage.require_backup("a")
    stage.fault("keepalived on b is told to stop: back to a", "b")
    stage.site.stop_vrrp("b")
    stage.require_master("a")
    stage.require_holder("a")
    done = stage.run("b", "cloudfail", "status", "--instance", "edge")
    stage.expect("peer" in done.stdout, f"b cannot reach the API any more: {done.stderr.strip()}")
    stage.site.start_vrrp("b")
    stage.require_backup("b")
    stage.fault("keepalived on a is told to stop once more", "a")
    stage.site.stop_vrrp("a")
    stage.require_master("b")
    stage.require_holder("b")


STANDBY_EGRESS = Scenario(
    "standby-egress",
    "The claimed address displaces the standby's own; fail-over and fail-back still work.",
    standby_egress,
    Topology(nodes=(A, _B)),
    claim="public-ip",
)

"""Forwarding rules and target instances."""

from __future__ import annotations

from typing import Any

import pytest
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.world import Built
from google.cloud import compute_v1

from lab_cloud.gcp.clients import Compute, reason
from lab_cloud.gcp.worlds import EDGE, REGION


@pytest.fixture
def set_target(compute: Compute, built: Built) -> Any:
    def call(target: str, rule: str = "edge") -> Any:
        began = compute.rules.set_target_unary(
            project=built.project,
            region=REGION,
            forwarding_rule=rule,
            target_reference_resource={"target": target},
        )
        return compute.wait(began, built.project)

    return call


def test_a_rule_moves_in_one_call(
    cloud: EmbeddedGcp, compute: Compute, built: Built, set_target: Any
) -> None:
    for rule, address in (("edge", EDGE), ("edge6", "2001:db8:ff::9")):
        set_target(built.nodes["b"].target_instance, rule)
        shown = compute.rules.get(project=built.project, region=REGION, forwarding_rule=rule)
        assert shown.target.endswith("/zones/europe-west1-c/targetInstances/b")
        change = cloud.changes[-1]
        assert (change.kind, change.node) == ("forwarding-rule", "b")
        assert change.target.endswith(f"/forwardingRules/{rule} {address}")
    assert len(cloud.changes) == 2


def test_a_rule_without_its_machine_serves_nobody(cloud: EmbeddedGcp, set_target: Any) -> None:
    cloud.terminate_node("a")
    moved = {c.target.rpartition(" ")[2]: c.node for c in cloud.changes}
    assert moved[EDGE] == ""
    set_target(cloud.built.nodes["b"].target_instance)
    assert cloud.changes[-1].node == "b"


def test_a_target_must_be_there_and_of_the_same_type(built: Built, set_target: Any) -> None:
    gone = built.nodes["b"].target_instance.replace("/b", "/gone")
    assert reason(set_target, gone) == (400, "invalid")
    assert reason(set_target, built.nodes["b"].instance) == (400, "invalid")
    assert reason(set_target, built.nodes["b"].target_instance, "nowhere") == (404, "notFound")


def test_target_instances_are_listed_a_zone(compute: Compute, built: Built) -> None:
    client = compute(compute_v1.TargetInstancesClient)
    where = {"project": built.project, "zone": "europe-west1-b"}
    assert [item.name for item in client.list(**where)] == ["a", "c"]
    found = client.get(target_instance="c", **where)
    assert found.instance.endswith("/zones/europe-west1-b/instances/c")
    rules = compute.rules.list(project=built.project, region=REGION)
    assert [rule.name for rule in rules] == ["edge", "edge6"]

"""What a failover moves on Google Cloud is nothing to Terraform: the next plan is empty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from terraform.gcp_inputs import (
    ALIAS,
    ALL_KINDS,
    BASE,
    PROJECT,
    PUBLIC,
    RULE,
    ZONES,
    module,
    prepare,
)
from terraform.stubs import MAJORS, Stub
from terraform.workspace import Workspace

Make = Callable[..., Workspace]


@pytest.fixture(params=MAJORS["gcp"])
def google(request: pytest.FixtureRequest, stub: Callable[[str], Stub]) -> Stub:
    found = stub(request.param)
    prepare(found)
    return found


def interface_of(google: Stub, node: str, **changed: Any) -> None:
    """Change blocks of a node's interface, as Compute shows them after a move."""
    found = google.one("google_compute_instance", name=f"edge-{node}")
    (interface,) = found["network_interface"]
    google.change("google_compute_instance", found["id"], network_interface=[interface | changed])


def held_by(google: Stub, node: str) -> None:
    """Let a node hold every claim, and the other one none."""
    config = {"nat_ip": PUBLIC, "network_tier": "PREMIUM", "public_ptr_domain_name": ""}
    alias = {"ip_cidr_range": f"{ALIAS}/32", "subnetwork_range_name": ""}
    for name in BASE["nodes"]:
        holds = name == node
        interface_of(
            google,
            name,
            access_config=[config] if holds else [],
            alias_ip_range=[alias] if holds else [],
        )
    rule = google.one("google_compute_forwarding_rule", name="edge")
    target = google.one("google_compute_target_instance", name=f"edge-{node}")
    google.change("google_compute_forwarding_rule", rule["id"], target=target["self_link"])


def test_a_plan_is_empty_whoever_is_master(google: Stub, workspace: Make) -> None:
    pair = module(workspace, google, ALL_KINDS)
    pair.apply()
    for node in ("a", "b", "a"):
        held_by(google, node)
        assert not pair.plan().changes


def test_an_apply_for_another_reason_takes_nothing_back(google: Stub, workspace: Make) -> None:
    pair = module(workspace, google, ALL_KINDS)
    pair.apply()
    held_by(google, "b")
    pair.variables = {**pair.variables, "labels": {"of": "another-team"}}
    pair.apply()
    target = google.one("google_compute_target_instance", name="edge-b")["self_link"]
    assert google.one("google_compute_forwarding_rule", name="edge")["target"] == target
    node = google.one("google_compute_instance", name="edge-b")
    assert node["labels"] == {"of": "another-team"}
    assert node["network_interface"][0]["alias_ip_range"][0]["ip_cidr_range"] == f"{ALIAS}/32"
    assert node["network_interface"][0]["access_config"][0]["nat_ip"] == PUBLIC


def test_an_own_address_that_changes_with_a_restart_is_nothing_new(
    google: Stub, workspace: Make
) -> None:
    pair = module(workspace, google, RULE, {"own_egress": "own-address"})
    pair.apply()
    config = {"nat_ip": "198.51.100.77", "network_tier": "PREMIUM", "public_ptr_domain_name": ""}
    interface_of(google, "a", access_config=[config])
    assert not pair.plan().changes


def test_a_node_that_is_replaced_leaves_all_else_where_it_is(google: Stub, workspace: Make) -> None:
    pair = module(workspace, google, ALL_KINDS, {"responders": [{"port": 8100}]})
    pair.variables["load_balancer"] = {"ports": ["443"]}
    pair.apply()
    held_by(google, "b")
    plan = pair.plan('-replace=google_compute_instance.node["a"]')
    replaced = ["delete", "create"]
    assert plan.changes == {
        'google_compute_instance.node["a"]': replaced,
        # It has to join its group again.
        'google_compute_instance_group_membership.node["a"]': replaced,
    }


def test_a_new_image_replaces_nobody(google: Stub, workspace: Make) -> None:
    pair = module(workspace, google, RULE)
    pair.apply()
    image = "projects/ubuntu-os-cloud/global/images/ubuntu-2404-noble-amd64-v20261101"
    pair.variables["image"] = image
    assert not pair.plan().changes


def test_terraform_makes_no_route(google: Stub, workspace: Make) -> None:
    pair = module(workspace, google, ALL_KINDS)
    pair.apply()
    assert google.objects("google_compute_route") == []
    target = google.one("google_compute_target_instance", name="edge-b")
    path = f"projects/{PROJECT}/zones/{ZONES['b']}/instances/edge-b"
    assert target["instance"] == path

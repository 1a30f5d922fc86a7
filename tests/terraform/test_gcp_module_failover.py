"""What a failover moves on Google Cloud is nothing to Terraform: the next plan is empty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from terraform.gcp_inputs import (
    ALIAS,
    ALL_KINDS,
    BASE,
    EVERYTHING,
    PROJECT,
    PUBLIC,
    RULE,
    module,
    prepare,
)
from terraform.stubs import MAJORS, Stub
from terraform.workspace import Plan, Workspace

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


def test_whoever_is_master_terraform_has_nothing_to_do_and_takes_nothing_back(
    google: Stub, workspace: Make
) -> None:
    pair = module(workspace, google, ALL_KINDS)
    pair.apply()
    # The only ones are cloudfail's.
    assert google.objects("google_compute_route") == []
    held_by(google, "b")
    assert not pair.plan().changes
    held_by(google, "a")
    assert not pair.plan().changes

    held_by(google, "b")
    pair.variables["labels"] = {"of": "another-team"}
    pair.apply()
    target = google.one("google_compute_target_instance", name="edge-b")["self_link"]
    assert google.one("google_compute_forwarding_rule", name="edge")["target"] == target
    node = google.one("google_compute_instance", name="edge-b")
    assert node["labels"] == {"of": "another-team"}
    assert node["network_interface"][0]["alias_ip_range"][0]["ip_cidr_range"] == f"{ALIAS}/32"
    assert node["network_interface"][0]["access_config"][0]["nat_ip"] == PUBLIC

    pair.destroy()
    assert google.objects() == []


@pytest.fixture
def newest(stub: Callable[[str], Stub]) -> Stub:
    """The newest major alone, for what both do alike."""
    found = stub(MAJORS["gcp"][-1])
    prepare(found)
    return found


def test_an_own_address_that_changes_with_a_restart_is_nothing_new(
    newest: Stub, workspace: Make
) -> None:
    pair = module(workspace, newest, RULE, {"own_egress": "own-address"})
    pair.apply()
    config = {"nat_ip": "198.51.100.77", "network_tier": "PREMIUM", "public_ptr_domain_name": ""}
    interface_of(newest, "a", access_config=[config])
    assert not pair.plan().changes


def test_only_who_is_asked_for_is_replaced_and_all_else_stays(
    newest: Stub, workspace: Make
) -> None:
    pair = module(workspace, newest, EVERYTHING)
    pair.apply()
    held_by(newest, "b")
    pair.variables["image"] = "projects/ubuntu-os-cloud/global/images/ubuntu-2404-noble-v20261101"
    assert not pair.plan().changes
    replaced = ["delete", "create"]
    assert pair.plan('-replace=google_compute_instance.node["a"]').changes == {
        'google_compute_instance.node["a"]': replaced,
        # It has to join its group again.
        'google_compute_instance_group_membership.node["a"]': replaced,
    }


def test_a_subnetwork_that_is_looked_up_late_replaces_nothing(
    stub: Callable[[str], Stub], workspace: Make
) -> None:
    """As with `depends_on` beside a module, while what it names is about to change."""
    caller = workspace("examples/gcp-route/terraform", stub(MAJORS["gcp"][-1]))
    caller.init()
    caller.variables = {"project": PROJECT}
    caller.apply()
    path = caller.directory / "main.tf"
    text = path.read_text(encoding="utf-8")
    assert "AUTO_ONLY" in text
    path.write_text(text.replace("AUTO_ONLY", "MANUAL_ONLY"), encoding="utf-8")
    plan = caller.plan()
    assert plan.changes.pop("google_compute_router_nat.this") == ["update"]
    # What would be unknown of these would replace them.
    for address, forcing in (
        ('module.pair.google_compute_instance.node["a"]', "network_interface"),
        ("module.pair.google_compute_firewall.vrrp", "network"),
        ('module.pair.google_compute_address.node["a"]', "subnetwork"),
    ):
        assert forcing not in unknown(plan, address)


def unknown(plan: Plan, address: str) -> set[str]:
    """The attributes of an object that a plan does not know, though they were known."""
    (change,) = [
        one["change"] for one in plan.told["resource_changes"] if one["address"] == address
    ]
    told = change["after_unknown"]
    return {name for name, value in told.items() if _is_unknown(value)}


def _is_unknown(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_is_unknown, value.values()))
    return any(map(_is_unknown, value)) if isinstance(value, list) else value is True

"""The module for Google Cloud, applied by the real terraform.

What is made of each input is asked in `terraform/gcp/tests`.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from terraform.gcp_inputs import (
    ALL_KINDS,
    BASE,
    EVERYTHING,
    HOST,
    PROJECT,
    PUBLIC_IP,
    RULE,
    module,
    network,
    prepare,
)
from terraform.stubs import MAJORS, Stub
from terraform.workspace import Workspace

Make = Callable[..., Workspace]
MEMBER = f"serviceAccount:cloudfail-edge@{PROJECT}.iam.gserviceaccount.com"


@pytest.fixture
def older(stub: Callable[[str], Stub]) -> Stub:
    """The older major alone, for what both do alike."""
    found = stub(MAJORS["gcp"][0])
    prepare(found)
    return found


def test_a_shared_vpc_has_the_firewall_and_its_part_of_the_roles(
    older: Stub, workspace: Make
) -> None:
    prepare(older, HOST)
    state = module(workspace, older, ALL_KINDS, {"host_project": HOST}).apply()
    firewall = state.resources["google_compute_firewall.vrrp"]
    assert (firewall["project"], firewall["network"]) == (HOST, network(HOST))
    assert {node["project"] for node in older.objects("google_compute_instance")} == {PROJECT}
    assert {scope: role["project"] for scope, role in state.outputs["policy"].items()} == {
        **dict.fromkeys(("project", "nodes", "rules"), PROJECT),
        **dict.fromkeys(("network", "subnetwork"), HOST),
    }
    assert f'host_project = "{HOST}"' in state.outputs["cloudfail_toml"]


def test_a_rule_that_is_there_already_is_not_made(older: Stub, workspace: Make) -> None:
    older.tell("google_compute_forwarding_rule", ip_address="203.0.113.9")
    state = module(workspace, older, {"claims": RULE["claims"]}).apply()
    assert older.objects("google_compute_forwarding_rule") == []
    assert len(older.objects("google_compute_target_instance")) == len(BASE["nodes"])
    assert state.outputs["addresses"] == {"forwarding-rule edge": "203.0.113.9"}
    assert 'virtual_ipaddress = ["203.0.113.9"]' in state.outputs["cloudfail_toml"]


def test_a_public_address_is_reserved_where_none_is_named(older: Stub, workspace: Make) -> None:
    state = module(workspace, older, {"claims": [{"kind": "public-ip"}]}).apply()
    reserved = older.one("google_compute_address", address_type="EXTERNAL")
    assert state.outputs["addresses"] == {"public-ip": reserved["address"]}
    assert f'address = "{reserved["address"]}"' in state.outputs["cloudfail_toml"]
    older.reset()
    prepare(older)
    module(workspace, older, PUBLIC_IP).apply()
    kinds = {one["address_type"] for one in older.objects("google_compute_address")}
    assert kinds == {"INTERNAL"}


def test_three_nodes_with_everything_read_that_secret_and_that_wheel(
    older: Stub, workspace: Make
) -> None:
    third = {"zone": "europe-west1-d", "address": "10.0.1.12", "priority": 50}
    pair = module(workspace, older, EVERYTHING, {"nodes": {**BASE["nodes"], "c": third}})
    state = pair.apply()
    assert set(state.outputs["nodes"]) == {"a", "b", "c"}
    granted = older.one("google_secret_manager_secret_iam_member", secret_id="edge")
    assert granted["role"] == "roles/secretmanager.secretAccessor"
    assert (granted["project"], granted["member"]) == (PROJECT, MEMBER)
    bucket = older.one("google_storage_bucket_iam_member", bucket="wheels", member=MEMBER)
    (condition,) = bucket["condition"]
    wheel = "projects/_/buckets/wheels/objects/v/cloudfail-0.1.0-py3-none-any.whl"
    assert condition["expression"] == f'resource.name == "{wheel}"'
    # A version of the secret that Terraform read would be in its state.
    assert not [one for one in state.resources if "secret_version" in one]
    assert pair.plan().is_empty

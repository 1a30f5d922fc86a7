"""The module for Google Cloud, applied by the real terraform.

What is made of each input is asked in `terraform/gcp/tests`.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from terraform.gcp_inputs import (
    ALL_KINDS,
    BASE,
    EVERYTHING,
    HOST,
    PROJECT,
    PUBLIC_IP,
    REGION,
    RULE,
    module,
    network,
    prepare,
)
from terraform.stubs import MAJORS, Stub
from terraform.workspace import Workspace

Make = Callable[..., Workspace]
WHEEL = "cloudfail-0.1.0-py3-none-any.whl"
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


def test_addresses_and_a_bucket_that_the_same_apply_makes(older: Stub, workspace: Make) -> None:
    """Of them it is not known yet what they are, nor whether they are null."""
    addresses = {name: {"name": name, "region": REGION} for name in ("rule", "public", "balanced")}
    given = {name: f"${{google_compute_address.{name}.address}}" for name in addresses}
    pair = {
        **BASE,
        "source": "./gcp",
        "claims": [
            {"kind": "forwarding-rule", "name": "edge"},
            {"kind": "public-ip", "address": given["public"], "allocate": False},
        ],
        "forwarding_rules": {"edge": {"address": given["rule"], "allocate": False}},
        "responders": [{"port": 8100}],
        "load_balancer": {"address": given["balanced"], "allocate": False},
        "cloudfail": {"wheel_url": f"gs://${{google_storage_bucket.new.name}}/{WHEEL}"},
    }
    made = workspace("terraform", older)
    resources = {
        "google_compute_address": addresses,
        "terraform_data": {"bucket": {}},
        "google_storage_bucket": {"new": {"name": "${terraform_data.bucket.id}", "location": "EU"}},
    }
    output = {"addresses": {"value": "${module.pair.addresses}"}}
    root = {"resource": resources, "module": {"pair": pair}, "output": output}
    made.write("main.tf.json", json.dumps(root))
    made.init()
    told = made.apply().outputs["addresses"]
    known = {one["name"]: one["address"] for one in older.objects("google_compute_address")}
    assert set(known) == {*addresses, "edge-node-a", "edge-node-b"}
    assert told == {
        "forwarding-rule edge": known["rule"],
        "public-ip": known["public"],
        "load-balancer": known["balanced"],
    }
    (bucket,) = older.objects("google_storage_bucket")
    (granted,) = older.objects("google_storage_bucket_iam_member")
    assert granted["bucket"] == bucket["name"]
    assert made.plan().is_empty


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
    wheel = f"projects/_/buckets/wheels/objects/v/{WHEEL}"
    assert condition["expression"] == f'resource.name == "{wheel}"'
    # A version of the secret that Terraform read would be in its state.
    assert not [one for one in state.resources if "secret_version" in one]
    assert pair.plan().is_empty

"""What the module grants is what `cloudfail policy gcp` prints for the rendered cloudfail.toml."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from cloudfail.cli.main import main

from terraform.gcp_inputs import (
    ALL_KINDS,
    HOST,
    PRIVATE,
    PROJECT,
    PUBLIC_IP,
    ROUTE,
    RULE,
    module,
    prepare,
)
from terraform.google_grants import grants_of
from terraform.stubs import MAJORS, Stub
from terraform.workspace import State, Workspace

Make = Callable[..., Workspace]
Values = dict[str, Any]
Printed = Callable[[State], dict[str, set[str]]]
MEMBER = f"serviceAccount:cloudfail-edge@{PROJECT}.iam.gserviceaccount.com"
INPUTS = {
    "forwarding-rule": RULE,
    "route": ROUTE,
    "private-ip": PRIVATE,
    "public-ip": PUBLIC_IP,
    "all": ALL_KINDS,
}


@pytest.fixture
def google(stub: Callable[[str], Stub]) -> Stub:
    found = stub(MAJORS["gcp"][-1])
    prepare(found)
    return found


@pytest.fixture
def printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Printed:
    """Permissions by project, of the documents to write that `cloudfail policy gcp` prints."""

    def of(state: State) -> dict[str, set[str]]:
        config = tmp_path / "cloudfail.toml"
        config.write_text(state.outputs["cloudfail_toml"], encoding="utf-8")
        assert main(["policy", "gcp", "--config", str(config), "--output", "json"]) == 0
        policies: Values = json.loads(capsys.readouterr().out)["policies"]
        return {
            name.partition("-")[2] or PROJECT: set(yaml.safe_load(text)["includedPermissions"])
            for name, text in policies.items()
            if name.startswith("write")
        }

    return of


def granted(google: Stub) -> dict[str, set[str]]:
    """Permissions by project, of what is bound; each role is bound, and each once."""
    grants = grants_of(google, MEMBER)
    assert len(grants) == len(google.objects("google_project_iam_custom_role"))
    found: dict[str, set[str]] = {}
    for grant in grants:
        found.setdefault(grant.path.split("/")[1], set()).update(grant.permissions)
    return found


@pytest.mark.parametrize("kind", INPUTS)
def test_exactly_the_policy_is_granted(
    google: Stub, workspace: Make, printed: Printed, kind: str
) -> None:
    state = module(workspace, google, INPUTS[kind]).apply()
    assert granted(google) == printed(state)
    told = [set(role["permissions"]) for role in state.outputs["policy"].values()]
    assert set().union(*told) == printed(state)[PROJECT]
    if kind == "all":
        require_narrow(google)


def test_the_host_of_a_shared_vpc_grants_its_part(
    google: Stub, workspace: Make, printed: Printed
) -> None:
    prepare(google, HOST)
    state = module(workspace, google, ALL_KINDS, {"host_project": HOST}).apply()
    assert set(granted(google)) == {PROJECT, HOST}
    assert granted(google) == printed(state)


def require_narrow(google: Stub) -> None:
    """Each is granted as narrowly as Google allows."""
    narrow = {
        grant.collection or grant.path: (grant.ends, grant.permissions)
        for grant in grants_of(google, MEMBER)
        if grant.collection or "subnetworks" in grant.path
    }
    subnet = f"projects/{PROJECT}/regions/europe-west1/subnetworks/nodes"
    assert set(narrow) == {"instances", "forwardingRules", subnet}
    ends, permissions = narrow["instances"]
    assert list(ends) == [
        "/zones/europe-west1-b/instances/edge-a",
        "/zones/europe-west1-c/instances/edge-b",
    ]
    assert "compute.instances.updateNetworkInterface" in permissions
    ends, permissions = narrow["forwardingRules"]
    assert list(ends) == ["/regions/europe-west1/forwardingRules/edge"]
    assert set(permissions) == {"compute.forwardingRules.setTarget"}
    whole = [
        permission
        for grant in grants_of(google, MEMBER)
        if not grant.collection and "subnetworks" not in grant.path
        for permission in grant.permissions
        if not permission.endswith(".list") and "Operations." not in permission
    ]
    # What has neither a policy of its own nor a type that conditions know.
    assert sorted(whole) == [
        "compute.addresses.use",
        "compute.networks.updatePolicy",
        "compute.routes.create",
        "compute.routes.delete",
        "compute.routes.get",
        "compute.targetInstances.use",
    ]

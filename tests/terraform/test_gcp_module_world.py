"""What the module makes is what cloudfail needs: a failover in an embedded Google Cloud of its making.

With the identity that was applied and no more, and the rendered cloudfail.toml.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cloudfail.lab.cloud.gcp.answers import ComputeError
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp

from terraform.gcp_inputs import ALIAS, ALL_KINDS, DESTINATION, PROJECT, REGION, module, prepare
from terraform.google_grants import GrantedIam, grants_of
from terraform.google_world import refresh, world_of
from terraform.stubs import MAJORS, Stub
from terraform.workspace import State, Workspace

EXECUTABLE = Path(sys.executable).with_name("cloudfail")
MEMBER = f"serviceAccount:cloudfail-edge@{PROJECT}.iam.gserviceaccount.com"
INPUTS = {
    **ALL_KINDS,
    # The public address is one that the module reserves.
    "claims": [one for one in ALL_KINDS["claims"] if one["kind"] != "public-ip"]
    + [{"kind": "public-ip"}],
}


@pytest.fixture
def google(stub: Callable[[str], Stub]) -> Stub:
    found = stub(MAJORS["gcp"][-1])
    prepare(found)
    return found


@pytest.fixture
def pair(google: Stub, workspace: Callable[..., Workspace]) -> Workspace:
    return module(workspace, google, INPUTS)


@pytest.fixture
def applied(pair: Workspace) -> State:
    return pair.apply()


@pytest.fixture
def cloud(google: Stub, applied: State, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedGcp]:
    """An embedded cloud with what was applied, where the nodes may do what was granted."""
    with EmbeddedGcp() as made:
        made.build(world_of(google))
        monkeypatch.setattr(made.api, "iam", GrantedIam(grants_of(google, MEMBER)))
        yield made
        assert made.violations == []


Run = Callable[..., Mapping[str, Any]]


@pytest.fixture
def run(cloud: EmbeddedGcp, applied: State, tmp_path: Path) -> Run:
    """Run cloudfail on a node, and return its answer."""
    config = tmp_path / "cloudfail.toml"
    config.write_text(applied.outputs["cloudfail_toml"], encoding="utf-8")

    def on(node: str, *argv: str) -> Mapping[str, Any]:
        done = subprocess.run(
            [EXECUTABLE, *argv, "--config", str(config), "--output", "json"],
            env={
                "PATH": os.defpath,
                "HOME": str(tmp_path),
                **cloud.metadata_environment(f"edge-{node}"),
                "CLOUDFAIL_NODE": node,
                "CLOUDFAIL_GCP_ENDPOINT": cloud.endpoint,
                "CLOUDFAIL_STATE_DIR": str(tmp_path / f"state-{node}"),
                "CLOUDFAIL_JOURNAL": str(tmp_path / f"journal-{node}.jsonl"),
            },
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        answer: Mapping[str, Any] = json.loads(done.stdout)
        return answer

    return on


def held(cloud: EmbeddedGcp) -> dict[str, str]:
    """The node that holds each claim, by its last word."""
    targets = {one.target.rpartition(" ")[2]: one.node for one in cloud.holders}
    return {target: node for target, node in targets.items() if node}


def test_a_failover_works_with_what_was_made_and_terraform_sees_nothing_to_do(
    cloud: EmbeddedGcp, run: Run, google: Stub, pair: Workspace, applied: State
) -> None:
    run("a", "config", "check")
    addresses = applied.outputs["addresses"]
    claimed = {
        addresses["forwarding-rule edge"],
        addresses["public-ip"],
        ALIAS,
        DESTINATION,
    }
    for node in ("a", "b"):
        run(node, "promote")
        assert {target: held(cloud).get(target) for target in claimed} == dict.fromkeys(
            claimed, f"edge-{node}"
        )
        assert run(node, "plan")["exit_code"] == 0
        refresh(google, cloud)
        assert not pair.plan().changes


def test_nobody_elses_objects_can_be_changed(cloud: EmbeddedGcp) -> None:
    iam = cloud.api.iam
    region, zone = f"projects/{PROJECT}/regions/{REGION}", f"projects/{PROJECT}/zones/{REGION}-b"
    iam.require("node", [("compute.forwardingRules.setTarget", f"{region}/forwardingRules/edge")])
    for permission, path in (
        ("compute.forwardingRules.setTarget", f"{region}/forwardingRules/other"),
        ("compute.instances.deleteAccessConfig", f"{zone}/instances/other"),
        ("compute.instances.updateNetworkInterface", f"{zone}/instances/other-edge-a"),
        ("compute.subnetworks.use", f"{region}/subnetworks/other"),
        ("compute.instances.delete", f"{zone}/instances/edge-a"),
    ):
        with pytest.raises(ComputeError, match=permission):
            iam.require("node", [(permission, path)])

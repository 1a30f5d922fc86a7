"""Routes are cloudfail's: Terraform deletes on destroy what the nodes left, and nothing else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.world import World, WorldInterface, WorldNode, WorldRoute, WorldSubnet

from cloudfail_gcp.route_steps import name_prefix
from terraform.gcp_inputs import CIDR, DESTINATION, PROJECT, ROUTE, ZONES, module, network, prepare
from terraform.stubs import MAJORS, Stub
from terraform.workspace import RefusedError, Workspace

Make = Callable[..., Workspace]
SEARCHED = os.environ["PATH"]
INPUTS = {**ROUTE, "delete_routes_on_destroy": True}
LEFT = f"{name_prefix(network(), DESTINATION)}edge-b-1000"
OTHER = "of-somebody-else"
AGAINST = """\
PATH={path} CLOUDSDK_CONFIG={home} CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE={endpoint}/compute/v1/ \\
CLOUDSDK_AUTH_ACCESS_TOKEN_FILE={home}/token CLOUDSDK_CORE_CHECK_GCE_METADATA=0 \\
CLOUDSDK_CORE_DISABLE_USAGE_REPORTING=1 CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK=1 \\
exec gcloud "$@"
"""


@pytest.fixture
def google(stub: Callable[[str], Stub]) -> Stub:
    found = stub(MAJORS["gcp"][0])
    prepare(found)
    return found


@pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not installed")
@pytest.mark.timeout(180)
def test_destroy_deletes_the_routes_that_the_nodes_left(
    google: Stub, workspace: Make, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("anybody")
    with EmbeddedGcp() as cloud:
        node = WorldNode("edge-b", (WorldInterface("10.0.1.11", "nodes"),), zone=ZONES["b"])
        cloud.build(
            World(
                subnets=(WorldSubnet("nodes", CIDR),),
                nodes=(node,),
                routes=(
                    WorldRoute(LEFT, DESTINATION, "edge-b"),
                    WorldRoute(OTHER, "10.98.0.0/16", "edge-b"),
                ),
                project=PROJECT,
            )
        )
        pair = module(workspace, google, INPUTS)
        told = AGAINST.format(path=SEARCHED, home=tmp_path, endpoint=cloud.endpoint)
        pair.command("gcloud", told)
        pair.apply()
        assert pair.destroy().resources == {}
        with cloud.api.lock:
            left = [name.rpartition("/")[2] for name, _ in cloud.api.store.every("routes")]
    assert OTHER in left
    assert LEFT not in left


def test_without_gcloud_it_says_what_to_do(
    google: Stub, workspace: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "terraform").symlink_to(str(shutil.which("terraform")))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    pair = module(workspace, google, INPUTS)
    pair.apply()
    prefix = name_prefix(network(), DESTINATION)
    with pytest.raises(RefusedError, match=f"install it, or delete the routes {prefix}"):
        pair.destroy()
    # No node is left that could make them again.
    assert google.objects("google_compute_instance") == []
    # As the message says.
    pair.run("state", "rm", "terraform_data.routes")
    assert pair.destroy().resources == {}


def test_to_leave_routes_to_the_operator_deletes_none(google: Stub, workspace: Make) -> None:
    pair = module(workspace, google, INPUTS)
    pair.command("gcloud", "exit 1")
    pair.apply()
    pair.variables["delete_routes_on_destroy"] = False
    assert pair.plan().changes == {f'terraform_data.routes["{DESTINATION}"]': ["update"]}
    pair.apply()
    assert pair.destroy().resources == {}

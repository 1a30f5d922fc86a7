"""A shared VPC: the network is of a host project, the nodes are of a service project."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from cloudfail.errors import DeniedError
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.world import WorldNetwork
from cloudfail.model import ForwardingRule, Owner, PrivateIp, PublicIp, Route

from cloudfail_gcp import SPEC
from cloudfail_gcp.policy import catalogue
from cloudfail_gcp.settings import GcpSettings
from providers.gcp.gcloud import do_by_command, needs_gcloud
from providers.gcp.nodes import ALIAS, DESTINATION, PUBLIC, REGION, WORLD, NodeMaker
from providers.gcp.test_policy import RARE, SPARED

HOST, SERVICE = "host-project", "lab-project"
CLAIMS = (
    ForwardingRule(name="edge"),
    Route(table=f"projects/{HOST}/global/networks/lab", destination=ip_network(DESTINATION)),
    PrivateIp(address=ip_address(ALIAS)),
    PublicIp(address=ip_address(PUBLIC)),
)
OF_THE_HOST = [name for name, one in catalogue().items() if one.place in {"network", "subnetwork"}]


@pytest.fixture(autouse=True)
def shared(cloud: EmbeddedGcp) -> None:
    networks = tuple(WorldNetwork(one.name, project=HOST) for one in WORLD.networks)
    cloud.build(msgspec.structs.replace(WORLD, networks=networks))


def roles(kind: str, **settings: str) -> list[dict[str, Any]]:
    """What the projects grant, as the embedded cloud takes it."""
    documents = SPEC.policy(CLAIMS, GcpSettings(**settings))  # type: ignore[arg-type]
    found = {name: yaml.safe_load(text) for name, text in documents.items()}
    return [
        {**found[kind], "project": SERVICE},
        {**found[f"{kind}-{HOST}"], "project": HOST},
    ]


def promote(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    # By a name that may be anywhere: then it counts how else this node reaches the API.
    endpoint = cloud.endpoint.replace("127.0.0.1", "localhost")
    provider = node_of("a", settings=GcpSettings(endpoint=endpoint)).provider
    holdings = provider.observe(CLAIMS)
    assert [holding.obstacle for holding in holdings] == [""] * len(CLAIMS)
    for lane in provider.steps(holdings, provider.identify()):
        for step in lane.steps:
            provider.execute(step)
    assert {holding.owner for holding in provider.observe(CLAIMS)} == {Owner.MINE}


def test_each_project_grants_its_part(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    service, host = roles("write")
    assert set(host["includedPermissions"]) == set(OF_THE_HOST)
    assert set(service["includedPermissions"]) == set(catalogue()) - set(OF_THE_HOST)
    cloud.enforce_iam([service, host])
    promote(cloud, node_of)


def test_each_project_lets_look(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    cloud.enforce_iam(roles("read"))
    holdings = node_of("a").provider.observe(CLAIMS)
    assert {holding.owner for holding in holdings} == {Owner.PEER}


@pytest.mark.parametrize("left_out", sorted(set(OF_THE_HOST) - RARE - SPARED))
def test_the_host_can_leave_none_out(cloud: EmbeddedGcp, node_of: NodeMaker, left_out: str) -> None:
    _, host = roles("write")
    everything = {"includedPermissions": sorted(catalogue()), "project": SERVICE}
    part = [one for one in host["includedPermissions"] if one != left_out]
    cloud.enforce_iam([everything, {**host, "includedPermissions": part}])
    with pytest.raises((DeniedError, AssertionError)):
        promote(cloud, node_of)


def test_the_host_is_known_by_setting_or_route_and_own_names_are_no_other_project() -> None:
    addresses = CLAIMS[2:]
    assert set(SPEC.policy(addresses, GcpSettings())) == {"read", "write"}
    told = GcpSettings(host_project=HOST)
    assert set(SPEC.policy(addresses, told)) == {"read", f"read-{HOST}", "write", f"write-{HOST}"}
    assert set(SPEC.policy(CLAIMS, GcpSettings(project=HOST))) == {"read", "write"}
    rule = [ForwardingRule(name="edge", project="edge-project")]
    found = {n: yaml.safe_load(t) for n, t in SPEC.policy(rule, GcpSettings()).items()}
    assert found["write"]["includedPermissions"] == ["compute.instances.list"]
    assert "compute.targetInstances.use" in found["write-edge-project"]["includedPermissions"]


def test_terraform_says_the_project() -> None:
    assert SPEC.terraform is not None
    text = SPEC.terraform(CLAIMS, GcpSettings())[f"write-{HOST}"]
    assert text.startswith(
        'resource "google_project_iam_custom_role" "cloudfail_write_host_project" {\n'
        f'  project = "{HOST}"\n  role_id = "cloudfail_write"\n'
    )


@needs_gcloud
@pytest.mark.long
@pytest.mark.timeout(180)
def test_a_route_of_the_host_leads_to_an_instance_of_the_service_project_by_command(
    cloud: EmbeddedGcp, node_of: NodeMaker, tmp_path: Path
) -> None:
    node = node_of("a")
    provider = node.provider
    (lane,) = provider.steps(provider.observe(CLAIMS[1:2]), provider.identify())
    do_by_command(node, lane.steps[0], tmp_path)
    (route,) = [one for path, one in cloud.api.store.every("routes") if path.endswith("-999")]
    assert route["nextHopInstance"].endswith(f"projects/{SERVICE}/zones/{REGION}-b/instances/a")
    assert f"projects/{HOST}/" in route["network"]

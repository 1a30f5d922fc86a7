"""get and list: filters, order, pages, projects."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from cloudfail.lab.cloud.gcp.answers import ComputeError
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.filters import parse_filter
from cloudfail.lab.cloud.gcp.world import Built, WorldNetwork, WorldRoute
from google.cloud import compute_v1

from lab_cloud.gcp.clients import Compute, ask, reason
from lab_cloud.gcp.worlds import PAIR, REGION

ROUTE = {
    "name": "edge-a",
    "priority": 999,
    "destRange": "10.99.0.0/16",
    "tags": ["x", "y"],
    "labels": {"owner": "me"},
    "on": True,
}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name = edge-a",
        'name="edge-a"',
        "name = edge-*",
        "name:edge",
        "labels.owner:*",
        "priority<1000",
        "(priority >= 999) (priority <= 999)",
        "(name = x) OR (name = edge-a)",
        "name = edge-a AND on = true",
        "name=x OR name=edge-a AND priority=999",
        "tags = y",
        "name eq edge-.*",
        "name eq 'edge-a'",
        "(name eq .*a) (destRange ne 192.*)",
        "name != edge",
        "destRange = 10.99.0.0/16",
    ],
)
def test_a_filter_that_fits(text: str) -> None:
    assert parse_filter(text)(ROUTE)


@pytest.mark.parametrize(
    "text",
    [
        "name = edge",
        "name != edge-a",
        "labels.other:*",
        "priority > 999",
        "name > 1",
        "(name = edge-a) (priority = 1)",
        "name=edge-a AND (priority=1 OR priority=2)",
        "name ne edge-.*",
        "name eq edge",
        "absent = x",
    ],
)
def test_a_filter_that_does_not_fit(text: str) -> None:
    assert not parse_filter(text)(ROUTE)


@pytest.mark.parametrize(
    "text", ["name", "name = ", "(name = a", "name = a)", "name eq a OR b = c"]
)
def test_a_filter_that_is_none(text: str) -> None:
    with pytest.raises(ComputeError, match="Invalid list filter expression"):
        parse_filter(text)


def test_pages_are_resumed_while_the_list_changes(
    cloud: EmbeddedGcp, compute: Compute, built: Built
) -> None:
    routes = [WorldRoute(f"r{n}", f"10.{100 + n}.0.0/16", "a") for n in range(5)]
    cloud.build(msgspec.structs.replace(PAIR, routes=tuple(routes)))
    path = f"projects/{built.project}/global/routes"
    _, first = ask(cloud, "GET", path, maxResults=2, filter="name eq r.*")
    assert [item["name"] for item in first["items"]] == ["r0", "r1"]
    compute.routes.delete_unary(project=built.project, route="r1")
    token = first["nextPageToken"]
    _, second = ask(cloud, "GET", path, maxResults=2, filter="name eq r.*", pageToken=token)
    assert [item["name"] for item in second["items"]] == ["r2", "r3"]
    pager = compute.routes.list(request={"project": built.project, "max_results": 1})
    assert [route.name for route in pager] == ["r0", "r2", "r3", "r4"]


def test_lists_are_ordered_as_asked(cloud: EmbeddedGcp, built: Built) -> None:
    path = f"projects/{built.project}/zones/europe-west1-b/instances"
    _, newest = ask(cloud, "GET", path, orderBy="creationTimestamp desc")
    assert [item["name"] for item in newest["items"]] == ["c", "a"]
    for wrong in ({"orderBy": "zone"}, {"maxResults": 501}, {"pageToken": "?"}):
        assert ask(cloud, "GET", path, **wrong)[0] == 400


def test_an_empty_list_has_no_items(cloud: EmbeddedGcp, built: Built) -> None:
    _, found = ask(cloud, "GET", f"projects/{built.project}/zones/europe-west1-d/instances")
    assert "items" not in found
    assert found["kind"] == "compute#instanceList"


def test_instances_of_all_zones_are_found_by_what_they_hold(compute: Compute, built: Built) -> None:
    request = {
        "project": built.project,
        "filter": 'networkInterfaces.aliasIpRanges.ipCidrRange = "10.0.1.100/32"',
    }
    found = dict(compute.instances.aggregated_list(request=request))
    assert {zone: [i.name for i in scope.instances] for zone, scope in found.items()} == {
        "zones/europe-west1-b": ["a"]
    }


def test_subnets_and_networks_tell_their_ranges(compute: Compute, built: Built) -> None:
    subnets = compute(compute_v1.SubnetworksClient)
    found = subnets.get(project=built.project, region=REGION, subnetwork="one")
    assert found.ip_cidr_range == "10.0.1.0/24"
    assert [(r.range_name, r.ip_cidr_range) for r in found.secondary_ip_ranges] == [
        ("pods", "10.4.0.0/20")
    ]
    network = compute(compute_v1.NetworksClient).get(project=built.project, network="lab")
    assert (network.mtu, found.network) == (1460, network.self_link)
    missing = {"project": built.project, "network": "nowhere"}
    assert reason(compute(compute_v1.NetworksClient).get, **missing) == (404, "notFound")


def test_a_shared_vpc_has_a_host_project(
    cloud: EmbeddedGcp, compute: Compute, built: Built
) -> None:
    projects = compute(compute_v1.ProjectsClient)
    assert projects.get_xpn_host(project=built.project).name == ""
    networks = (WorldNetwork("lab", project="host-project"), *PAIR.networks[1:])
    shared = cloud.build(msgspec.structs.replace(PAIR, networks=networks))
    assert projects.get_xpn_host(project=built.project).name == "host-project"
    assert projects.get(project="host-project").xpn_project_status == "HOST"
    assert reason(projects.get, project="nobodys") == (404, "notFound")
    assert shared.subnets["one"].startswith("projects/host-project/")
    names = [route.name for route in compute.routes.list(project="host-project")]
    assert names == ["to-a"]


def test_zones_and_regions_are_listed(compute: Compute, built: Built) -> None:
    def names(client: Any) -> list[str]:
        return [item.name for item in compute(client).list(project=built.project)]

    assert names(compute_v1.ZonesClient) == ["europe-west1-b", "europe-west1-c"]
    assert names(compute_v1.RegionsClient) == ["europe-west1", "us-east1"]


def test_what_is_not_implemented_says_so(cloud: EmbeddedGcp, built: Built) -> None:
    status, answer = ask(cloud, "GET", f"projects/{built.project}/global/firewalls")
    assert status == 501
    assert "does not implement firewalls.list" in answer["error"]["message"]
    path = f"{built.nodes['a'].instance}/reset"
    assert ask(cloud, "POST", path)[0] == 501

"""Single routes."""

from __future__ import annotations

from typing import Any

import pytest
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.azure.world import Built

from lab_cloud.azure.clients import ask
from lab_cloud.azure.worlds import OTHER


def route(prefix: str, kind: str = "VirtualAppliance", hop: str = "10.0.1.11") -> Any:
    next_hop = {"nextHopType": kind, **({"nextHopIpAddress": hop} if hop else {})}
    return {"properties": {"addressPrefix": prefix, **next_hop}}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (route("10.99.0.0/16"), "RouteConflict"),
        (route("10.98.0.1/16"), "InvalidCIDRNotation"),
        (route("nonsense"), "InvalidAddressPrefixFormat"),
        (route(""), "InvalidAddressPrefixFormat"),
        (route("10.98.0.0/16", hop=""), "InvalidNextHopIpAddress"),
        (route("10.98.0.0/16", hop="b"), "InvalidNextHopIpAddress"),
        (route("10.98.0.0/16", "Internet"), "InvalidNextHopIpAddress"),
    ],
)
def test_a_route_that_azure_has_not_is_refused(
    cloud: EmbeddedAzure, built: Built, body: Any, code: str
) -> None:
    answer = ask(cloud, "PUT", f"{built.route_tables['rt1']}/routes/new", body)
    assert (answer.status, answer.code) == (400, code)
    assert cloud.changes == []


def test_a_table_comes_before_its_routes(cloud: EmbeddedAzure, built: Built) -> None:
    missing = f"{built.route_tables['rt1']}-gone/routes/new"
    answer = ask(cloud, "PUT", missing, route("10.98.0.0/16"))
    assert (answer.status, answer.code) == (404, "ParentResourceNotFound")
    assert ask(cloud, "DELETE", missing).status == 204


def test_a_route_may_be_in_another_subscription(cloud: EmbeddedAzure, built: Built) -> None:
    table = built.route_tables["rt2"]
    assert table.startswith(f"/subscriptions/{OTHER}/resourceGroups/elsewhere/")
    begun = ask(cloud, "PUT", f"{table.upper()}/ROUTES/new", route("10.98.0.0/16"))
    assert begun.status == 201
    assert f"/subscriptions/{OTHER.lower()}/" in begun.headers["azure-asyncoperation"].lower()
    assert [(c.target, c.node) for c in cloud.changes] == [(f"{table} 10.98.0.0/16", "b")]


def test_a_route_keeps_what_no_model_knows_only_when_it_is_sent(
    cloud: EmbeddedAzure, built: Built
) -> None:
    path = f"{built.route_tables['rt1']}/routes/to-a"
    read = ask(cloud, "GET", path).body
    assert read["properties"]["metric"] == 7
    assert ask(cloud, "PUT", path, read).body["properties"] == read["properties"]
    bare = ask(cloud, "PUT", path, route("10.99.0.0/16"))
    assert "metric" not in bare.body["properties"]


def test_packets_go_where_the_next_hop_is(cloud: EmbeddedAzure, built: Built) -> None:
    table = built.route_tables["rt1"]
    path = f"{table}/routes/to-a"
    for body in (
        route("10.99.0.0/16", "None", ""),
        route("10.99.0.0/16", "VnetLocal", ""),
        route("10.99.0.0/16", hop="10.0.1.200"),
        route("AzureCloud.WestEurope"),
    ):
        assert ask(cloud, "PUT", path, body).status == 200
    assert [(c.target.split()[1], c.holder) for c in cloud.changes] == [
        ("10.99.0.0/16", ""),
        ("10.99.0.0/16", "VnetLocal"),
        ("10.99.0.0/16", ""),
        ("AzureCloud.WestEurope", built.nodes["b"].interface_id),
    ]

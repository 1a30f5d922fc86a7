"""Static routes: which win, which share, which are passed over."""

from __future__ import annotations

from typing import Any

import pytest
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.world import Built

from lab_cloud.gcp.clients import Compute, reason, refusal


class Routes:
    def __init__(self, compute: Compute, built: Built) -> None:
        self._compute, self.built = compute, built

    def insert(self, name: str, node: str = "b", **route: Any) -> Any:
        resource = {
            "name": name,
            "network": self.built.networks["lab"],
            "dest_range": "10.99.0.0/16",
            "next_hop_instance": self.built.nodes[node].instance,
            "priority": 1000,
            **route,
        }
        began = self._compute.routes.insert_unary(
            project=self.built.project, route_resource=resource
        )
        return self._compute.wait(began, self.built.project)

    def delete(self, name: str) -> Any:
        began = self._compute.routes.delete_unary(project=self.built.project, route=name)
        return self._compute.wait(began, self.built.project)

    def get(self, name: str) -> Any:
        return self._compute.routes.get(project=self.built.project, route=name)


@pytest.fixture
def routes(compute: Compute, built: Built) -> Routes:
    return Routes(compute, built)


def hops(cloud: EmbeddedGcp) -> str:
    targets = {change.target: change.node for change in cloud.holders}
    return targets["projects/lab-project/global/networks/lab 10.99.0.0/16"]


def test_the_lowest_number_wins_so_that_a_route_moves_without_a_gap(
    cloud: EmbeddedGcp, routes: Routes
) -> None:
    assert hops(cloud) == "a"
    routes.insert("to-b", priority=999)
    assert hops(cloud) == "b"
    routes.delete("to-a")
    assert hops(cloud) == "b"
    assert [change.node for change in cloud.changes] == ["b"]


def test_routes_of_equal_priority_share_the_traffic(cloud: EmbeddedGcp, routes: Routes) -> None:
    routes.insert("to-b")
    assert hops(cloud) == "a,b"
    assert cloud.changes[0].holder.count("networkInterfaces/nic0") == 2
    routes.delete("to-a")
    assert hops(cloud) == "b"


def test_a_route_is_shown_as_it_was_made(routes: Routes) -> None:
    routes.insert("six", dest_range="2001:db8:77::/48", tags=["x"], description="mine")
    made = routes.get("six")
    assert (made.dest_range, list(made.tags), made.description) == (
        "2001:db8:77::/48",
        ["x"],
        "mine",
    )
    assert made.next_hop_instance.startswith("https://www.googleapis.com/compute/v1/projects/")
    assert (made.route_type, made.priority) == ("STATIC", 1000)


@pytest.mark.parametrize("inside", ["10.0.1.0/24", "10.0.1.100/32", "10.4.0.0/24"])
def test_a_destination_inside_of_a_subnet_is_refused(routes: Routes, inside: str) -> None:
    error = refusal(routes.insert, "x", dest_range=inside)
    assert error.code == 400
    assert "hides the address space of the network" in str(error)


@pytest.mark.parametrize("outside", ["10.0.0.0/8", "10.8.0.0/24", "192.0.2.7/32"])
def test_a_wider_or_a_foreign_destination_is_taken(routes: Routes, outside: str) -> None:
    routes.insert("x", dest_range=outside)
    assert routes.get("x").dest_range == outside


def test_a_name_is_taken_once(routes: Routes) -> None:
    assert reason(routes.insert, "to-a") == (409, "alreadyExists")
    assert reason(routes.delete, "nowhere") == (404, "notFound")


@pytest.mark.parametrize(
    "wrong",
    [
        {"priority": 65536},
        {"dest_range": "10.99.0.1/16"},
        {"next_hop_instance": "projects/lab-project/zones/europe-west1-b/instances/gone"},
        {"next_hop_ip": "10.0.1.11"},
    ],
)
def test_what_google_refuses_is_refused(routes: Routes, wrong: dict[str, Any]) -> None:
    assert reason(routes.insert, "x", **wrong) == (400, "invalid")


def test_a_next_hop_that_cannot_forward_is_taken_with_a_warning_and_drops(
    cloud: EmbeddedGcp, routes: Routes
) -> None:
    routes.insert("to-c", node="c", priority=1)
    assert [w.code for w in routes.get("to-c").warnings] == ["NEXT_HOP_CANNOT_IP_FORWARD"]
    assert hops(cloud) == ""


def test_a_next_hop_outside_of_the_network_is_taken_with_a_warning(routes: Routes) -> None:
    routes.insert("odd", network=routes.built.networks["other"])
    assert [w.code for w in routes.get("odd").warnings] == ["NEXT_HOP_INSTANCE_NOT_ON_NETWORK"]


def test_a_route_to_a_machine_that_is_gone_is_passed_over(
    cloud: EmbeddedGcp, routes: Routes
) -> None:
    routes.insert("to-b", priority=2000)
    cloud.terminate_node("a")
    assert hops(cloud) == "b"
    assert [w.code for w in routes.get("to-a").warnings] == ["NEXT_HOP_INSTANCE_NOT_FOUND"]


def test_routes_of_a_peered_network_change_one_at_a_time(
    cloud: EmbeddedGcp, compute: Compute, routes: Routes
) -> None:
    from cloudfail.lab.cloud.faults import Faults

    cloud.faults = Faults(operation_stuck={"routes.insert": 1})
    peered = {"network": routes.built.networks["peered"], "next_hop_instance": a(routes)}
    resource = {"name": "p1", "dest_range": "10.77.0.0/16", "priority": 1, **peered}
    compute.routes.insert_unary(project=routes.built.project, route_resource=resource)
    error = refusal(routes.insert, "p2", **{**peered, "dest_range": "10.78.0.0/16"})
    assert error.code == 400
    assert "operation in progress on the local or peer network. Try again later" in str(error)
    routes.insert("elsewhere", dest_range="10.78.0.0/16")


def a(routes: Routes) -> str:
    return routes.built.nodes["a"].instance

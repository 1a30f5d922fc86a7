"""Routes: make before break, whatever is there before."""

from __future__ import annotations

import itertools
from ipaddress import ip_network

import pytest
from cloudfail.errors import ConflictError
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.store import Store
from cloudfail.model import Owner, Route
from cloudfail.promote import promote
from cloudfail.testing import ready_run

from cloudfail_gcp.settings import GcpSettings
from providers.gcp.laid import ROUTES, darkness, lay, look, steps_of, there
from providers.gcp.nodes import DESTINATION, NodeMaker, edit_interfaces


@pytest.mark.parametrize(
    ("before", "calls", "after"),
    [
        ([], ["insert"], [(999, "a")]),
        ([(1000, "b")], ["insert", "delete"], [(999, "a")]),
        ([(999, "b")], ["insert", "delete"], [(1000, "a")]),
        ([(100, "b")], ["insert", "delete"], [(999, "a")]),
        ([(999, "b"), (1000, "a")], ["delete"], [(1000, "a")]),
        ([(1000, "b"), (1000, "a")], ["delete"], [(1000, "a")]),
        ([(999, "b"), (1000, "b")], ["delete", "insert", "delete"], [(1000, "a")]),
        ([(999, "a"), (1000, "b")], ["delete"], [(999, "a")]),
        ([(999, "a"), (2000, "b")], [], [(999, "a"), (2000, "b")]),
    ],
)
def test_a_route_moves_without_a_gap(
    cloud: EmbeddedGcp,
    node_of: NodeMaker,
    before: list[tuple[int, str]],
    calls: list[str],
    after: list[tuple[int, str]],
) -> None:
    lay(cloud, *before)
    seen = len(cloud.changes)
    node = node_of("a")
    steps = steps_of(node)
    assert [step.call.removeprefix("routes.") for step in steps] == calls
    for step in steps:
        node.provider.execute(step)
        node.provider.execute(step)
    assert there(cloud) == after
    assert look(node).owner is Owner.MINE
    assert "" not in darkness(cloud)[seen:]


@pytest.mark.parametrize("before", [[(1000, "b")], [(999, "b")], [(999, "b"), (1000, "b")]])
def test_whoever_comes_after_a_crash_finishes(
    cloud: EmbeddedGcp, node_of: NodeMaker, before: list[tuple[int, str]]
) -> None:
    """After each prefix of the steps of one node, the other one can still take the route."""
    for done in itertools.count():
        lay(cloud, *before)
        one = node_of("a")
        steps = steps_of(one)
        if done > len(steps):
            break
        for step in steps[:done]:
            one.provider.execute(step)
        seen = len(cloud.changes)
        other = node_of("b", peers=())
        for step in steps_of(other):
            other.provider.execute(step)
        assert look(other).owner is Owner.MINE
        assert "" not in darkness(cloud)[seen:]


def test_tags_are_kept_and_another_destination_is_left_alone(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    node = node_of("a")
    insert, delete = steps_of(node)
    assert insert.params["tags"] == ["gw"]
    assert insert.params["priority"] == 999
    assert delete.destroys["route"] == f"{ROUTES}/edge"
    for step in (insert, delete):
        node.provider.execute(step)
    (route,) = (route for _, route in cloud.api.store.every("routes"))
    assert (route["tags"], route["name"]) == (["gw"], insert.params["name"])


def test_a_stranger_that_wins_or_would_win_is_not_passed_over(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    lay(cloud, (1000, "x"))
    assert look(node_of("a")).owner is Owner.STRANGER
    lay(cloud, (999, "b"), (1000, "x"))
    holding = look(node_of("a"))
    assert holding.owner is Owner.PEER
    assert "x-1000 leads to" in holding.obstacle
    lay(cloud, (999, "b"), (2000, "x"))
    assert look(node_of("a")).obstacle == ""
    lower = node_of("a", settings=GcpSettings(endpoint=cloud.endpoint, route_priority=500))
    assert [step.params.get("priority") for step in steps_of(lower)] == [499]


def test_a_machine_that_is_gone_holds_nothing(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    cloud.terminate_node("b")
    node = node_of("a")
    assert look(node).owner is Owner.NOBODY
    assert [step.call for step in steps_of(node)] == ["routes.insert", "routes.delete"]


def test_what_is_in_the_way_is_an_obstacle(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    elsewhere = Route(table="other", destination=ip_network(DESTINATION))
    (holding,) = node_of("b", peers=()).provider.observe([elsewhere])
    assert "/networks/lab, not in projects/lab-project/global/networks/other" in holding.obstacle
    default = Route(table="lab", destination=ip_network("0.0.0.0/0"))
    (holding,) = node_of("a").provider.observe([default])
    assert "own way to the Compute API" in holding.obstacle
    (holding,) = node_of("a", assured_egress=True).provider.observe([default])
    assert holding.obstacle == ""
    path = cloud.built.nodes["a"].instance
    cloud.api.apply(lambda store: store.put(path, {**store.get(path), "canIpForward": False}))
    assert "--can-ip-forward" in look(node_of("a")).obstacle
    lay(cloud, (1000, "b"))

    def tag(store: Store) -> None:
        untagged = {k: v for k, v in store.get(f"{ROUTES}/b-1000").items() if k != "selfLink"}
        store.put(f"{ROUTES}/t", {**untagged, "tags": ["t"], "name": "t"})

    cloud.api.apply(tag)
    assert "different tags" in look(node_of("x")).obstacle


@pytest.mark.parametrize("destination", [DESTINATION, "2001:db8:99::/64"])
def test_routes_in_each_network_that_a_node_has_an_interface_in(
    cloud: EmbeddedGcp, node_of: NodeMaker, destination: str
) -> None:
    lay(cloud)
    claims = [Route(table=name, destination=ip_network(destination)) for name in ("lab", "other")]
    provider = node_of("a").provider
    assert promote(provider, claims, ready_run()).exit_code == 0
    held = {
        one.target.partition(" ")[0]: one.holder for one in cloud.holders if one.kind == "route"
    }
    nics = {nic.network: nic.interface_id for nic in cloud.built.nodes["a"].interfaces}
    assert held == nics
    assert {h.owner for h in provider.observe(claims)} == {Owner.MINE}


def test_an_ipv6_route_needs_an_interface_with_ipv6(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    claim = Route(table="lab", destination=ip_network("2001:db8:99::/64"))
    edit_interfaces(cloud, lambda nic: nic.update(stackType="IPV4_ONLY"), node="a")
    node = node_of("a")
    (holding,) = node.provider.observe([claim])
    assert "nic0 has no IPv6 address" in holding.obstacle
    assert "--network-interface nic0 --stack-type IPV4_IPV6" in holding.obstacle
    assert look(node).obstacle == ""
    edit_interfaces(cloud, lambda nic: nic.update(stackType="IPV4_IPV6"), node="a")
    assert node.provider.observe([claim])[0].obstacle == ""


def test_a_name_that_is_taken_by_another_route_is_a_conflict(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    node = node_of("a")
    insert, _ = steps_of(node)
    path = f"{ROUTES}/{insert.params['name']}"
    cloud.api.apply(lambda store: store.put(path, {**store.get(f"{ROUTES}/edge"), "name": "x"}))
    with pytest.raises(ConflictError, match="already exists"):
        node.provider.execute(insert)


def test_check_asks_what_can_be_asked(node_of: NodeMaker) -> None:
    node = node_of("a")
    provider = node.provider
    found = provider.check(provider.steps([look(node)], provider.identify()))
    assert [finding.message.split(" ")[0] for finding in found] == [
        "compute.instances.use",
        "compute.routes.delete",
    ]

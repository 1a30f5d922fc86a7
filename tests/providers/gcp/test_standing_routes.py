"""Standing routes: one a node, the lowest number wins, a failover deletes what is before it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import yaml
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.model import Owner
from cloudfail.outcome import Outcome
from cloudfail.promote import promote
from cloudfail.testing import ready_run

from cloudfail_gcp import SPEC
from cloudfail_gcp.numbers import STANDING, Numbers
from cloudfail_gcp.settings import GcpSettings
from providers.gcp.laid import CLAIM, PREFIX, add, darkness, lay, look, steps_of, there
from providers.gcp.nodes import Node, NodeMaker
from providers.gcp.standing import peers_of


@pytest.fixture
def standing(cloud: EmbeddedGcp, node_of: NodeMaker) -> NodeMaker:
    """Build the provider of a node whose routes stand; a, b and n are one another's peers."""

    def make(which: str = "a", /, **setup: Any) -> Node:
        settings = GcpSettings(endpoint=cloud.endpoint, standing_routes=True)
        return node_of(which, **{"peers": peers_of(which), "settings": settings, **setup})

    return make


def promoted(node: Node, *, tidies: bool = True) -> Outcome:
    outcome = promote(node.provider, [CLAIM], ready_run(), tidies=tidies)
    assert outcome.exit_code == 0, outcome.error
    return outcome


def test_a_failover_is_one_delete(cloud: EmbeddedGcp, standing: NodeMaker) -> None:
    lay(cloud, (1000, "b"), (1001, "a"), (1002, "n"))
    seen = len(cloud.changes)
    node = standing("a")
    (delete,) = steps_of(node)
    assert (delete.call, delete.params["route"], delete.tidies) == (
        "routes.delete",
        "b-1000",
        False,
    )
    node.provider.execute(delete)
    node.provider.execute(delete)
    assert look(node).owner is Owner.MINE
    assert darkness(cloud)[seen:] == ["a"]


def test_the_new_master_lets_the_old_one_stand_behind(
    cloud: EmbeddedGcp, standing: NodeMaker
) -> None:
    lay(cloud, (1000, "b"), (1001, "a"), (1002, "n"), tags=["gw"])
    seen = len(cloud.changes)
    promoted(standing("a"))
    assert there(cloud) == [(1001, "a"), (1002, "n"), (1003, "b")]
    assert {tuple(route["tags"]) for _, route in cloud.api.store.every("routes")} == {("gw",)}
    assert not promoted(standing("a")).changed
    promoted(standing("b"))
    assert there(cloud) == [(1003, "b"), (1004, "a"), (1005, "n")]
    assert "" not in darkness(cloud)[seen:]


def test_whoever_waits_for_the_route_does_not_wait_for_the_others(
    cloud: EmbeddedGcp, standing: NodeMaker
) -> None:
    lay(cloud, (1000, "b"), (1001, "a"))
    promoted(standing("a"), tidies=False)
    assert there(cloud) == [(1001, "a")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], [(1000, "a"), (1001, "b"), (1002, "n")]),
        ([(1000, "b")], [(1001, "a"), (1002, "b"), (1003, "n")]),
        ([(1002, "b"), (1003, "n")], [(1000, "a"), (1002, "b"), (1003, "n")]),
        ([(900, "b")], [(1000, "a"), (1001, "b"), (1002, "n")]),
        ([(1000, "b"), (1000, "a")], [(1000, "a"), (1001, "b"), (1002, "n")]),
    ],
)
def test_a_node_without_a_route_makes_its_own_before_it_breaks_others(
    cloud: EmbeddedGcp,
    standing: NodeMaker,
    before: list[tuple[int, str]],
    after: list[tuple[int, str]],
) -> None:
    lay(cloud, *before)
    seen = len(cloud.changes)
    promoted(standing("a"))
    assert there(cloud) == after
    assert "" not in darkness(cloud)[seen:]


def test_at_the_end_of_the_numbers_they_begin_anew(cloud: EmbeddedGcp, standing: NodeMaker) -> None:
    last = 1000 + STANDING - 1
    lay(cloud, (last - 1, "b"), (last, "a"))
    seen = len(cloud.changes)
    promoted(standing("a"))
    assert there(cloud) == [(1000, "a"), (last, "a")]
    promoted(standing("a"))
    assert there(cloud) == [(1000, "a"), (1001, "b"), (1002, "n")]
    assert "" not in darkness(cloud)[seen:]


def test_google_passes_over_a_master_whose_machine_is_gone(
    cloud: EmbeddedGcp, standing: NodeMaker
) -> None:
    """The standing route has the traffic before anybody called anything."""
    lay(cloud, (1001, "a"))
    add(cloud, 1000, "b", name=f"{PREFIX}b-1000")
    calls = len(cloud.calls)
    cloud.terminate_node("b")
    assert darkness(cloud)[-1] == "a"
    assert len(cloud.calls) == calls
    node = standing("a")
    assert look(node).owner is Owner.MINE
    promoted(node)  # and when that machine comes back, it is not before this one
    assert there(cloud) == [(1001, "a"), (1002, "n")]


def test_a_peer_that_stands_behind_is_no_leftover(cloud: EmbeddedGcp, standing: NodeMaker) -> None:
    lay(cloud, (1000, "a"), (1001, "b"), (1002, "n"), (1003, "b"), (1004, "x"))
    steps = steps_of(standing("a"))
    assert [step.params.get("route") for step in steps] == ["b-1003"]


def test_a_peers_route_that_a_stale_plan_names_is_one_that_is_gone(
    cloud: EmbeddedGcp, standing: NodeMaker
) -> None:
    """A route that was inserted again has another name: a plan from before cannot delete it."""
    lay(cloud, (1000, "b"), (1001, "a"), (1002, "n"))
    stale = steps_of(standing("n"))
    promoted(standing("a"))
    promoted(standing("b"))
    node = standing("n")
    for step in stale:
        node.provider.execute(step)
    assert there(cloud) == [(1003, "b"), (1004, "a"), (1005, "n")]


@pytest.mark.parametrize(("priority", "ok"), [(65520, True), (65521, False)])
def test_the_highest_number_is_one_of_googles(priority: int, ok: bool) -> None:
    if ok:
        assert Numbers(priority=priority, standing=True).window[-1] == 65535
        GcpSettings(route_priority=priority, standing_routes=True)
        return
    with pytest.raises(msgspec.ValidationError, match="use 65520 at most"):
        msgspec.convert({"route_priority": priority, "standing_routes": True}, GcpSettings)


def test_a_strangers_number_among_these_is_an_obstacle(
    cloud: EmbeddedGcp, standing: NodeMaker
) -> None:
    lay(cloud, (1000, "b"), (1001, "a"))
    add(cloud, 1010, "x")
    assert "x-1010 leads to" in look(standing("a")).obstacle


def test_a_peer_without_an_interface_in_the_network_has_no_standing_route(
    cloud: EmbeddedGcp, standing: NodeMaker
) -> None:
    lay(cloud)
    claim = msgspec.structs.replace(CLAIM, table="other")
    node = standing("a")
    assert promote(node.provider, [claim], ready_run()).exit_code == 0
    assert there(cloud) == [(1000, "a")]


def test_the_role_for_routes_is_enough_and_the_commands_say_the_same(
    cloud: EmbeddedGcp, standing: NodeMaker
) -> None:
    lay(cloud, (1000, "b"), (1001, "a"))
    role = yaml.safe_load(SPEC.policy([CLAIM], GcpSettings(standing_routes=True))["write"])
    cloud.enforce_iam([role])
    node = standing("a")
    (delete,) = steps_of(node)
    assert SPEC.render(delete)[:5] == ["gcloud", "compute", "routes", "delete", "b-1000"]
    promoted(node, tidies=False)
    insert, _ = steps_of(node)
    words = list(SPEC.render(insert))
    assert words[words.index("--next-hop-instance") :] == [
        *("--next-hop-instance", "b", "--next-hop-instance-zone", "europe-west1-c"),
        *("--priority", "1002"),
    ]
    promoted(node)
    assert there(cloud) == [(1001, "a"), (1002, "b"), (1003, "n")]

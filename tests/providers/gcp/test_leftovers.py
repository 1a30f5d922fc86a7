"""What a crash left beside this node's route goes with the next look, and nothing else does."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from ipaddress import ip_address

import pytest
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.model import Owner, Peer
from cloudfail.planner import build_plan
from cloudfail.promote import promote
from cloudfail.testing import ready_run

from cloudfail_gcp.leftovers import OLD_SECONDS
from providers.gcp.laid import CLAIM, PREFIX, add, ago, darkness, lay, look, steps_of, there
from providers.gcp.nodes import NodeMaker


def goes(node_of: NodeMaker, **setup: object) -> Sequence[str]:
    """The routes that node a's next look says to delete."""
    steps = steps_of(node_of("a", **setup))
    assert all(step.tidies and not step.releases for step in steps)
    assert {step.call for step in steps} <= {"routes.delete"}
    return [str(step.params["route"]) for step in steps]


def test_a_losing_route_of_ours_or_a_peers_goes(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    lay(cloud, (999, "a"), (1000, "a"))
    add(cloud, 1000, "b")
    seen = len(cloud.changes)
    node = node_of("a")
    assert look(node).owner is Owner.MINE
    assert goes(node_of) == ["a-1000", "b-1000"]
    for step in steps_of(node):
        node.provider.execute(step)
        node.provider.execute(step)
    assert there(cloud) == [(999, "a")]
    assert darkness(cloud)[seen:] == []


def test_a_name_of_ours_is_known_at_every_number(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    """A changed route_priority leaves routes at numbers that are no longer used."""
    lay(cloud, (999, "a"))
    add(cloud, 1500, "b", name=f"{PREFIX}b-1500")
    add(cloud, 1600, "b", name="by-hand")
    add(cloud, 1700, "b", name="cf-00000000-b-1700")
    assert goes(node_of) == [f"{PREFIX}b-1500"]


def test_a_strangers_route_stays_while_it_has_a_machine(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    lay(cloud, (999, "a"))
    add(cloud, 1000, "x", name=f"{PREFIX}x-1000")
    add(cloud, 2000, "x", name="fallback")
    assert goes(node_of) == []
    cloud.terminate_node("x")
    assert goes(node_of) == [f"{PREFIX}x-1000"]


def test_a_route_that_would_win_once_its_machine_is_back_goes_at_once(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    lay(cloud, (1000, "a"))
    add(cloud, 500, "b", creationTimestamp=ago(1))
    place = cloud.built.nodes["b"].interface_id
    peers = (Peer(name="b", address=ip_address("10.0.1.11"), interface_id=place),)
    cloud.terminate_node("b")
    assert goes(node_of, peers=peers) == ["b-500"]


@pytest.mark.parametrize("seconds", [0.0, OLD_SECONDS - 30])
def test_a_young_route_may_be_about_to_win(
    cloud: EmbeddedGcp, node_of: NodeMaker, seconds: float
) -> None:
    """A peer that takes over has made it, and will delete ours: without both there is none."""
    lay(cloud, (999, "a"))
    add(cloud, 1000, "b", creationTimestamp=ago(seconds))
    assert goes(node_of) == []
    add(cloud, 1000, "b", creationTimestamp=ago(OLD_SECONDS + 1))
    assert goes(node_of) == ["b-1000"]


def test_nothing_goes_while_somebodys_call_is_under_way(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    """The peer has its route from before, and is deleting ours at this moment."""
    lay(cloud, (999, "a"), (1000, "b"))
    cloud.faults = Faults(operation_stuck={"routes.delete": 1})
    peer = node_of("b", peers=())
    (delete,) = steps_of(peer)
    request = {**delete.params, "request_id": str(uuid.uuid4())}
    peer.provider._api.call("routes.delete", request, subject="a-999")
    holding = look(node_of("a"))
    assert (holding.owner, holding.is_moving) == (Owner.MINE, True)
    assert goes(node_of) == []


def test_a_promotion_that_has_all_tidies_up_and_a_plan_says_so(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    lay(cloud, (999, "a"), (1000, "b"))
    node = node_of("a")
    plan = build_plan(node.provider, [CLAIM], instance="test")
    assert [step.summary for step in plan.steps] == ["delete b-1000, the route with priority 1000"]
    urgent = promote(node.provider, [CLAIM], ready_run(), tidies=False)
    assert (urgent.exit_code, urgent.changed) == (0, False)
    outcome = promote(node.provider, [CLAIM], ready_run(), expect=plan.digest)
    assert (outcome.exit_code, outcome.changed) == (0, True)
    assert there(cloud) == [(999, "a")]


def test_what_cannot_be_tidied_up_harms_nothing(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    lay(cloud, (999, "a"), (1000, "b"))
    cloud.faults = Faults(errors={"routes.delete": (403, "forbidden", 9)})
    outcome = promote(node_of("a").provider, [CLAIM], ready_run())
    assert (outcome.exit_code, outcome.changed) == (0, False)
    assert [result.owner for result in outcome.results] == [Owner.MINE]

"""A route that somebody moves meanwhile: what the look after our calls shows is acted on at once."""

from __future__ import annotations

import pytest
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.model import Owner, Plan
from cloudfail.outcome import Outcome
from cloudfail.planner import build_plan
from cloudfail.promote import promote
from cloudfail.testing import ListJournal, ready_run

from cloudfail_gcp.settings import GcpSettings
from providers.gcp.laid import CLAIM, add, darkness, lay, look, steps_of, there
from providers.gcp.nodes import Node, NodeMaker
from providers.gcp.standing import peers_of

# Jitter is off: the pauses of a run whose looks are believed at once are far below this.
AT_ONCE = 0.5


def planned(node: Node) -> Plan:
    """Return what a standby has prepared."""
    return build_plan(node.provider, [CLAIM], instance="test")


def carry_out(node: Node, plan: Plan) -> Outcome:
    """Act on a plan from before; nothing may take as long as a look that could be stale."""
    run = ready_run(journal=ListJournal())
    outcome = promote(node.provider, [CLAIM], run, prepared=plan)
    assert outcome.exit_code == 0, outcome.error
    assert run.clock.now() < AT_ONCE
    return outcome


@pytest.mark.parametrize(
    ("seen", "now", "after"),
    [
        ([], [(999, "b")], [(999, "a")]),
        ([], [(1000, "b")], [(999, "a")]),
        ([(1000, "b")], [(999, "b")], [(999, "a")]),
        ([(999, "b")], [(1000, "b")], [(1000, "a")]),
    ],
)
def test_a_peer_that_has_our_number_meanwhile_does_not_share_the_traffic(
    cloud: EmbeddedGcp,
    node_of: NodeMaker,
    seen: list[tuple[int, str]],
    now: list[tuple[int, str]],
    after: list[tuple[int, str]],
) -> None:
    lay(cloud, *seen)
    node = node_of("a")
    plan = planned(node)
    lay(cloud, *now)
    carry_out(node, plan)
    assert there(cloud)[:1] == after[:1]
    assert {name for priority, name in there(cloud) if priority == after[0][0]} == {"a"}


def test_a_standing_route_that_went_meanwhile_is_made_again(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    """Another node that promoted itself has deleted it, and died."""
    lay(cloud, (1000, "b"), (1001, "a"))
    settings = GcpSettings(endpoint=cloud.endpoint, standing_routes=True)
    node = node_of("a", peers=peers_of("a"), settings=settings)
    plan = planned(node)
    lay(cloud, (1000, "b"))
    cloud.faults = Faults()
    carry_out(node, plan)
    assert there(cloud)[0] == (1000, "a")


def test_a_look_is_fresh_when_it_shows_all_that_this_process_wrote(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    lay(cloud, (1000, "b"))
    node = node_of("a")
    assert not look(node).is_fresh
    insert, delete = steps_of(node)
    node.provider.execute(insert)
    add(cloud, 900, "b")
    assert (look(node).owner, look(node).is_fresh) == (Owner.PEER, True)
    node.provider.execute(delete)
    assert look(node).is_fresh
    add(cloud, 1000, "b")  # a late read shows what is gone
    assert not look(node).is_fresh
    lay(cloud, (998, "a"))  # ours: what was written has had its effect
    assert look(node).owner is Owner.MINE
    lay(cloud, (1000, "b"))
    assert not look(node).is_fresh


def test_two_at_once_end_with_a_route(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    """Each has made its own at the same number, and each deletes the other's."""
    lay(cloud, (999, "a"), (999, "b"))
    one, other = node_of("a"), node_of("b", peers=())
    plans = planned(one), planned(other)
    assert {holding.owner for plan in plans for holding in plan.holdings} == {Owner.PEER}
    (delete,) = plans[0].steps
    other.provider.execute(*plans[1].steps)
    one.provider.execute(delete)
    assert there(cloud) == []
    carry_out(one, plans[0])
    assert there(cloud) == [(999, "a")]
    assert darkness(cloud)[-1] == "a"

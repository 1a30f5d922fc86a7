"""No move deletes the one route that packets take, nor a route that is none of the instance's."""

from __future__ import annotations

from typing import Any

import pytest
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.promote import promote
from cloudfail.testing import ready_run

from cloudfail_gcp.settings import GcpSettings
from providers.gcp.laid import CLAIM, PREFIX, add, ago, darkness, lay, steps_of, there
from providers.gcp.nodes import Node, NodeMaker
from providers.gcp.standing import peers_of


def promoted(node: Node) -> None:
    outcome = promote(node.provider, [CLAIM], ready_run(), tidies=False)
    assert outcome.exit_code == 0, outcome.error


@pytest.mark.parametrize(("dead", "alive"), [(999, 1000), (1000, 999)])
def test_where_both_numbers_are_taken_the_dead_route_makes_room(
    cloud: EmbeddedGcp, node_of: NodeMaker, dead: int, alive: int
) -> None:
    """The node that took over last has crashed in the middle, and its machine is gone."""
    lay(cloud, (alive, "n"))
    add(cloud, dead, "b", name=f"{PREFIX}b-{dead}")
    cloud.terminate_node("b")
    seen = len(cloud.changes)
    promoted(node_of("a", peers=peers_of("a")))
    assert there(cloud) == [(dead, "a")]
    assert "" not in darkness(cloud)[seen:]


@pytest.mark.parametrize("standing", [False, True])
def test_an_old_number_beyond_the_window_is_not_moved_up_to(
    cloud: EmbeddedGcp, node_of: NodeMaker, standing: bool
) -> None:
    """route_priority was higher once; between then and now lies a route of somebody else."""
    lay(cloud, (1000, "b"), (5000, "a"))
    add(cloud, 2000, "x", name="fallback")
    seen = len(cloud.changes)
    settings = GcpSettings(endpoint=cloud.endpoint, standing_routes=standing)
    promoted(node_of("a", settings=settings))
    assert (2000, "x") in there(cloud)
    assert darkness(cloud)[seen:] == ["a"] or set(darkness(cloud)[seen:]) <= {"a", "a+b"}


@pytest.mark.parametrize("own", [(), ((1000, "a"),)])
def test_somebody_elses_route_is_left_alone_while_its_machine_is_gone(
    cloud: EmbeddedGcp, node_of: NodeMaker, own: Any
) -> None:
    lay(cloud, (998, "b"), *own)
    add(cloud, 500, "x", name="by-hand")
    cloud.terminate_node("x")
    promoted(node_of("a"))
    kept = {path.rpartition("/")[2] for path, _ in cloud.api.store.every("routes")}
    assert "by-hand" in kept


def test_a_clock_that_is_ahead_makes_no_route_old(
    cloud: EmbeddedGcp, node_of: NodeMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The age of a peer's new route is told by Google's clock, and by nobody's own."""
    lay(cloud, (999, "a"))
    add(cloud, 1000, "b", creationTimestamp=ago(5))
    for place in ("provider", "api"):
        name = f"cloudfail_gcp.{place}.wall_clock"
        monkeypatch.setattr(name, lambda: 4e9, raising=False)
    assert steps_of(node_of("a")) == []

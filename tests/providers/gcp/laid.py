"""Routes to one destination: laid past the API, and looked at by a node."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

from cloudfail.clock import wall_clock
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.links import link
from cloudfail.lab.cloud.gcp.store import Store
from cloudfail.model import Holding, Route, Step

from cloudfail_gcp.route_steps import name_prefix
from providers.gcp.nodes import DESTINATION, Node

CLAIM = Route(table="lab", destination=ip_network(DESTINATION))
ROUTES = "projects/lab-project/global/routes"
PREFIX = name_prefix("projects/lab-project/global/networks/lab", DESTINATION)


def lay(cloud: EmbeddedGcp, *routes: tuple[int, str], **more: Any) -> None:
    """Let there be these routes and no others: priority, and the node that it leads to."""

    def effect(store: Store) -> None:
        for path, _ in list(store.every("routes")):
            store.drop(path)

    cloud.api.apply(effect)
    for priority, name in routes:
        add(cloud, priority, name, **more)


def add(cloud: EmbeddedGcp, priority: int, node: str, **more: Any) -> None:
    """Let there be one more; its name is NODE-PRIORITY, unless `more` has another."""
    made = {
        "name": f"{node}-{priority}",
        "network": link(cloud.built.networks["lab"]),
        "destRange": DESTINATION,
        "priority": priority,
        "nextHopInstance": link(cloud.built.nodes[node].instance),
        "routeType": "STATIC",
        **more,
    }
    cloud.api.apply(lambda store: store.put(f"{ROUTES}/{made['name']}", made))


def ago(seconds: float) -> str:
    """Return when that was, as Compute dates what it makes."""
    moment = datetime.fromtimestamp(wall_clock(), UTC) - timedelta(seconds=seconds)
    return moment.isoformat(timespec="milliseconds")


def look(node: Node) -> Holding:
    (holding,) = node.provider.observe([CLAIM])
    return holding


def steps_of(node: Node) -> Sequence[Step]:
    provider = node.provider
    lanes = provider.steps([look(node)], provider.identify())
    return [step for lane in lanes for step in sorted(lane.steps, key=lambda step: step.stage)]


def there(cloud: EmbeddedGcp) -> list[tuple[int, str]]:
    """The routes there are: priority and node."""
    found = [route for _, route in cloud.api.store.every("routes")]
    return sorted((r["priority"], r["nextHopInstance"].rpartition("/")[2]) for r in found)


def darkness(cloud: EmbeddedGcp) -> list[str]:
    """Who held the destination, one after the other."""
    return [c.node for c in cloud.changes if c.target.endswith(f" {DESTINATION}")]

"""Steps of a node, what it told while it did them, and operations that end when a test wants it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
from typing import Any

from cloudfail.clock import SystemClock
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.model import Claim, PrivateIp, PublicIp, Route, Step

from providers.azure.nodes import DESTINATION, PRIVATE, PUBLIC, Node

NIC_PUT, NIC_GET, POLL, ROUTE_PUT = (
    "networkInterfaces.put",
    "networkInterfaces.get",
    "operations.get",
    "routes.put",
)
FLOATING, VIP = PrivateIp(address=ip_address(PRIVATE)), PublicIp(address=ip_address(PUBLIC))
TO_EDGE = Route(table="edge", destination=ip_network(DESTINATION))


def steps_of(node: Node, *claims: Claim) -> list[Step]:
    provider = node.provider
    lanes = provider.steps(provider.observe(claims), provider.identify())
    steps = sorted((s for lane in lanes for s in lane.steps), key=lambda step: step.stage)
    node.calls.clear()
    return steps


def told(node: Node) -> list[str]:
    """Return what a node sent, a run of the same call as one."""
    names = [call.operation for call in node.calls]
    return [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]


def nic(cloud: EmbeddedAzure, node: str) -> dict[str, Any]:
    with cloud.api.lock:
        return cloud.api.store.edit(cloud.built.nodes[node].interface_id)


ENDLESS = 3_600_000.0


@contextmanager
def ended_by(cloud: EmbeddedAzure, *calls: str) -> Iterator[None]:
    """Let what is under way end once one of these is called from now on."""
    known, over = len(cloud.calls), threading.Event()

    def end() -> None:
        while not over.wait(0.01):
            if any(call.operation in calls for call in cloud.calls_since(known)):
                for timer in list(cloud.api.operations._timers):
                    timer.cancel()
                    timer.function()
                return

    watching = threading.Thread(target=end)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()


class Hasty(SystemClock):
    """Sleeps a hundredth of what is asked for, and says that it was all of it."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.sleeps: list[float] = []

    def now(self) -> float:
        return super().now() + self.ahead

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        super().sleep(seconds / 100)
        self.ahead += seconds * 0.99

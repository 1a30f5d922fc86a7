"""An embedded Google Cloud with a master and a standby, and one claim of each kind."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.world import (
    NETWORK,
    REGION,
    Built,
    World,
    WorldAddress,
    WorldForwardingRule,
    WorldInterface,
    WorldNode,
    WorldRoute,
    WorldSubnet,
)

from bench.scene import MASTER, STANDBY, Mark
from bench.slow import Kind
from bench.stage import BIN

PUBLIC, ALIAS, DESTINATION, RULE = "203.0.113.7", "10.0.1.100", "10.99.0.0/16", "edge"
# As cloudfail names the access configs that it makes.
CONFIG = "cf-203-0-113-7"
ZONES = {MASTER: f"{REGION}-b", STANDBY: f"{REGION}-c"}
WORLD = World(
    subnets=(WorldSubnet("one", "10.0.1.0/24", private_google_access=True),),
    nodes=(
        WorldNode(
            MASTER,
            (
                WorldInterface(
                    "10.0.1.10", "one", aliases=(f"{ALIAS}/32",), external=PUBLIC, config=CONFIG
                ),
            ),
            zone=ZONES[MASTER],
        ),
        WorldNode(STANDBY, (WorldInterface("10.0.1.11", "one"),), zone=ZONES[STANDBY]),
    ),
    addresses=(WorldAddress("public", PUBLIC),),
    forwarding_rules=(WorldForwardingRule(RULE, "203.0.113.9", MASTER),),
    routes=(WorldRoute("edge", DESTINATION, MASTER),),
)

KINDS = {
    kind.name: kind
    for kind in (
        Kind("forwarding-rule", f'name = "{RULE}"', ("--forwarding-rule", RULE)),
        Kind(
            "route",
            f'destination = "{DESTINATION}"\ntables = ["{NETWORK}"]',
            ("--route", f"{NETWORK}={DESTINATION}"),
        ),
        Kind("private-ip", f'address = "{ALIAS}"', ("--private-ip", ALIAS)),
        Kind("public-ip", f'address = "{PUBLIC}"', ("--public-ip", PUBLIC)),
    )
}


class GcpStage:
    """The cloud, and what a command on a node needs to reach it: a `SlowScene`."""

    provider: ClassVar[str] = "gcp"
    service: ClassVar[str] = "compute"
    kinds: ClassVar[Mapping[str, Kind]] = KINDS
    waits: ClassVar[str] = ".wait"
    asides: ClassVar[tuple[str, ...]] = (".testIamPermissions",)
    addresses: ClassVar[Mapping[str, str]] = {MASTER: "10.0.1.10", STANDBY: "10.0.1.11"}

    def __init__(self, cloud: EmbeddedGcp, built: Built, folder: Path) -> None:
        self.cloud, self.built, self.folder = cloud, built, folder
        with cloud.api.lock:
            self._begin = cloud.api.store.past()

    @property
    def settings(self) -> str:
        return f'endpoint = "{self.cloud.endpoint}"\n'

    @property
    def standby(self) -> str:
        return self.built.nodes[STANDBY].interface_id

    def environment(self, node: str = STANDBY) -> dict[str, str]:
        """Nothing of ours leaks in; credentials come from the metadata server, as on Compute."""
        return {
            "PATH": f"{BIN}:{os.defpath}",
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            **self.cloud.metadata_environment(node),
            "CLOUDFAIL_STATE_DIR": str(self.folder / f"state-{node}"),
            "CLOUDFAIL_JOURNAL": str(self.folder / f"journal-{node}.jsonl"),
        }

    def give(self, node: str) -> None:
        """Let the master hold everything again, as in the beginning, past latency and call log."""
        assert node == MASTER
        self.cloud.api.apply(lambda store: store.become(self._begin))

    def mark(self) -> Mark:
        """Remember where the records stand now."""
        return Mark(self)


@contextmanager
def stage(folder: Path) -> Iterator[GcpStage]:
    """Run the cloud until the end of the block; `folder` takes journals and configuration."""
    with EmbeddedGcp() as cloud:
        scene = GcpStage(cloud, cloud.build(WORLD), folder)
        yield scene
        if cloud.violations:
            raise RuntimeError(f"Compute's contract was broken: {cloud.violations}")

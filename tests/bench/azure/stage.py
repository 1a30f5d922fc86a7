"""An embedded Azure with a master and a standby, and one claim of each kind."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.azure.world import (
    Built,
    World,
    WorldConfig,
    WorldInterface,
    WorldNode,
    WorldPublicIp,
    WorldRoute,
    WorldRouteTable,
    WorldSubnet,
)

from bench.scene import MASTER, STANDBY, Mark
from bench.slow import Kind
from bench.stage import BIN

PUBLIC, PRIVATE, DESTINATION = "203.0.113.7", "10.0.1.100", "10.99.0.0/16"
TABLE, ROUTE, FIRST, FLOATING = "edge", "to-edge", "ipconfig1", "vip"
WORLD = World(
    subnets=(WorldSubnet("one", "10.0.1.0/24", nat=True),),
    nodes=(
        WorldNode(
            MASTER,
            (
                WorldInterface(
                    (
                        WorldConfig("10.0.1.10", "one", name=FIRST, public_ip=PUBLIC),
                        WorldConfig(PRIVATE, "one", name=FLOATING),
                    )
                ),
            ),
        ),
        WorldNode(
            STANDBY, (WorldInterface((WorldConfig("10.0.1.11", "one", name=FIRST),)),), zone="2"
        ),
    ),
    public_ips=(WorldPublicIp("edge", PUBLIC),),
    route_tables=(WorldRouteTable(TABLE, (WorldRoute(ROUTE, DESTINATION, MASTER),)),),
)
KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "route",
            f'destination = "{DESTINATION}"\ntables = ["{TABLE}"]',
            ("--route", f"{TABLE}={DESTINATION}"),
        ),
        Kind("public-ip", f'address = "{PUBLIC}"', ("--public-ip", PUBLIC)),
        Kind("private-ip", f'address = "{PRIVATE}"', ("--private-ip", PRIVATE)),
    )
}


class AzureStage:
    """The cloud, and what a command on a node needs to reach it: a `SlowScene`."""

    provider: ClassVar[str] = "azure"
    service: ClassVar[str] = "network"
    kinds: ClassVar[Mapping[str, Kind]] = KINDS
    waits: ClassVar[str] = "operations.get"
    asides: ClassVar[tuple[str, ...]] = ("permissions.list", "locks.list")
    addresses: ClassVar[Mapping[str, str]] = {MASTER: "10.0.1.10", STANDBY: "10.0.1.11"}

    def __init__(self, cloud: EmbeddedAzure, built: Built, folder: Path) -> None:
        self.cloud, self.built, self.folder = cloud, built, folder
        with cloud.api.lock:
            self._begin = cloud.api.store.past()

    @property
    def settings(self) -> str:
        return f'endpoint = "{self.cloud.endpoint}"\nca_file = "{self.cloud.ca_file}"\n'

    @property
    def standby(self) -> str:
        return self.built.nodes[STANDBY].interface_id

    def environment(self, node: str = STANDBY) -> dict[str, str]:
        """Nothing of ours leaks in; tokens come from the metadata service, as on a machine there."""
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
        self.cloud.api.apply(lambda store: store.become(self._begin), None)

    def mark(self) -> Mark:
        """Remember where the records stand now."""
        return Mark(self)


@contextmanager
def stage(folder: Path) -> Iterator[AzureStage]:
    """Run the cloud until the end of the block; `folder` takes journals and configuration."""
    with EmbeddedAzure() as cloud:
        scene = AzureStage(cloud, cloud.build(WORLD), folder)
        yield scene
        if cloud.violations:
            raise RuntimeError(f"ARM's contract was broken: {cloud.violations}")

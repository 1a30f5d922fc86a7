"""An embedded AWS with a master and a standby, and the world of a process on the standby."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from cloudfail.lab.cloud.aws.embedded import EmbeddedAws
from cloudfail.lab.cloud.aws.world import Built, Subnet, World, WorldNode, WorldPublicIp

from bench.scene import MASTER, STANDBY, Mark

ADDRESS = "203.0.113.7"
BIN = Path(sys.executable).parent


def small_world() -> World:
    """One Elastic IP, which the master holds; two nodes in two zones."""
    return World(
        subnets=(Subnet("10.0.1.0/24"), Subnet("10.0.2.0/24", zone="eu-central-1b")),
        nodes=(
            WorldNode(MASTER, "10.0.1.10", "10.0.1.0/24"),
            WorldNode(STANDBY, "10.0.2.10", "10.0.2.0/24"),
        ),
        public_ips=(WorldPublicIp(ADDRESS, holder=MASTER),),
    )


class Stage:
    """The cloud, and what a command on the standby needs to reach it."""

    provider: ClassVar[str] = "aws"
    service: ClassVar[str] = "ec2"
    addresses: ClassVar[Mapping[str, str]] = {MASTER: "10.0.1.10", STANDBY: "10.0.2.10"}

    def __init__(self, cloud: EmbeddedAws, built: Built, folder: Path) -> None:
        self.cloud = cloud
        self.built = built
        self.folder = folder

    @property
    def settings(self) -> str:
        return f'region = "{self.built.region}"\n'

    @property
    def standby(self) -> str:
        """Id of the standby's network interface."""
        return self.built.nodes[STANDBY].interface_id

    def environment(self, node: str = STANDBY) -> dict[str, str]:
        """Nothing of ours leaks in; credentials come from the metadata service, as on EC2."""
        return {
            "PATH": f"{BIN}:{os.defpath}",
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "AWS_ENDPOINT_URL": self.cloud.endpoint,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.cloud.metadata_endpoint(node),
            "CLOUDFAIL_STATE_DIR": str(self.folder / f"state-{node}"),
            "CLOUDFAIL_JOURNAL": str(self.folder / f"journal-{node}.jsonl"),
        }

    def give(self, node: str, addresses: Sequence[str] = (ADDRESS,)) -> None:
        """Let a node hold public addresses, past latency and call log."""
        for address in addresses:
            self.cloud.api.lab_call(
                "AssociateAddress",
                {
                    "AllocationId": self.built.public_ips[address],
                    "NetworkInterfaceId": self.built.nodes[node].interface_id,
                    "AllowReassociation": "true",
                },
            )

    def mark(self) -> Mark:
        """Remember where the records stand now."""
        return Mark(self)


@contextmanager
def stage(world: World, folder: Path) -> Iterator[Stage]:
    """Run the cloud until the end of the block; `folder` takes journals and configuration."""
    with EmbeddedAws() as cloud:
        built = cloud.build(world)
        yield Stage(cloud, built, folder)

"""An embedded AWS with two nodes, as a process: prints one JSON line, ends with its stdin.

It runs in the development environment; what is under test does not have the lab extra.
"""

from __future__ import annotations

import json
import sys

from cloudfail.lab.cloud.aws.embedded import EmbeddedAws
from cloudfail.lab.cloud.aws.world import Subnet, World, WorldNode, WorldPublicIp

WORLD = World(
    subnets=(Subnet("10.0.1.0/24"), Subnet("10.0.2.0/24", zone="eu-central-1b")),
    nodes=(
        WorldNode("a", "10.0.1.10", "10.0.1.0/24"),
        WorldNode("b", "10.0.2.10", "10.0.2.0/24"),
    ),
    public_ips=(WorldPublicIp("203.0.113.7", holder="a"),),
)


def main() -> None:
    with EmbeddedAws() as cloud:
        built = cloud.build(WORLD)
        ready = {
            "endpoint": cloud.endpoint,
            "control": cloud.control,
            "metadata": {node: cloud.metadata_endpoint(node) for node in built.nodes},
        }
        print(json.dumps(ready), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()

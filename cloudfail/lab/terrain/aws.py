"""AWS: two subnets in two zones, or one; an Elastic IP, an address, a route table."""

from __future__ import annotations

from cloudfail.lab.cloud.aws.world import (
    Built,
    Subnet,
    World,
    WorldNode,
    WorldPrivateIp,
    WorldPublicIp,
    WorldTable,
)
from cloudfail.lab.terrain.terrain import Terrain
from cloudfail.lab.topology import Topology

TABLE = "main"


def world_of(topology: Topology) -> World:
    subnets = {node.subnet: node for node in topology.nodes}
    first = topology.nodes[0].name
    private, destination = topology.private_ip, topology.destination
    return World(
        subnets=tuple(
            Subnet(cidr=cidr, name=f"subnet-{number}", zone=f"eu-central-1{'abc'[number % 3]}")
            for number, cidr in enumerate(subnets)
        ),
        nodes=tuple(
            WorldNode(
                name=node.name,
                address=node.address,
                subnet=node.subnet,
                own_public_ip=node.own_public_ip,
            )
            for node in topology.nodes
        ),
        public_ips=(WorldPublicIp(topology.public_ip),) if topology.public_ip else (),
        private_ips=(WorldPrivateIp(private, first),) if private else (),
        route_tables=(WorldTable(TABLE, ((destination, first),)),) if destination else (),
    )


AWS = Terrain(
    moves={
        "public-ip": ("AssociateAddress",),
        "private-ip": ("AssignPrivateIpAddresses",),
        "route": ("ReplaceRoute",),
    },
    shown=("public-ip", "route"),
    built=Built,
    world=world_of,
    table=lambda built: str(built.tables[TABLE]),
    throttled_calls=4,
    throttled_for=30,
    keeps_displaced=True,
    notice="terminate",
)

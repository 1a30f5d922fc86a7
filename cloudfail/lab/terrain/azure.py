"""Azure: one subnet, which spans the region's zones, a zone a node; a table, two addresses."""

from __future__ import annotations

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
from cloudfail.lab.terrain.terrain import Terrain
from cloudfail.lab.topology import INSTANCE, LabNode, Topology

TABLE = "main"


def world_of(topology: Topology) -> World:
    """The first node has what somebody must have; the public address is nobody's."""
    names = {node.subnet: f"subnet-{n}" for n, node in enumerate(topology.nodes)}
    first, destination = topology.nodes[0].name, topology.destination
    route = WorldRoute(name="default", prefix=destination, holder=first)
    public = topology.public_ip
    return World(
        subnets=tuple(
            WorldSubnet(name=name, cidr=cidr, table=TABLE if destination else "")
            for cidr, name in names.items()
        ),
        nodes=tuple(
            _node(node, names[node.subnet], number, topology.private_ip)
            for number, node in enumerate(topology.nodes)
        ),
        public_ips=(WorldPublicIp(name=INSTANCE, address=public),) if public else (),
        route_tables=(WorldRouteTable(name=TABLE, routes=(route,)),) if destination else (),
    )


def _node(node: LabNode, subnet: str, number: int, private_ip: str) -> WorldNode:
    configs = [WorldConfig(node.address, subnet, public_ip=node.own_public_ip)]
    if private_ip and number == 0:
        configs.append(WorldConfig(private_ip, subnet, name=INSTANCE))
    nic = WorldInterface(configs=tuple(configs))
    return WorldNode(name=node.name, interfaces=(nic,), zone="123"[number % 3])


AZURE = Terrain(
    moves={
        "route": ("routes.put",),
        "public-ip": ("networkInterfaces.put",) * 2,
        "private-ip": ("networkInterfaces.put",) * 2,
    },
    shown=("public-ip", "route"),
    built=Built,
    world=world_of,
    table=lambda built: str(built.route_tables[TABLE]),
    throttled_calls=4,
    throttled_for=60,
    keeps_displaced=True,
    notice="Freeze",
    waits=True,
    one_subnet=True,
    together=frozenset({"public-ip", "private-ip"}),  # what is on one interface moves with it
)

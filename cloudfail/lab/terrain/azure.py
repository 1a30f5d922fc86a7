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
from cloudfail.lab.terrain.terrain import ClaimTable, Terrain
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


def claims_of(topology: Topology, built: Built) -> list[ClaimTable]:
    claims: list[ClaimTable] = []
    if topology.public_ip:
        claims.append({"kind": "public-ip", "address": topology.public_ip})
    if topology.private_ip:
        claims.append({"kind": "private-ip", "address": topology.private_ip})
    if topology.destination:
        tables = [built.route_tables[TABLE]]
        claims.append({"kind": "route", "destination": topology.destination, "tables": tables})
    return claims


AZURE = Terrain(
    moves={
        "route": ("routes.put",),
        "public-ip": ("networkInterfaces.put",) * 2,
        "private-ip": ("networkInterfaces.put",) * 2,
    },
    shown=("public-ip", "route"),
    built=Built,
    world=world_of,
    claims=claims_of,
    throttled_calls=4,
    throttled_for=60,
    keeps_displaced=True,
    notice="Freeze",
    waits=True,
    one_subnet=True,
    together=frozenset({"public-ip", "private-ip"}),  # what is on one interface moves with it
)

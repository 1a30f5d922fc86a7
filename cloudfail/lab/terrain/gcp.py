"""Google Cloud: one region, a zone a node; a forwarding rule, a route, an alias, an address."""

from __future__ import annotations

from collections.abc import Iterator

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
from cloudfail.lab.terrain.terrain import Terrain
from cloudfail.lab.topology import INSTANCE, LabNode, Topology


def world_of(topology: Topology) -> World:
    """The rule has to point at somebody: it is the last node, so that the first has to take it."""
    names = {node.subnet: f"subnet-{n}" for n, node in enumerate(topology.nodes)}
    rule, last = topology.forwarding_rule, topology.nodes[-1].name
    public = topology.public_ip
    return World(
        # The API has to be within reach of a machine that has no external address.
        subnets=tuple(
            WorldSubnet(name=name, cidr=cidr, private_google_access=True)
            for cidr, name in names.items()
        ),
        nodes=tuple(
            _node(node, names[node.subnet], f"{REGION}-{'bcd'[number % 3]}")
            for number, node in enumerate(topology.nodes)
        ),
        addresses=(WorldAddress(INSTANCE, public),) if public else (),
        forwarding_rules=(WorldForwardingRule(INSTANCE, rule, last),) if rule else (),
        routes=tuple(_standing(topology)),
    )


def _standing(topology: Topology) -> Iterator[WorldRoute]:
    """Where routes stand, every node has one from the beginning, as whoever built it all made it."""
    for number, node in enumerate(topology.nodes if topology.standing_routes else (), 1000):
        yield WorldRoute(
            f"{INSTANCE}-{node.name}", topology.destination, node.name, priority=number
        )


def _node(node: LabNode, subnet: str, zone: str) -> WorldNode:
    nic = WorldInterface(node.address, subnet, external=node.own_public_ip)
    return WorldNode(name=node.name, interfaces=(nic,), zone=zone)


GCP = Terrain(
    moves={
        "forwarding-rule": ("forwardingRules.setTarget",),
        "route": ("routes.insert", "routes.delete"),
        "private-ip": ("instances.updateNetworkInterface",) * 2,
        "public-ip": ("instances.deleteAccessConfig", "instances.addAccessConfig"),
    },
    variants={"standing-route": ("routes.delete", "routes.insert")},
    shown=("forwarding-rule", "route"),
    built=Built,
    world=world_of,
    table=lambda built: str(built.networks[NETWORK]),
    throttled_calls=2,  # whoever is throttled comes again when the next minute begins
    throttled_for=30,
    keeps_displaced=False,  # an ephemeral address goes back to Google
    notice="MIGRATE_ON_HOST_MAINTENANCE",
)

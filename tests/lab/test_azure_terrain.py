"""Azure as rehearsals see it."""

from __future__ import annotations

import tomllib

from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.scenarios import SCENARIOS
from cloudfail.lab.terrain.azure import AZURE, world_of
from cloudfail.lab.topology import DESTINATION, PRIVATE_IP, PUBLIC_IP, A, B, C, Topology

EVERYTHING = AZURE.topology(Topology(provider="azure"), *AZURE.moves)


def test_it_can_be_built_with_every_claim_that_it_has() -> None:
    with EmbeddedAzure() as cloud:
        made = cloud.build(world_of(EVERYTHING))
        text = AZURE.config(EVERYTHING, made, cloud.endpoint, cloud.ca_file)
        table = tomllib.loads(text)
        holders = {change.target.rpartition(" ")[2]: change.node for change in cloud.holders}
        assert table["provider"]["azure"] == {"endpoint": cloud.endpoint, "ca_file": cloud.ca_file}
    edge = table["instance"]["edge"]
    assert {claim["kind"] for claim in edge["claim"]} == set(AZURE.moves)
    ids = [node["interface_id"] for node in edge["node"]]
    assert ids == [made.nodes[name].interface_id for name in ("a", "b")]
    assert (holders[DESTINATION], holders[PRIVATE_IP], holders[PUBLIC_IP]) == ("a", "a", "")


def test_nodes_are_in_one_subnet_and_in_zones_of_their_own() -> None:
    world = world_of(AZURE.topology(Topology(nodes=(A, B, C)), "route"))
    assert [subnet.cidr for subnet in world.subnets] == ["10.0.1.0/24"]
    assert [node.zone for node in world.nodes] == ["1", "2", "3"]
    addresses = [node.interfaces[0].configs[0].address for node in world.nodes]
    assert addresses == ["10.0.1.10", "10.0.1.11", "10.0.1.12"]


def test_a_standbys_own_public_address_is_on_its_interface() -> None:
    topology = AZURE.topology(SCENARIOS["standby-egress"].topology, "public-ip")
    first, second = world_of(topology).nodes
    assert first.interfaces[0].configs[0].public_ip == ""
    assert second.interfaces[0].configs[0].public_ip == "203.0.113.99"


def test_what_is_on_one_interface_moves_in_the_same_calls() -> None:
    two = ("networkInterfaces.put",) * 2
    assert AZURE.calls_of(["private-ip"]) == two
    assert AZURE.calls_of(["public-ip", "private-ip"]) == two
    assert AZURE.calls_of(AZURE.moves) == ("routes.put", *two)

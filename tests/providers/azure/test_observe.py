"""Who holds what, and what follows from it."""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from cloudfail.errors import DeniedError, NotFoundError, ThrottledError
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.azure.store import Store
from cloudfail.lab.cloud.faults import Faults
from cloudfail.model import Claim, Owner, Peer, PrivateIp, PublicIp, Route

from providers.azure.nodes import (
    DESTINATION,
    PRIVATE,
    PUBLIC,
    NodeMaker,
    Unheard,
    edit,
)

EDGE = Route(table="edge", destination=ip_network(DESTINATION))
VIP = PrivateIp(address=ip_address(PRIVATE))
PIP = PublicIp(address=ip_address(PUBLIC))


def seen(node_of: NodeMaker, *claims: Any, which: str = "a", **setup: Any) -> Any:
    found = node_of(which, **setup).provider.observe(claims or [EDGE])
    return found[0] if len(found) == 1 else found


def route_to(cloud: EmbeddedAzure, hop: str, *, type_: str = "VirtualAppliance") -> None:
    def change(document: dict[str, Any]) -> None:
        properties = document["properties"]["routes"][0]["properties"]
        properties |= {"nextHopType": type_, "nextHopIpAddress": hop}
        if not hop:
            del properties["nextHopIpAddress"]

    edit(cloud, cloud.built.route_tables["edge"], change)


@pytest.mark.parametrize("claim", [EDGE, VIP, PIP], ids=lambda claim: claim.kind)
def test_a_claim_is_a_peers_by_address_or_by_interface(
    cloud: EmbeddedAzure, node_of: NodeMaker, claim: Any
) -> None:
    theirs = cloud.built.nodes["b"].interface_id
    holding = seen(node_of, claim)
    assert (holding.owner, holding.holder, holding.obstacle) == (Owner.PEER, theirs, "")
    named = Peer(name="b", address=ip_address("10.0.1.11"), interface_id=theirs.upper())
    holding = seen(node_of, claim, peers=(named,))
    assert (holding.owner, holding.holder.lower()) == (Owner.PEER, theirs.lower())
    assert seen(node_of, claim, which="b").owner is Owner.MINE


@pytest.mark.parametrize("claim", [EDGE, VIP, PIP], ids=lambda claim: claim.kind)
def test_everybody_else_is_a_stranger_and_without_peers_a_peer(
    node_of: NodeMaker, claim: Any
) -> None:
    others = (Peer(name="x", address=ip_address("10.0.1.99")),)
    assert seen(node_of, claim, peers=others).owner is Owner.STRANGER
    assert seen(node_of, claim, peers=()).owner is Owner.PEER


@pytest.mark.parametrize("part", ["routeTables.get", "networkInterfaces.list"])
def test_a_route_that_was_not_said_is_unknown(
    cloud: EmbeddedAzure, node_of: NodeMaker, part: str
) -> None:
    node = node_of("a")
    node.provider.identify()
    cloud.faults = Faults(throttle={part: 1})
    holding = node.provider.observe([EDGE])[0]
    assert (holding.owner, holding.obstacle) == (Owner.UNKNOWN, "")


@pytest.mark.parametrize("part", ["publicIPAddresses.list", "networkInterfaces.list"])
def test_a_public_address_that_was_not_said_is_unknown(
    cloud: EmbeddedAzure, node_of: NodeMaker, part: str
) -> None:
    node = node_of("a")
    node.provider.identify()
    cloud.faults = Faults(deny=(part,))
    holding = node.provider.observe([PIP])[0]
    assert holding.owner is Owner.UNKNOWN
    assert "Microsoft.Network/" in holding.obstacle
    assert "see `cloudfail policy azure`" in holding.obstacle


def test_security_groups_that_an_address_leaves_are_named(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    floating = PrivateIp(address=ip_address(PRIVATE))
    assert "note" not in node_of("a").provider.observe([floating])[0].facts

    def ungroup(document: dict[str, Any]) -> None:
        for config in document["properties"]["ipConfigurations"]:
            config["properties"].pop("applicationSecurityGroups", None)

    edit(cloud, cloud.built.nodes["a"].interface_id, ungroup)
    (holding,) = node_of("a").provider.observe([floating])
    assert holding.facts["note"].startswith("it leaves web: ")


def test_nobody_has_a_private_address_only_when_the_subnet_says_so(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    free = PrivateIp(address=ip_address("10.0.1.200"))
    node = node_of("a")
    holding = node.provider.observe([free])[0]
    assert (holding.owner, holding.facts["config"]) == (Owner.NOBODY, "")
    assert "this node never saw who had it" in holding.facts["note"]
    cloud.faults = Faults(throttle={"subnets.get": 1})
    assert node.provider.observe([free])[0].owner is Owner.UNKNOWN
    apart = PrivateIp(address=ip_address("10.0.1.97"))  # an interface of another group
    holding = node.provider.observe([apart])[0]
    assert (holding.owner, holding.holder) == (
        Owner.STRANGER,
        cloud.built.nodes["g"].interface_id,
    )


def test_what_a_private_address_had_is_remembered_once_nobody_has_it(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    node = node_of("a")
    before = node.provider.observe([VIP])[0]
    kept = json.loads(before.facts["config"])
    assert kept["properties"]["applicationSecurityGroups"]
    assert kept["properties"]["alsoUnknown"] == [1, 2]

    def drop(document: dict[str, Any]) -> None:
        configs = document["properties"]["ipConfigurations"]
        configs[:] = [one for one in configs if one["name"] != "vip"]

    edit(cloud, cloud.built.nodes["b"].interface_id, drop)
    after = node.provider.observe([VIP])[0]
    assert (after.owner, after.obstacle) == (Owner.NOBODY, "")
    assert after.facts["config"] == before.facts["config"]


def test_a_route_leads_to_whoever_has_the_next_hop(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    route_to(cloud, "10.0.1.111")
    holding = seen(node_of)  # this node's, but not the address that it leads routes to
    assert (holding.owner, holding.holder) == (Owner.PEER, cloud.built.nodes["a"].interface_id)
    assert seen(node_of, address=ip_address("10.0.1.111")).owner is Owner.MINE
    route_to(cloud, "10.0.1.99")
    holding = seen(node_of)
    assert (holding.owner, holding.holder) == (Owner.STRANGER, cloud.built.nodes["x"].interface_id)
    route_to(cloud, "10.7.7.7")
    assert (seen(node_of).owner, seen(node_of).holder) == (Owner.STRANGER, "10.7.7.7")
    route_to(cloud, "", type_="Internet")
    assert seen(node_of).holder == "next hop Internet"
    assert (seen(node_of).owner, seen(node_of, peers=()).owner) == (Owner.STRANGER, Owner.PEER)


def test_two_looks_that_disagree_say_nothing(cloud: EmbeddedAzure, node_of: NodeMaker) -> None:
    free = cloud.built.public_ips["203.0.113.12"]
    seat = f"{cloud.built.nodes['b'].interface_id}/ipConfigurations/ipconfig1"
    edit(
        cloud,
        free,
        lambda document: document["properties"].update(ipConfiguration={"id": seat}),
    )
    holding = seen(node_of, PublicIp(address=ip_address("203.0.113.12")))
    assert (holding.owner, holding.obstacle) == (Owner.UNKNOWN, "")


def test_a_public_address_on_another_seat_of_this_node_has_to_move(node_of: NodeMaker) -> None:
    seat = ip_address("10.0.1.11")
    assert seen(node_of, PIP, which="b").owner is Owner.MINE
    holding = seen(node_of, PublicIp(address=PIP.address, private_address=seat), which="b")
    assert holding.owner is Owner.MINE
    moved = PublicIp(address=PIP.address, private_address=ip_address(PRIVATE))
    assert seen(node_of, moved, which="b").owner is Owner.PEER


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        (Faults(errors={"networkInterfaces.get": (503, "ServerBusy", 1)}), ""),
        (Faults(throttle={"networkInterfaces.get": 1}), ""),
        (Faults(deny=("networkInterfaces.get",)), "networkInterfaces/read on"),
    ],
    ids=["5xx", "throttled", "denied"],
)
@pytest.mark.parametrize("kind", ["public-ip", "private-ip"])
def test_a_holder_that_cannot_be_read_just_now_is_looked_at_again(
    cloud: EmbeddedAzure, node_of: NodeMaker, kind: str, faults: Faults, words: str
) -> None:
    nic = cloud.built.nodes["g"].interface_id  # in another resource group
    seat = f"{nic}/ipConfigurations/ipconfig1"
    claim: Claim = PrivateIp(address=ip_address("10.0.1.97"))
    if kind == "public-ip":
        claim = PublicIp(address=ip_address("203.0.113.12"))
        free = cloud.built.public_ips["203.0.113.12"]
        edit(cloud, free, lambda it: it["properties"].update(ipConfiguration={"id": seat}))
    node = node_of("a")
    node.provider.identify()
    cloud.faults = faults
    holding = node.provider.observe([claim])[0]
    # An obstacle would end the run.
    assert (holding.owner, bool(holding.obstacle)) == (Owner.UNKNOWN, bool(words))
    assert words in holding.obstacle


def test_an_interface_that_is_gone_is_named(cloud: EmbeddedAzure, node_of: NodeMaker) -> None:
    node = node_of("a")
    node.provider.identify()
    own = cloud.built.nodes["a"].interface_id

    def lose(store: Store) -> None:
        del store._resources[own.lower()]

    cloud.api.apply(lose, None)
    holding = node.provider.observe([EDGE])[0]
    assert (holding.owner, "no longer shows" in holding.obstacle) == (Owner.UNKNOWN, True)


def test_what_is_not_there_is_named(node_of: NodeMaker) -> None:
    lost = Route(table="lost", destination=ip_network(DESTINATION))
    with pytest.raises(NotFoundError, match=r"no route table .*/routeTables/lost"):
        seen(node_of, lost)
    holding, other, odd = seen(node_of, lost, EDGE, Unheard())
    assert (holding.owner, other.owner) == (Owner.UNKNOWN, Owner.PEER)
    assert odd.obstacle == "Azure has no unheard"
    assert node_of("a").provider.observe([]) == []


def test_when_nothing_can_be_read_it_is_an_error(cloud: EmbeddedAzure, node_of: NodeMaker) -> None:
    node = node_of("a")
    node.provider.identify()
    cloud.faults = Faults(throttle={"*": 10})
    with pytest.raises(ThrottledError):
        node.provider.observe([EDGE])
    cloud.faults = Faults(deny=("*",))
    with pytest.raises(DeniedError):
        node.provider.observe([EDGE])

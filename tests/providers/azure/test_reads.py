"""What a look reads, and where: few calls, however many claims."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import ip_address, ip_network
from typing import Any

import msgspec
import pytest
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.model import Holding, Owner, Peer, PrivateIp, PublicIp, Route

from cloudfail_azure.around import Around
from cloudfail_azure.holdings import holding_of
from cloudfail_azure.members import Members
from cloudfail_azure.objects import Interface, PublicAddress, RouteTable, Tenant
from providers.azure.nodes import (
    DESTINATION,
    OWN,
    PRIVATE,
    PUBLIC,
    PUBLIC6,
    SEATED,
    NodeMaker,
)

EDGE = Route(table="edge", destination=ip_network(DESTINATION))
VIP = PrivateIp(address=ip_address(PRIVATE))
PIP = PublicIp(address=ip_address(PUBLIC))


def test_named_nodes_are_read_by_their_ids_and_others_by_one_list(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    named = Peer(
        name="b",
        address=ip_address("10.0.1.11"),
        interface_id=cloud.built.nodes["b"].interface_id,
    )
    node = node_of("a", peers=(named,), interface_id=cloud.built.nodes["a"].interface_id)
    node.provider.identify()
    node.calls.clear()
    node.provider.observe([EDGE])
    assert node.operations == ["networkInterfaces.get"] * 2 + ["routeTables.get"]
    node = node_of("a")
    node.provider.identify()
    node.calls.clear()
    node.provider.observe([EDGE])
    assert node.operations == ["networkInterfaces.list", "routeTables.get"]


def test_reads_do_not_grow_with_the_claims(node_of: NodeMaker) -> None:
    node = node_of("a")
    node.provider.identify()
    public = [PublicIp(address=ip_address(text)) for text in (PUBLIC, PUBLIC6, SEATED, OWN)]
    node.calls.clear()
    node.provider.observe([VIP, *public])
    assert node.operations == [
        "locks.list",
        "networkInterfaces.list",
        "permissions.list",
        "publicIPAddresses.list",
        "subnets.get",
    ]
    assert not any(call.mutating for call in node.calls)
    assert node.asked == []


def test_tables_of_other_groups_and_subscriptions_are_read_where_they_are(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    tables = ("edge", "lab/own", "apart/far", cloud.built.route_tables["foreign"])
    claims = [Route(table=table, destination=ip_network(DESTINATION)) for table in tables]
    node = node_of("a")
    edge, own, far, foreign = node.provider.observe(claims)
    assert [one.owner for one in (edge, far, foreign)] == [Owner.PEER] * 3
    assert own.owner is Owner.NOBODY
    assert own.facts["route"].endswith("/own/routes/cloudfail-10-99-0-0-16")
    assert node.operations.count("routeTables.get") == 2  # and one list for the two of a group
    assert node.operations.count("routeTables.list") == 1


def test_the_subnet_tells_who_has_what_no_other_read_shows(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    node = node_of("a").provider
    members = Members(node=node.identify())
    free = PrivateIp(address=ip_address("10.0.1.200"))
    shown = node._looker.look([free], members)
    front = f"{cloud.built.load_balancers['edge']}/frontendIPConfigurations/f"
    gone = f"{cloud.built.nodes['b'].interface_id}-gone/ipConfigurations/ipconfig1"

    def holding_with(user: str) -> Holding:
        assert shown.subnet is not None
        tenants = (Tenant(id=user, address=free.address),)
        subnet = msgspec.structs.replace(shown.subnet, tenants=tenants)
        seen_now = msgspec.structs.replace(shown, subnet=subnet)
        return holding_of(free, seen_now, Around(members=members))

    holding = holding_with(front)
    assert (holding.owner, holding.holder) == (Owner.STRANGER, front)
    assert "not by a network interface" in holding.obstacle
    assert holding_with(gone).owner is Owner.UNKNOWN  # two reads that disagree


def test_a_table_that_lies_apart_is_unknown_while_its_group_is_denied(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    tables = ("apart/far", "edge")
    claims = [Route(table=table, destination=ip_network(DESTINATION)) for table in tables]
    here = cloud.built.nodes["a"].interface_id.partition("/providers/")[0]
    cloud.enforce_iam([{"Actions": ["*/read"], "AssignableScopes": [here]}])
    far, edge = node_of("a").provider.observe(claims)
    assert (far.owner, edge.owner) == (Owner.UNKNOWN, Owner.PEER)
    assert "Microsoft.Network/routeTables/read" in far.obstacle


def nulled(document: Any) -> Iterator[Any]:
    """Yield the document with one of its fields null, each in turn; ids and names are what they are."""
    if isinstance(document, list):
        for number, item in enumerate(document):
            for other in nulled(item):
                yield [*document[:number], other, *document[number + 1 :]]
    if not isinstance(document, dict):
        return
    for name, value in document.items():
        if name not in {"id", "name"}:
            yield {**document, name: None}
        for other in nulled(value):
            yield {**document, name: other}


@pytest.mark.parametrize(
    ("kind", "read"),
    [
        ("networkInterfaces", Interface.read),
        ("publicIPAddresses", PublicAddress.read),
        ("routeTables", RouteTable.read),
    ],
    ids=str,
)
def test_a_field_that_is_null_is_read_as_one_that_is_left_out(
    cloud: EmbeddedAzure, kind: str, read: Callable[[Any], Any]
) -> None:
    documents = list(cloud.api.store.every(kind))
    assert documents
    for document in documents:
        for other in nulled(document):
            assert read(other).id == document["id"]

"""Routes: where the next hop of one prefix in one table leads."""

from __future__ import annotations

import json

from cloudfail.holdings import obstructed, taken_by
from cloudfail.model import Address, Holding, Owner, Route

from cloudfail_azure.around import Around
from cloudfail_azure.egress import cuts
from cloudfail_azure.links import key_of, name_of, same, table_id
from cloudfail_azure.look import Seen
from cloudfail_azure.objects import Interface, RouteTable, TableRoute

APPLIANCE = "VirtualAppliance"


def route_holding(claim: Route, own: Interface, seen: Seen, around: Around) -> Holding:
    """Say whose address packets to the destination are sent to."""
    facts = around.members.node.facts
    wanted = table_id(claim.table, facts["subscription"], facts["group"])
    table = seen.tables.get(key_of(wanted))
    if table is None:
        return obstructed(claim, f"there is no route table {wanted}", gone=True)
    hop = next_hop(own, around.address, claim.destination.version)
    if hop is None:
        version = claim.destination.version
        return obstructed(claim, f"{own.id} has no IPv{version} address for it to lead to")
    route = next((r for r in table.routes if r.destination == claim.destination), None)
    made = f"{table.id}/routes/{route_name(claim)}"
    known = {
        "table": table.id,
        "route": route.id if route else made,
        "next_hop": str(hop),
        "etag": route.etag if route else "",
        "document": json.dumps(route.document) if route else "",
    }
    owner, holder = _holder(route, hop, own, seen, around)
    return taken_by(claim, owner, holder, known, _obstacle(claim, table, own, around))


def next_hop(own: Interface, address: Address | None, version: int) -> Address | None:
    """Return the address of this node that routes lead to: its unicast one, else its primary."""
    if address is not None and address.version == version and address in own.addresses:
        return address
    config = own.first_of(version)
    return config.address if config is not None else None


def route_name(claim: Route) -> str:
    """Return the name of a route that is made: `cloudfail-10-99-0-0-16`."""
    text = str(claim.destination)
    return f"cloudfail-{text.replace('.', '-').replace(':', '-').replace('/', '-')}"


def _holder(
    route: TableRoute | None, hop: Address, own: Interface, seen: Seen, around: Around
) -> tuple[Owner, str]:
    if route is None:
        return Owner.NOBODY, ""
    if route.hops == (hop,) and route.hop_type == APPLIANCE:
        return Owner.MINE, own.id
    others = [address for address in route.hops if address not in own.addresses]
    if route.hop_type != APPLIANCE or not route.hops:
        return _of_nobody_known(around), f"next hop {route.hop_type}"
    if not others:
        return Owner.PEER, own.id  # another address of this very interface: it has to move
    found = [_by_address(address, own, seen, around) for address in others]
    strangers = [one for one in found if one[0] is Owner.STRANGER]
    return (strangers or found)[0]


def _by_address(address: Address, own: Interface, seen: Seen, around: Around) -> tuple[Owner, str]:
    members = around.members
    if any(peer.address == address for peer in members.peers):
        return Owner.PEER, members.at(address) or str(address)
    for nic in seen.interfaces.values():
        if address in nic.addresses and same(nic.network, own.network):
            return members.owner_of(nic.id, nic.machine), nic.id
    return _of_nobody_known(around), str(address)


def _of_nobody_known(around: Around) -> Owner:
    return Owner.STRANGER if around.members.peers else Owner.PEER


def _obstacle(claim: Route, table: RouteTable, own: Interface, around: Around) -> str:
    """Say why this node cannot take a route: one sentence, or none."""
    if not own.forwards:
        return (
            f"{own.id} may not forward packets: az network nic update --ids {own.id} "
            "--ip-forwarding true"
        )
    if not around.trusts_egress and cuts(claim.destination, table, own.subnet, around.endpoint):
        return (
            f"{name_of(table.id)} is the table of this node's own subnet, and the route would turn "
            "its way to Azure Resource Manager back to itself: add a route for the service tag "
            'AzureResourceManager to Internet, or vouch for it with [guard] own_egress = "assured"'
        )
    return ""

"""From what EC2 showed to who holds what: pure.

An Elastic IP on this node's interface but on another private address than claimed counts as a
peer's (fact `sits_on`): it has to move, by the same call, and may be taken like a peer's.
"""

from __future__ import annotations

from collections.abc import Mapping

from cloudfail.errors import DeniedError
from cloudfail.holdings import obstructed, taken_by, unless_read, unread
from cloudfail.model import Address, Claim, Holding, Node, Owner, PrivateIp, PublicIp, Route

from cloudfail_aws.around import Around, place, primary_of
from cloudfail_aws.egress import cuts, serves
from cloudfail_aws.look import Seen
from cloudfail_aws.members import Members
from cloudfail_aws.objects import ElasticIp, Interface, RouteTable, TableRoute
from cloudfail_aws.obstacles import (
    in_another_subnet,
    outside_of_subnet,
    public_obstacle,
    route_obstacle,
)


def holding_of(claim: Claim, seen: Seen, around: Around) -> Holding:
    """Return who holds a claim. Raises nothing: what stands in the way becomes the obstacle."""
    match claim:
        case PublicIp():
            return unless_read(claim, seen.failures, "addresses") or _public(claim, seen, around)
        case PrivateIp():
            part = f"interfaces{claim.address.version}"
            return unless_read(claim, seen.failures, part) or _private(claim, seen, around)
        case Route():
            failed = unless_read(claim, seen.failures, f"tables{claim.role_arn}")
            return failed or _route(claim, seen, around)
        case _:
            return obstructed(claim, f"AWS has no {claim.kind}")


def _public(claim: PublicIp, seen: Seen, around: Around) -> Holding:
    eip = seen.elastic_ips.get(claim.address)
    if eip is None:
        return obstructed(
            claim, f"no Elastic IP {claim.address} in {place(around.node)}", gone=True
        )
    wanted = claim.private_address or primary_of(around.node)
    facts = _public_facts(claim, eip, wanted, seen, around)
    if not eip.interface_id:
        return taken_by(claim, Owner.NOBODY, "", facts, public_obstacle(claim, eip, None, around))
    nic = seen.interfaces.get(eip.interface_id)
    owner = around.members.owner_of(eip.interface_id, nic, eip.private_address)
    if owner is None:
        return _undecided(claim, eip.interface_id, seen)
    if owner is Owner.MINE:
        owner = Owner.MINE if eip.private_address == wanted else Owner.PEER
    obstacle = public_obstacle(claim, eip, nic, around)
    return taken_by(claim, owner, eip.interface_id, facts, obstacle)


def _public_facts(
    claim: PublicIp, eip: ElasticIp, wanted: Address | None, seen: Seen, around: Around
) -> Mapping[str, str]:
    facts = {"allocation_id": eip.allocation_id, "private_address": str(wanted or "")}
    if eip.private_address is not None:
        facts["sits_on"] = str(eip.private_address)
    if wanted is None:
        return facts
    if wanted in around.claimed and not _is_here(wanted, seen, around.node):
        facts["rides"] = "yes"
    own = seen.interfaces.get(around.node.ref)
    publics = own.public if own is not None else around.publics or {}
    displaced = publics.get(wanted)
    if displaced is not None and displaced != claim.address:
        facts |= _displacement(claim, displaced, wanted, own, around)
    return facts


def _displacement(
    claim: PublicIp, displaced: Address, wanted: Address, own: Interface | None, around: Around
) -> Mapping[str, str]:
    facts = {"displaces": str(displaced)}
    allocation = own.allocations.get(displaced, "") if own is not None else ""
    if allocation:
        facts["displaces_allocation_id"] = allocation
    if wanted == primary_of(around.node) and not around.trusts_egress:
        facts["note"] = (
            f"it displaces {displaced}, by which {around.node.ref} may reach the EC2 API: once a "
            "peer takes it back, this node has no public address. `cloudfail plan --check` says "
            "whether its subnet has another way out; a secondary private_address needs none"
        )
    return facts


def _is_here(address: Address, seen: Seen, node: Node) -> bool:
    nic = seen.interface_with(address, node)
    return nic is not None and nic.interface_id == node.ref


def _private(claim: PrivateIp, seen: Seen, around: Around) -> Holding:
    node = around.node
    nic = seen.interface_with(claim.address, node)
    if nic is None:
        return taken_by(claim, Owner.NOBODY, "", {}, outside_of_subnet(claim.address, around))
    owner = around.members.owner_of(nic.interface_id, nic) or Owner.STRANGER
    if owner is Owner.MINE and around.told is not None and claim.address not in around.told:
        # EC2 remaps "asynchronously": until the instance is told, packets may go elsewhere.
        return Holding(claim=claim, owner=Owner.UNKNOWN, facts={"metadata": "not yet"})
    obstacle = outside_of_subnet(claim.address, around) or in_another_subnet(nic, node)
    if nic.primary == claim.address:
        obstacle = f"it is the primary address of {nic.interface_id}, which EC2 never moves"
    return taken_by(claim, owner, nic.interface_id, {}, obstacle)


def _route(claim: Route, seen: Seen, around: Around) -> Holding:
    table = seen.tables.get((claim.role_arn, claim.table))
    if table is None:
        missing = f"no route table {claim.table} in {place(around.node, claim.role_arn)}"
        return obstructed(claim, missing, gone=True)
    route = table.route(claim.destination)
    unread = _own_table_unread(claim, table, route, seen, around)
    if unread is not None:
        return unread
    obstacle = route_obstacle(claim, table, route, seen, around)
    if route is None:
        return taken_by(claim, Owner.NOBODY, "", {"exists": "no"}, obstacle)
    nic = seen.interfaces.get(route.holder)
    facts = {"exists": "yes", "state": route.state}
    owner = _owner_of_route(route, nic, seen, around.members)
    if owner is None:
        return _undecided(claim, route.holder, seen)
    holder = "" if owner is Owner.NOBODY else route.holder
    return taken_by(claim, owner, holder, facts, obstacle)


def _owner_of_route(
    route: TableRoute, nic: Interface | None, seen: Seen, members: Members
) -> Owner | None:
    dead = route.state == "blackhole"
    if not route.holder.startswith("eni-"):
        if dead and not route.holder:
            return Owner.NOBODY
        # A gateway, even if it is dead for now, is somebody's, and not one of the nodes.
        return Owner.STRANGER if members.peers else Owner.PEER
    owner = members.owner_of(route.holder, nic)
    if owner is None and dead and nic is None and "holders" not in seen.failures:
        return Owner.NOBODY  # the interface is gone
    return owner


def _own_table_unread(
    claim: Route, table: RouteTable, route: TableRoute | None, seen: Seen, around: Around
) -> Holding | None:
    """Return UNKNOWN when it could not be read whether this is the table of the node's own way."""
    error = seen.failures.get("own")
    node = around.node
    if error is None or (route is not None and route.holder == node.ref):
        return None
    sure = node.facts.get("subnet_id", "") in table.subnets or not serves(table, node, ())
    if sure or not cuts(claim.destination, table, around.api):
        return None
    return unread(claim, error)


def _undecided(claim: Claim, holder: str, seen: Seen) -> Holding:
    """Nobody could tell whose the holder is: the look at it failed, or it is not to be seen."""
    for part in ("holders", "interfaces4", "interfaces6"):
        error = seen.failures.get(part)
        if isinstance(error, DeniedError):
            obstacle = f"cannot tell whether {holder} is a peer's ({error}), or give interface_id"
            return Holding(claim=claim, owner=Owner.UNKNOWN, obstacle=obstacle)
        if error is not None:
            return unread(claim, error)
    return Holding(claim=claim, owner=Owner.STRANGER, holder=holder)

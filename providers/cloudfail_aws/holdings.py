"""From what EC2 showed to who holds what: pure.

An Elastic IP on this node's interface but on another private address than claimed counts as a
peer's (fact `sits_on`): it has to move, by the same call, and may be taken like a peer's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address

import msgspec
from cloudfail.errors import CloudfailError, DeniedError, NotFoundError
from cloudfail.model import (
    Address,
    Claim,
    Holding,
    Network,
    Node,
    Owner,
    PrivateIp,
    PublicIp,
    Route,
)

from cloudfail_aws.arn import account_of
from cloudfail_aws.egress import cuts, serves
from cloudfail_aws.look import Seen
from cloudfail_aws.members import Members
from cloudfail_aws.objects import ElasticIp, Interface, RouteTable, TableRoute


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What is known beside EC2's answers.

    `told` are the addresses the machine itself is told to have and `publics` the public ones on
    its private ones (None: no telling); `claimed` the private-ip claims of the same look; `api`
    the API's addresses; `trusts_egress` the operator's word that the API stays reachable.
    """

    members: Members
    subnets: tuple[Network, ...] = ()
    told: frozenset[Address] | None = None
    publics: Mapping[Address, Address] | None = None
    claimed: frozenset[Address] = frozenset()
    api: tuple[Address, ...] = ()
    trusts_egress: bool = False

    @property
    def node(self) -> Node:
        return self.members.node


def holding_of(claim: Claim, seen: Seen, around: Around) -> Holding:
    """Return who holds a claim. Raises nothing: what stands in the way becomes the obstacle."""
    match claim:
        case PublicIp():
            return _unless_failed(claim, seen, "addresses") or _public(claim, seen, around)
        case PrivateIp():
            part = f"interfaces{claim.address.version}"
            return _unless_failed(claim, seen, part) or _private(claim, seen, around)
        case Route():
            failed = _unless_failed(claim, seen, f"tables{claim.role_arn}")
            return failed or _route(claim, seen, around)
        case _:
            return _obstructed(claim, f"AWS has no {claim.kind}")


def _public(claim: PublicIp, seen: Seen, around: Around) -> Holding:
    eip = seen.elastic_ips.get(claim.address)
    if eip is None:
        return _obstructed(
            claim, f"no Elastic IP {claim.address} in {place(around.node)}", gone=True
        )
    wanted = claim.private_address or primary_of(around.node)
    facts = _public_facts(claim, eip, wanted, seen, around)
    if not eip.interface_id:
        return _taken_by(claim, Owner.NOBODY, "", facts, _public_obstacle(claim, eip, None, around))
    nic = seen.interfaces.get(eip.interface_id)
    owner = around.members.owner_of(eip.interface_id, nic, eip.private_address)
    if owner is None:
        return _undecided(claim, eip.interface_id, seen)
    if owner is Owner.MINE:
        owner = Owner.MINE if eip.private_address == wanted else Owner.PEER
    obstacle = _public_obstacle(claim, eip, nic, around)
    return _taken_by(claim, owner, eip.interface_id, facts, obstacle)


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
        facts["displaces"] = str(displaced)
    return facts


def _is_here(address: Address, seen: Seen, node: Node) -> bool:
    nic = seen.interface_with(address, node)
    return nic is not None and nic.interface_id == node.ref


def _public_obstacle(claim: PublicIp, eip: ElasticIp, nic: Interface | None, around: Around) -> str:
    wanted = claim.private_address or primary_of(around.node)
    if claim.resource_id and claim.resource_id != eip.allocation_id:
        return f"it is {eip.allocation_id}, not {claim.resource_id}; correct resource_id"
    manager = eip.managed_by or (nic.kind if nic is not None and nic.is_managed else "")
    if manager or eip.interface_owner.startswith("amazon-"):
        return f"it belongs to a managed service ({manager or eip.interface_owner}); free it there"
    if _other_border_group(eip, around.node):
        return (
            f"it is of network border group {eip.border_group}, this node is in "
            f"{around.node.facts.get('zone')}: allocate one in the node's own group"
        )
    if wanted is None:
        return f"{around.node.ref} has no IPv4 address that could carry it"
    return _private_obstacle(wanted, around)


def _private_obstacle(wanted: Address, around: Around) -> str:
    """Say why no Elastic IP can sit on a private address of this node."""
    node = around.node
    if str(wanted) == node.facts.get("primary") or wanted in around.claimed:
        return ""
    outside = _outside(wanted, around)
    if outside:
        return outside
    here = around.told if around.told is not None else frozenset(node.addresses)
    if wanted not in here:
        return f"{wanted} is no address of {node.ref}: claim it as a private-ip too, or assign it"
    return ""


def _private(claim: PrivateIp, seen: Seen, around: Around) -> Holding:
    node = around.node
    nic = seen.interface_with(claim.address, node)
    if nic is None:
        return _taken_by(claim, Owner.NOBODY, "", {}, _outside(claim.address, around))
    owner = around.members.owner_of(nic.interface_id, nic) or Owner.STRANGER
    if owner is Owner.MINE and around.told is not None and claim.address not in around.told:
        # EC2 remaps "asynchronously": until the instance is told, packets may go elsewhere.
        return Holding(claim=claim, owner=Owner.UNKNOWN, facts={"metadata": "not yet"})
    obstacle = _outside(claim.address, around) or _elsewhere(nic, node)
    if nic.primary == claim.address:
        obstacle = f"it is the primary address of {nic.interface_id}, which EC2 never moves"
    return _taken_by(claim, owner, nic.interface_id, {}, obstacle)


def _route(claim: Route, seen: Seen, around: Around) -> Holding:
    table = seen.tables.get((claim.role_arn, claim.table))
    if table is None:
        missing = f"no route table {claim.table} in {place(around.node, claim.role_arn)}"
        return _obstructed(claim, missing, gone=True)
    route = table.route(claim.destination)
    unread = _own_table_unread(claim, table, route, seen, around)
    if unread is not None:
        return unread
    obstacle = _route_obstacle(claim, table, route, seen, around)
    if route is None:
        return _taken_by(claim, Owner.NOBODY, "", {"exists": "no"}, obstacle)
    nic = seen.interfaces.get(route.holder)
    facts = {"exists": "yes", "state": route.state}
    owner = _owner_of_route(route, nic, seen, around.members)
    if owner is None:
        return _undecided(claim, route.holder, seen)
    holder = "" if owner is Owner.NOBODY else route.holder
    return _taken_by(claim, owner, holder, facts, obstacle)


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
    return _unread(claim, error)


def _route_obstacle(
    claim: Route, table: RouteTable, route: TableRoute | None, seen: Seen, around: Around
) -> str:
    vpc = around.node.facts.get("vpc_id", "")
    if table.vpc_id and vpc and table.vpc_id != vpc:
        return f"{table.table_id} is of {table.vpc_id}, but {around.node.ref} is in {vpc}"
    if route is not None and route.is_propagated:
        return (
            f"the route is propagated by {route.holder}, and EC2 replaces no such route: create a "
            "static one for the same destination once (`aws ec2 create-route`), or stop propagation"
        )
    if route is not None and route.is_local:
        return "it is the VPC's own local route"
    if around.trusts_egress or not serves(table, around.node, seen.own_tables):
        return ""
    if cuts(claim.destination, table, around.api):
        return (
            f"{claim.table} is the table of this node's own subnet: the route would turn its way "
            "to the EC2 API back to itself. Put the node into a subnet with another table, use a "
            'VPC endpoint, or vouch for it with [guard] own_egress = "assured"'
        )
    return ""


def _taken_by(
    claim: Claim, owner: Owner, holder: str, facts: Mapping[str, str], obstacle: str
) -> Holding:
    # To hold is not to take: nothing stands in the way of what is ours.
    why = "" if owner is Owner.MINE else obstacle
    return Holding(claim=claim, owner=owner, holder=holder, obstacle=why, facts=facts)


def _obstructed(claim: Claim, obstacle: str, *, gone: bool = False) -> Holding:
    facts = {"missing": "yes"} if gone else {}
    return Holding(claim=claim, owner=Owner.UNKNOWN, obstacle=obstacle, facts=facts)


def _unless_failed(claim: Claim, seen: Seen, *parts: str) -> Holding | None:
    for part in parts:
        if part in seen.failures:
            return _unread(claim, seen.failures[part])
    return None


def _unread(claim: Claim, error: CloudfailError) -> Holding:
    """UNKNOWN; what asking again cannot mend is an obstacle as well."""
    lasting = isinstance(error, DeniedError | NotFoundError)
    return Holding(claim=claim, owner=Owner.UNKNOWN, obstacle=str(error) if lasting else "")


def _undecided(claim: Claim, holder: str, seen: Seen) -> Holding:
    """Nobody could tell whose the holder is: the look at it failed, or it is not to be seen."""
    for part in ("holders", "interfaces4", "interfaces6"):
        error = seen.failures.get(part)
        if isinstance(error, DeniedError):
            obstacle = f"cannot tell whether {holder} is a peer's ({error}), or give interface_id"
            return Holding(claim=claim, owner=Owner.UNKNOWN, obstacle=obstacle)
        if error is not None:
            return _unread(claim, error)
    return Holding(claim=claim, owner=Owner.STRANGER, holder=holder)


def _outside(address: Address, around: Around) -> str:
    same_family = [net for net in around.subnets if net.version == address.version]
    if not same_family or any(address in net for net in same_family):
        return ""
    subnets = ", ".join(str(net) for net in same_family)
    return (
        f"{address} is outside subnet {subnets} of {around.node.ref}: a private address never "
        "leaves its subnet, nor its zone; use a route instead"
    )


def _elsewhere(nic: Interface, node: Node) -> str:
    """Say that a holder is in another subnet: what was taken off it could not be put here.

    An IPv6 address would be lost that way, as it is taken off before it is put on.
    """
    own = node.facts.get("subnet_id", "")
    if not own or not nic.subnet_id or nic.subnet_id == own:
        return ""
    return (
        f"{nic.interface_id}, which has it, is in {nic.subnet_id}, but {node.ref} is in {own}: a "
        "private address never leaves its subnet; use a route instead"
    )


def _other_border_group(eip: ElasticIp, node: Node) -> bool:
    """True only when zone and group surely differ. A zone like eu-central-1a is the region's."""
    region, zone = node.facts.get("region", ""), node.facts.get("zone", "")
    if not (eip.border_group and region and zone):
        return False
    ordinary = len(zone) == len(region) + 1
    return (eip.border_group == region) != ordinary


def primary_of(node: Node) -> Address | None:
    """Return the interface's primary IPv4 address; None in an IPv6-only subnet."""
    text = node.facts.get("primary", "")
    return ip_address(text) if text else None


def place(node: Node, role_arn: str = "") -> str:
    """Return "eu-central-1 of account 123456789012", as far as it is known."""
    account = account_of(role_arn) or node.facts.get("account", "")
    where = node.facts.get("region", "this region")
    return f"{where} of account {account}" if account else where


def missing(holdings: Sequence[Holding]) -> NotFoundError | None:
    """Return the error to raise when not one of the claims exists."""
    if holdings and all(holding.facts.get("missing") for holding in holdings):
        text = "; ".join(f"{holding.claim}: {holding.obstacle}" for holding in holdings)
        return NotFoundError(f"{text}; correct the claim, or the region")
    return None

"""Why this node cannot take a claim, whoever has it: one sentence, or none. Pure."""

from __future__ import annotations

from cloudfail.model import Address, Node, PublicIp, Route

from cloudfail_aws.around import Around, primary_of
from cloudfail_aws.egress import cuts, serves
from cloudfail_aws.look import Seen
from cloudfail_aws.objects import ElasticIp, Interface, RouteTable, TableRoute


def public_obstacle(claim: PublicIp, eip: ElasticIp, nic: Interface | None, around: Around) -> str:
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
    outside = outside_of_subnet(wanted, around)
    if outside:
        return outside
    here = around.told if around.told is not None else frozenset(node.addresses)
    if wanted not in here:
        return f"{wanted} is no address of {node.ref}: claim it as a private-ip too, or assign it"
    return ""


def route_obstacle(
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


def outside_of_subnet(address: Address, around: Around) -> str:
    same_family = [net for net in around.subnets if net.version == address.version]
    if not same_family or any(address in net for net in same_family):
        return ""
    subnets = ", ".join(str(net) for net in same_family)
    return (
        f"{address} is outside subnet {subnets} of {around.node.ref}: a private address never "
        "leaves its subnet, nor its zone; use a route instead"
    )


def in_another_subnet(nic: Interface, node: Node) -> str:
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

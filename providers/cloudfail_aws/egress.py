"""Whether this node reaches the EC2 API without what it is about to take, or to lose."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from botocore.utils import get_environ_proxies
from cloudfail.machine.names import addresses_of
from cloudfail.model import Address, Network, Node

from cloudfail_aws.objects import RouteTable, TableRoute

_ANYWHERE = {4: ip_address("192.0.2.1"), 6: ip_address("2001:db8::1")}


def api_addresses(url: str) -> tuple[Address, ...]:
    """Return the addresses that calls to the API go to: its host's, or its proxy's.

    None when the name cannot be resolved.
    """
    proxy = get_environ_proxies(url).get(urlsplit(url).scheme, "")
    via = proxy if "//" in proxy else f"//{proxy}"
    host = urlsplit(via if proxy else url).hostname or ""
    return addresses_of(host)


def serves(table: RouteTable, node: Node, own_tables: Sequence[RouteTable]) -> bool:
    """True when the node's own packets follow this table.

    `own_tables` are those that name the node's subnet; without any, the VPC's main table counts.
    """
    if own_tables:
        return table.table_id in {own.table_id for own in own_tables}
    subnet = node.facts.get("subnet_id", "")
    if subnet in table.subnets:
        return True
    return table.is_main and table.vpc_id == node.facts.get("vpc_id")


def cuts(destination: Network, table: RouteTable, api: Sequence[Address]) -> bool:
    """True when a route for `destination` to this node would catch the way to the API.

    The longest prefix wins: a more specific route (a VPC endpoint's subnet is local) keeps it.
    When the API's address is not known, a default route is assumed to catch it.
    """
    targets = api or (_ANYWHERE[destination.version],)
    for address in targets:
        if address.version != destination.version or address not in destination:
            continue
        way = table.way_to(address)
        if way is None or way.destination.prefixlen <= destination.prefixlen:
            return bool(api) or destination.prefixlen == 0
    return False


def default_route(tables: Sequence[RouteTable]) -> TableRoute | None:
    """Return the IPv4 default route of the first table that has one."""
    ways = (table.way_to(_ANYWHERE[4]) for table in tables)
    return next((way for way in ways if way is not None), None)


def leaves_without_public_ip(way: TableRoute | None, node: Node) -> bool:
    """True when this way out needs no public address of the node's own.

    An internet gateway translates only for an address with a public one; a NAT gateway, a transit
    gateway or another machine does it for everybody.
    """
    if way is None or way.state != "active" or way.holder == node.ref:
        return False
    return not way.holder.startswith(("igw-", "eigw-", "local"))

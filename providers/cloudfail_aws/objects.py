"""EC2's answers as values: what of them matters to a failover."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

import msgspec
from cloudfail.model import Address, Network


class ElasticIp(msgspec.Struct, frozen=True, kw_only=True):
    address: Address
    allocation_id: str
    interface_id: str = ""
    private_address: Address | None = None
    interface_owner: str = ""
    border_group: str = ""
    managed_by: str = ""

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> ElasticIp:
        private = answer.get("PrivateIpAddress")
        return cls(
            address=ip_address(answer["PublicIp"]),
            allocation_id=answer.get("AllocationId", ""),
            interface_id=answer.get("NetworkInterfaceId", ""),
            private_address=ip_address(private) if private else None,
            interface_owner=answer.get("NetworkInterfaceOwnerId", ""),
            border_group=answer.get("NetworkBorderGroup", ""),
            managed_by=answer.get("ServiceManaged", ""),
        )


class Interface(msgspec.Struct, frozen=True, kw_only=True):
    """A network interface; `public` maps its private addresses to the public ones on them.

    `allocations` maps those of the public ones that are Elastic IPs to their allocation ids.
    """

    interface_id: str
    subnet_id: str
    vpc_id: str
    primary: Address | None
    addresses: frozenset[Address]
    public: Mapping[Address, Address] = {}
    allocations: Mapping[Address, str] = {}
    kind: str = "interface"
    requester: str = ""
    source_dest_check: bool = True
    mac: str = ""
    zone: str = ""
    owner: str = ""
    instance_id: str = ""

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> Interface:
        private = answer.get("PrivateIpAddresses", [])
        v4 = [ip_address(item["PrivateIpAddress"]) for item in private]
        v6 = [ip_address(item["Ipv6Address"]) for item in answer.get("Ipv6Addresses", [])]
        primary = answer.get("PrivateIpAddress")
        return cls(
            interface_id=answer["NetworkInterfaceId"],
            subnet_id=answer.get("SubnetId", ""),
            vpc_id=answer.get("VpcId", ""),
            primary=ip_address(primary) if primary else None,
            addresses=frozenset((*v4, *v6)),
            public=dict(_associations(private)),
            allocations=dict(_allocations(private)),
            kind=answer.get("InterfaceType", "interface"),
            requester=answer.get("RequesterId", "") if answer.get("RequesterManaged") else "",
            source_dest_check=bool(answer.get("SourceDestCheck", True)),
            mac=answer.get("MacAddress", ""),
            zone=answer.get("AvailabilityZone", ""),
            owner=answer.get("OwnerId", ""),
            instance_id=answer.get("Attachment", {}).get("InstanceId", ""),
        )

    @property
    def is_managed(self) -> bool:
        """True when a service of AWS owns it: a NAT gateway, a load balancer, an endpoint."""
        return bool(self.requester) or self.kind not in _ORDINARY


_ORDINARY = ("interface", "efa", "efa-only", "trunk", "branch")


class TableRoute(msgspec.Struct, frozen=True, kw_only=True):
    """`holder` is the id of whatever the route points at; empty when EC2 does not say."""

    destination: Network
    holder: str
    state: str = "active"
    origin: str = "CreateRoute"

    @property
    def is_local(self) -> bool:
        return self.holder == "local"

    @property
    def is_propagated(self) -> bool:
        return self.origin == "EnableVgwRoutePropagation"


class RouteTable(msgspec.Struct, frozen=True, kw_only=True):
    """`subnets` are those that name it; `is_main` makes it that of all that name none."""

    table_id: str
    vpc_id: str
    routes: tuple[TableRoute, ...]
    subnets: frozenset[str] = frozenset()
    is_main: bool = False

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> RouteTable:
        uses = answer.get("Associations", [])
        return cls(
            table_id=answer["RouteTableId"],
            vpc_id=answer.get("VpcId", ""),
            routes=tuple(_routes(answer.get("Routes", []))),
            subnets=frozenset(use["SubnetId"] for use in uses if use.get("SubnetId")),
            is_main=any(use.get("Main", False) for use in uses),
        )

    def route(self, destination: Network) -> TableRoute | None:
        """Return the route for exactly this destination; a static one beats a propagated one."""
        found = [route for route in self.routes if route.destination == destination]
        return min(found, key=lambda route: route.is_propagated, default=None)

    def way_to(self, address: Address) -> TableRoute | None:
        """Return the route that packets to `address` take: the longest prefix."""
        fitting = [
            route
            for route in self.routes
            if route.destination.version == address.version and address in route.destination
        ]
        return max(fitting, key=lambda route: route.destination.prefixlen, default=None)


_TARGETS = (
    "NetworkInterfaceId",
    "NatGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "GatewayId",
    "EgressOnlyInternetGatewayId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
    "OdbNetworkArn",
    "InstanceId",
)


def _routes(answers: list[Mapping[str, Any]]) -> Iterator[TableRoute]:
    for answer in answers:
        text = answer.get("DestinationCidrBlock") or answer.get("DestinationIpv6CidrBlock")
        if not text:
            continue  # a prefix list: cannot be claimed, and tells no single destination
        targets = (answer[name] for name in _TARGETS if answer.get(name))
        yield TableRoute(
            destination=ip_network(text, strict=False),
            holder=next(targets, ""),
            state=answer.get("State", "active"),
            origin=answer.get("Origin", "CreateRoute"),
        )


def _associations(private: list[Mapping[str, Any]]) -> Iterator[tuple[Address, Address]]:
    for item in private:
        public = item.get("Association", {}).get("PublicIp")
        if public:
            yield ip_address(item["PrivateIpAddress"]), ip_address(public)


def _allocations(private: list[Mapping[str, Any]]) -> Iterator[tuple[Address, str]]:
    for item in private:
        association = item.get("Association", {})
        if association.get("PublicIp") and association.get("AllocationId"):
            yield ip_address(association["PublicIp"]), association["AllocationId"]

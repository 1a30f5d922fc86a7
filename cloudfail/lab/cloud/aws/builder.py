"""Builds a world through EC2's own API, so that it obeys the same rules as its users."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping

from cloudfail.errors import UsageError
from cloudfail.lab.cloud.aws.engine import Engine
from cloudfail.lab.cloud.aws.world import (
    Built,
    BuiltInterface,
    BuiltNode,
    Subnet,
    World,
    WorldInterface,
    WorldNode,
    WorldTable,
)

_IMAGE = "ami-0c1ab1e0000000000"


class Builder:
    """One world into an empty engine; hold the API's lock around `build`.

    Raises UsageError when EC2's rules do not allow that world.
    """

    def __init__(self, engine: Engine, world: World) -> None:
        self._engine = engine
        self._world = world
        self._vpc = ""
        self._subnets: dict[str, str] = {}
        self._nodes: dict[str, BuiltNode] = {}

    def build(self) -> Built:
        try:
            return self._build()
        except (RuntimeError, KeyError) as exc:
            raise UsageError(f"the embedded cloud cannot build this world: {exc}") from exc

    def _build(self) -> Built:
        self._vpc = self._ask("CreateVpc", "vpcId", {"CidrBlock": self._world.vpc_cidr})
        if self._world.vpc_ipv6:
            self._give_ipv6(self._world.vpc_ipv6)
        for subnet in self._world.subnets:
            self._create_subnet(subnet)
        for node in self._world.nodes:
            self._nodes[node.name] = self._create_node(node)
        self._assign_private_ips()
        addresses = self._create_public_ips()
        tables = {table.name: self._create_table(table) for table in self._world.route_tables}
        return Built(
            region=self._engine.region,
            account=self._engine.account,
            nodes=self._nodes,
            public_ips=addresses,
            tables=tables,
            subnets={
                subnet.name or subnet.cidr: self._subnets[subnet.cidr]
                for subnet in self._world.subnets
            },
            vpc_id=self._vpc,
        )

    def _give_ipv6(self, cidr: str) -> None:
        # The API lets only owners of a prefix choose it; the association is set by hand.
        self._engine.ec2.get_vpc(self._vpc).associate_vpc_cidr_block(
            cidr, amazon_provided_ipv6_cidr_block=False
        )

    def _create_subnet(self, subnet: Subnet) -> None:
        params = {
            "VpcId": self._vpc,
            "CidrBlock": subnet.cidr,
            "AvailabilityZone": subnet.zone,
            **({"Ipv6CidrBlock": subnet.ipv6} if subnet.ipv6 else {}),
        }
        created = self._ask("CreateSubnet", "subnetId", params)
        self._subnets[subnet.cidr] = created
        if subnet.name:
            self._subnets[subnet.name] = created
            self._name(created, subnet.name)

    def _create_node(self, node: WorldNode) -> BuiltNode:
        text = self._engine.call(
            "RunInstances",
            {
                "ImageId": _IMAGE,
                "MinCount": "1",
                "MaxCount": "1",
                "InstanceType": node.instance_type,
                "SubnetId": self._subnets[node.subnet],
                "PrivateIpAddress": node.address,
            },
        )
        instance = _find(text, "instanceId")
        self._name(instance, node.name)
        first = WorldInterface(node.address, node.subnet, node.private_ips, node.ipv6)
        created = [self._fill(_find(text, "networkInterfaceId"), first, node, 0)]
        for number, extra in enumerate(node.interfaces, start=1):
            created.append(self._attach(extra, node, instance, number))
        main = created[0]
        return BuiltNode(
            node.name,
            instance,
            main.interface_id,
            main.mac,
            main.address,
            main.subnet_id,
            self._vpc,
            tuple(created),
        )

    def _attach(
        self, extra: WorldInterface, node: WorldNode, instance: str, number: int
    ) -> BuiltInterface:
        interface = self._ask(
            "CreateNetworkInterface",
            "networkInterfaceId",
            {"SubnetId": self._subnets[extra.subnet], "PrivateIpAddress": extra.address},
        )
        self._engine.call(
            "AttachNetworkInterface",
            {
                "NetworkInterfaceId": interface,
                "InstanceId": instance,
                "DeviceIndex": str(number),
            },
        )
        return self._fill(interface, extra, node, number)

    def _fill(
        self, interface: str, spec: WorldInterface, node: WorldNode, number: int
    ) -> BuiltInterface:
        check = str(node.source_dest_check).lower()
        self._engine.call(
            "ModifyNetworkInterfaceAttribute",
            {"NetworkInterfaceId": interface, "SourceDestCheck.Value": check},
        )
        for address in (*spec.private_ips, *((spec.ipv6,) if spec.ipv6 else ())):
            self._assign(interface, address)
        eni = self._engine.ec2.enis[interface]
        return BuiltInterface(interface, eni.mac_address, spec.address, eni.subnet.id, number)

    def _assign_private_ips(self) -> None:
        for item in self._world.private_ips:
            if item.holder:
                self._assign(self._nodes[item.holder].interface_id, item.address)

    def _assign(self, interface: str, address: str) -> None:
        if ipaddress.ip_address(address).version == 4:  # noqa: PLR2004 - IP's version
            operation, member = "AssignPrivateIpAddresses", "PrivateIpAddress.1"
        else:
            operation, member = "AssignIpv6Addresses", "Ipv6Addresses.1"
        self._engine.call(operation, {"NetworkInterfaceId": interface, member: address})

    def _create_public_ips(self) -> dict[str, str]:
        allocated = {}
        for node in self._world.nodes:
            if node.own_public_ip:
                allocated[node.own_public_ip] = self._allocate(node.own_public_ip)
                self._associate(allocated[node.own_public_ip], node.name, "")
        for item in self._world.public_ips:
            allocated[item.address] = self._allocate(item.address)
            if item.holder:
                self._associate(allocated[item.address], item.holder, item.private_address)
        return allocated

    def _allocate(self, address: str) -> str:
        return self._ask("AllocateAddress", "allocationId", {"Domain": "vpc", "Address": address})

    def _associate(self, allocation: str, node: str, private_address: str) -> None:
        params = {
            "AllocationId": allocation,
            "NetworkInterfaceId": self._nodes[node].interface_id,
            **({"PrivateIpAddress": private_address} if private_address else {}),
        }
        self._engine.call("AssociateAddress", params)

    def _create_table(self, table: WorldTable) -> str:
        created = self._ask("CreateRouteTable", "routeTableId", {"VpcId": self._vpc})
        self._name(created, table.name)
        for destination, holder in table.routes:
            if holder:
                self._create_route(created, destination, self._nodes[holder].interface_id)
        for subnet in table.subnets:
            self._engine.call(
                "AssociateRouteTable",
                {"RouteTableId": created, "SubnetId": self._subnets[subnet]},
            )
        return created

    def _create_route(self, table: str, destination: str, interface: str) -> None:
        version = ipaddress.ip_network(destination).version
        member = "DestinationCidrBlock" if version == 4 else "DestinationIpv6CidrBlock"  # noqa: PLR2004
        self._engine.call(
            "CreateRoute",
            {"RouteTableId": table, member: destination, "NetworkInterfaceId": interface},
        )

    def _name(self, resource: str, name: str) -> None:
        self._engine.call(
            "CreateTags", {"ResourceId.1": resource, "Tag.1.Key": "Name", "Tag.1.Value": name}
        )

    def _ask(self, operation: str, tag: str, params: Mapping[str, str]) -> str:
        return _find(self._engine.call(operation, params), tag)


def _find(text: str, tag: str) -> str:
    found = re.search(rf"<{tag}>([^<]*)</{tag}>", text)
    if found is None:
        raise RuntimeError(f"no {tag} in {text}")
    return found[1]

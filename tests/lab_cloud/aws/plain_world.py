"""A world in plain moto, whose rules are not corrected."""

from __future__ import annotations

from typing import Any

DESTINATION = {"DestinationCidrBlock": "10.99.0.0/16"}


class Plain:
    """Two nodes in a subnet, the first with an EIP and a route."""

    def __init__(self, ec2: Any) -> None:
        self.ec2 = ec2
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
        self.subnet = subnet
        launched = ec2.run_instances(
            ImageId="ami-1", MinCount=2, MaxCount=2, InstanceType="t3.micro", SubnetId=subnet
        )["Instances"]
        self.instances = [item["InstanceId"] for item in launched]
        self.enis = [item["NetworkInterfaces"][0]["NetworkInterfaceId"] for item in launched]
        self.eip = ec2.allocate_address(Domain="vpc")["AllocationId"]
        ec2.associate_address(AllocationId=self.eip, NetworkInterfaceId=self.enis[0])
        self.table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=self.table, NetworkInterfaceId=self.enis[0], **DESTINATION)

    def group(self) -> str:
        vpc = self.ec2.describe_subnets(SubnetIds=[self.subnet])["Subnets"][0]["VpcId"]
        made = self.ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)
        return str(made["GroupId"])

    def address(self) -> dict[str, Any]:
        return dict(self.ec2.describe_addresses(AllocationIds=[self.eip])["Addresses"][0])

    def interface(self, number: int) -> dict[str, Any]:
        found = self.ec2.describe_network_interfaces(NetworkInterfaceIds=[self.enis[number]])
        return dict(found["NetworkInterfaces"][0])

    def privates(self, number: int) -> list[str]:
        items = self.interface(number)["PrivateIpAddresses"]
        return [item["PrivateIpAddress"] for item in items]

    def route(self) -> dict[str, Any]:
        found = self.ec2.describe_route_tables(RouteTableIds=[self.table])["RouteTables"][0]
        return dict(next(r for r in found["Routes"] if DESTINATION.items() <= r.items()))

    def assign(self, number: int, *addresses: str, **more: Any) -> None:
        self.ec2.assign_private_ip_addresses(
            NetworkInterfaceId=self.enis[number], PrivateIpAddresses=list(addresses), **more
        )

    def assign_ipv6(self, number: int, address: str) -> None:
        self.ec2.assign_ipv6_addresses(
            NetworkInterfaceId=self.enis[number], Ipv6Addresses=[address]
        )

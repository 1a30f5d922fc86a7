"""What the embedded cloud is to contain, and what it then contains. JSON in, JSON out."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

REGION = "eu-central-1"
ACCOUNT = "123456789012"
ROLE = "cloudfail-node"


class Subnet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`cidr` is IPv4; `ipv6` is an optional /64 of the world's `vpc_ipv6`."""

    cidr: str
    zone: str = f"{REGION}a"
    name: str = ""
    ipv6: str = ""


class WorldInterface(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A further interface of a node; `subnet` is a name or a CIDR of `World.subnets`."""

    address: str
    subnet: str
    private_ips: tuple[str, ...] = ()
    ipv6: str = ""


class WorldNode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An instance. `address` is its primary address, `own_public_ip` an EIP on that.

    `instance_type` decides how many private addresses an interface takes.
    """

    name: str
    address: str
    subnet: str
    ipv6: str = ""
    own_public_ip: str = ""
    private_ips: tuple[str, ...] = ()
    interfaces: tuple[WorldInterface, ...] = ()
    instance_type: str = "t3.large"
    source_dest_check: bool = False


class WorldPublicIp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An EIP; `holder` is a node's name ("": nobody), `private_address` one of that node's."""

    address: str
    holder: str = ""
    private_address: str = ""


class WorldPrivateIp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A secondary address, IPv4 or IPv6, on the first interface of `holder`."""

    address: str
    holder: str = ""


class WorldTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A route table; routes are (destination, holder), the holder a node's name.

    A holder of "" leaves the route out: it does not exist yet. `account` owns the table; ""
    is the world's own. Another account's credentials come from STS's AssumeRole.
    """

    name: str
    routes: tuple[tuple[str, str], ...] = ()
    subnets: tuple[str, ...] = ()
    account: str = ""


class World(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    subnets: tuple[Subnet, ...]
    nodes: tuple[WorldNode, ...]
    public_ips: tuple[WorldPublicIp, ...] = ()
    private_ips: tuple[WorldPrivateIp, ...] = ()
    route_tables: tuple[WorldTable, ...] = ()
    region: str = REGION
    vpc_cidr: str = "10.0.0.0/16"
    vpc_ipv6: str = ""

    def node(self, name: str) -> WorldNode:
        """Look a node up by name; KeyError when this world has none of that name."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)


class BuiltInterface(msgspec.Struct, frozen=True):
    interface_id: str
    mac: str
    address: str
    subnet_id: str
    device_number: int


class BuiltNode(msgspec.Struct, frozen=True):
    """`interface_id`, `mac`, `address` and `subnet_id` are the first interface's."""

    name: str
    instance_id: str
    interface_id: str
    mac: str
    address: str
    subnet_id: str
    vpc_id: str
    interfaces: tuple[BuiltInterface, ...] = ()


class Built(msgspec.Struct, frozen=True):
    """The ids that the cloud gave. `public_ips` maps an address to its allocation id."""

    region: str
    account: str
    nodes: Mapping[str, BuiltNode]
    public_ips: Mapping[str, str]
    tables: Mapping[str, str]
    subnets: Mapping[str, str] = {}
    vpc_id: str = ""
    role: str = ROLE

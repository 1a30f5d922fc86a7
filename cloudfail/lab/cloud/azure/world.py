"""What the embedded Azure is to contain, and what it then contains. JSON in, JSON out.

Names are unique in their kind within a world; `group` "" is the world's resource group,
`subscription` "" the world's subscription.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

SUBSCRIPTION = "00000000-1ab0-4000-8000-000000000001"
TENANT = "00000000-1ab0-4000-8000-00000000000f"
GROUP = "lab"
LOCATION = "westeurope"
NETWORK = "lab"


class Placed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where a resource is, when it is not where the world is."""

    group: str = ""
    subscription: str = ""


class WorldNetwork(Placed, frozen=True):
    name: str
    prefixes: tuple[str, ...] = ("10.0.0.0/8", "2001:db8::/32")


class WorldSubnet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A subnet of a virtual network, in that network's resource group.

    `ipv6` is an optional /64; `table` and `security_group` are names of this world; `nat` gives it
    a NAT gateway, `nat_ip` one with this public address; `default_outbound` false makes it a
    private subnet.
    """

    name: str
    cidr: str
    network: str = NETWORK
    ipv6: str = ""
    table: str = ""
    security_group: str = ""
    nat: bool = False
    nat_ip: str = ""
    default_outbound: bool = True


class WorldConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An ipConfiguration. `address` is IPv4 or IPv6; `public_ip` an address as well.

    A `public_ip` that is in no `WorldPublicIp` is a zone-redundant one, named as the configuration.
    `application_groups`, `pools` and `nat_rules` are names of this world, the last two as
    `LOAD-BALANCER/NAME`. `extra` are properties that the SDK's models do not know.
    """

    address: str
    subnet: str
    name: str = ""
    public_ip: str = ""
    application_groups: tuple[str, ...] = ()
    pools: tuple[str, ...] = ()
    nat_rules: tuple[str, ...] = ()
    static: bool = True
    extra: Mapping[str, Any] = {}


class WorldInterface(Placed, frozen=True):
    """`configs`: the first is the primary one; their names default to `ipconfig1`, `ipconfig2`.

    `name` "" is `NODE-nic`, `NODE-nic2`; `extra` are properties that the models do not know,
    `top_extra` such fields beside `properties`.
    """

    configs: tuple[WorldConfig, ...]
    name: str = ""
    ip_forwarding: bool = True
    accelerated: bool = False
    security_group: str = ""
    dns_servers: tuple[str, ...] = ()
    tags: Mapping[str, str] = {}
    extra: Mapping[str, Any] = {}
    top_extra: Mapping[str, Any] = {}


class WorldNode(Placed, frozen=True):
    """A virtual machine. `zone` "" is none; `client_ids` are of user-assigned identities.

    Its system-assigned identity is always there.
    """

    name: str
    interfaces: tuple[WorldInterface, ...]
    zone: str = "1"
    client_ids: tuple[str, ...] = ()


class WorldPublicIp(Placed, frozen=True):
    """`zones` () is zone-redundant; `prefix` the name of a WorldPrefix that it is part of."""

    name: str
    address: str
    zones: tuple[str, ...] = ()
    prefix: str = ""
    sku: str = "Standard"
    extra: Mapping[str, Any] = {}


class WorldPrefix(Placed, frozen=True):
    """A public IP prefix."""

    name: str
    cidr: str


class WorldRoute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`holder` is a node, whose first interface's address of the prefix' version is the next hop.

    `next_hop` is used as it is when there is no `holder`; `extra` as in WorldConfig.
    """

    name: str
    prefix: str
    holder: str = ""
    next_hop: str = ""
    type: str = "VirtualAppliance"
    extra: Mapping[str, Any] = {}


class WorldRouteTable(Placed, frozen=True):
    name: str
    routes: tuple[WorldRoute, ...] = ()


class WorldLoadBalancer(Placed, frozen=True):
    """Its backend pools, and inbound NAT rules of TCP by name and frontend port.

    `public_ip` is the address of its frontend, in a WorldPublicIp.
    """

    name: str
    public_ip: str = ""
    pools: tuple[str, ...] = ()
    nat_rules: Mapping[str, int] = {}


class WorldGroup(Placed, frozen=True):
    """A network or an application security group."""

    name: str


class WorldLock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A management lock: `CanNotDelete` or `ReadOnly`, on the scope with this id and all in it."""

    name: str
    scope: str
    level: str = "ReadOnly"


class World(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it is in one tenant; `location` is the region of everything.

    `page_size` is how many resources a page of a list has.
    """

    subnets: tuple[WorldSubnet, ...]
    nodes: tuple[WorldNode, ...]
    networks: tuple[WorldNetwork, ...] = (WorldNetwork(name=NETWORK),)
    public_ips: tuple[WorldPublicIp, ...] = ()
    prefixes: tuple[WorldPrefix, ...] = ()
    route_tables: tuple[WorldRouteTable, ...] = ()
    load_balancers: tuple[WorldLoadBalancer, ...] = ()
    security_groups: tuple[WorldGroup, ...] = ()
    application_groups: tuple[WorldGroup, ...] = ()
    locks: tuple[WorldLock, ...] = ()
    subscription: str = SUBSCRIPTION
    tenant: str = TENANT
    group: str = GROUP
    location: str = LOCATION
    page_size: int = 250

    def node(self, name: str) -> WorldNode:
        """Look a node up by name; KeyError when this world has none of that name."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)


class BuiltInterface(msgspec.Struct, frozen=True):
    """`interface_id` is the id of the resource; `address` its primary private one."""

    interface_id: str
    name: str
    mac: str
    address: str
    addresses: tuple[str, ...]
    subnet: str


class BuiltNode(msgspec.Struct, frozen=True):
    """`interface_id`, `mac` and `address` are the first interface's.

    `vm` is the virtual machine's resource id, `vm_id` its unique id; `principal` the object id of
    its system-assigned identity, `principals` those of all its identities by client id.
    """

    name: str
    vm: str
    vm_id: str
    zone: str
    interface_id: str
    mac: str
    address: str
    principal: str
    client_id: str
    principals: Mapping[str, str]
    interfaces: tuple[BuiltInterface, ...] = ()


class Built(msgspec.Struct, frozen=True):
    """The ids that the cloud gave, by the names of the world; public addresses by their values."""

    subscription: str
    tenant: str
    group: str
    location: str
    nodes: Mapping[str, BuiltNode]
    public_ips: Mapping[str, str]
    route_tables: Mapping[str, str]
    networks: Mapping[str, str]
    subnets: Mapping[str, str]
    load_balancers: Mapping[str, str]
    security_groups: Mapping[str, str]
    application_groups: Mapping[str, str]
    prefixes: Mapping[str, str]

    @property
    def region(self) -> str:
        return self.location

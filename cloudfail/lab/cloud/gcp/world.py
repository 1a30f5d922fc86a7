"""What the embedded Google Cloud is to contain, and what it then contains. JSON in, JSON out."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

PROJECT = "lab-project"
REGION = "europe-west1"
NETWORK = "lab"
ACCOUNT = "cloudfail-node"


class WorldNetwork(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`project` is the host project of a shared VPC; "" is the world's own."""

    name: str
    project: str = ""
    peered: bool = False
    mtu: int = 1460


class WorldSubnet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`ranges` are secondary ranges by name; `ipv6` an optional external or internal /64.

    `nat`: a Cloud Router in its region translates for it.
    """

    name: str
    cidr: str
    region: str = REGION
    network: str = NETWORK
    ranges: Mapping[str, str] = {}
    ipv6: str = ""
    private_google_access: bool = False
    nat: bool = False


class WorldInterface(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`aliases` are CIDRs, or `RANGE-NAME:CIDR` of a secondary range.

    `external` is a reserved or an ephemeral address on it, `config` the access config's name.
    """

    address: str
    subnet: str
    aliases: tuple[str, ...] = ()
    external: str = ""
    config: str = "External NAT"
    tier: str = "PREMIUM"
    ipv6: str = ""


class WorldNode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An instance, and a target instance of the same name. The interfaces are nic0, nic1, ..."""

    name: str
    interfaces: tuple[WorldInterface, ...]
    zone: str = f"{REGION}-b"
    can_ip_forward: bool = True
    tags: tuple[str, ...] = ()
    status: str = "RUNNING"
    target_instance: bool = True


class WorldAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reserved external address; `region` "" makes it a global one."""

    name: str
    address: str
    region: str = REGION
    tier: str = "PREMIUM"


class WorldForwardingRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A regional rule of protocol forwarding; `holder` is a node with a target instance."""

    name: str
    address: str
    holder: str
    region: str = REGION
    protocol: str = "TCP"
    scheme: str = "EXTERNAL"


class WorldRoute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    destination: str
    holder: str
    network: str = NETWORK
    priority: int = 1000
    tags: tuple[str, ...] = ()
    description: str = ""


class World(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`account` is the nodes' service account, before the @."""

    subnets: tuple[WorldSubnet, ...]
    nodes: tuple[WorldNode, ...]
    addresses: tuple[WorldAddress, ...] = ()
    forwarding_rules: tuple[WorldForwardingRule, ...] = ()
    routes: tuple[WorldRoute, ...] = ()
    networks: tuple[WorldNetwork, ...] = (WorldNetwork(NETWORK),)
    project: str = PROJECT
    region: str = REGION
    account: str = ACCOUNT

    @property
    def email(self) -> str:
        """The nodes' service account."""
        return f"{self.account}@{self.project}.iam.gserviceaccount.com"

    def node(self, name: str) -> WorldNode:
        """Look a node up by name; KeyError when this world has none of that name."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)


class BuiltInterface(msgspec.Struct, frozen=True):
    """`interface_id` is the instance's path, /networkInterfaces/ and the name."""

    interface_id: str
    name: str
    mac: str
    address: str
    network: str
    subnetwork: str


class BuiltNode(msgspec.Struct, frozen=True):
    """`interface_id`, `mac` and `address` are nic0's. `instance` and `target_instance` are paths."""

    name: str
    instance: str
    zone: str
    interface_id: str
    mac: str
    address: str
    target_instance: str
    interfaces: tuple[BuiltInterface, ...] = ()


class Built(msgspec.Struct, frozen=True):
    """The paths that the cloud gave, by the names of the world; addresses by their values."""

    project: str
    region: str
    email: str
    nodes: Mapping[str, BuiltNode]
    public_ips: Mapping[str, str]
    forwarding_rules: Mapping[str, str]
    networks: Mapping[str, str]
    subnets: Mapping[str, str]

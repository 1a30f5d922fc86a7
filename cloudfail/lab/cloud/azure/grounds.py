"""What a world has besides its machines: networks, addresses, tables, groups, load balancers."""

from __future__ import annotations

import uuid
from ipaddress import ip_address, ip_network

from cloudfail.lab.cloud.azure.answers import Json
from cloudfail.lab.cloud.azure.links import resource_id
from cloudfail.lab.cloud.azure.store import Store
from cloudfail.lab.cloud.azure.world import (
    Placed,
    World,
    WorldLoadBalancer,
    WorldPublicIp,
    WorldSubnet,
)


class Grounds:
    """Builds them into a store; each table has the ids by the names of the world."""

    def __init__(self, world: World, store: Store) -> None:
        self._world = world
        self._store = store
        self.networks: dict[str, str] = {}
        self.subnets: dict[str, str] = {}
        self.addresses: dict[str, str] = {}
        self.prefixes: dict[str, str] = {}
        self.tables: dict[str, str] = {}
        self.balancers: dict[str, str] = {}
        self.security_groups: dict[str, str] = {}
        self.application_groups: dict[str, str] = {}

    def build(self) -> None:
        world = self._world
        for table in world.route_tables:
            made: Json = {"disableBgpRoutePropagation": False, "routes": []}
            self.tables[table.name] = self.put("routeTables", table.name, made, table)
        for group in world.security_groups:
            made = {"securityRules": [], "defaultSecurityRules": []}
            self.security_groups[group.name] = self.put(
                "networkSecurityGroups", group.name, made, group
            )
        for group in world.application_groups:
            self.application_groups[group.name] = self.put(
                "applicationSecurityGroups", group.name, {}, group
            )
        for prefix in world.prefixes:
            made = _prefix(prefix.cidr)
            sku = {"name": "Standard", "tier": "Regional"}
            self.prefixes[prefix.name] = self.put(
                "publicIPPrefixes", prefix.name, made, prefix, sku=sku
            )
        for address in world.public_ips:
            self.put_address(address)
        self._build_networks()
        for balancer in world.load_balancers:
            self._build_balancer(balancer)

    def put(self, kind: str, name: str, properties: Json, placed: Placed, **more: object) -> str:
        """Create a resource where it is placed, and return its id."""
        resource = self.id_of(kind, name, placed)
        guid = {"resourceGuid": guid_of(resource)} if kind in _WITH_GUID else {}
        made = {"location": self._world.location, **more, "properties": {**properties, **guid}}
        self._store.put(resource, made)
        return resource

    def id_of(self, kind: str, name: str, placed: Placed) -> str:
        subscription = placed.subscription or self._world.subscription
        return resource_id(subscription, placed.group or self._world.group, kind, name)

    def put_address(self, item: WorldPublicIp) -> str:
        made: Json = {
            "ipAddress": str(ip_address(item.address)),
            "publicIPAddressVersion": f"IPv{ip_address(item.address).version}",
            "publicIPAllocationMethod": "Static",
            "idleTimeoutInMinutes": 4,
            "ipTags": [],
            "ddosSettings": {"protectionMode": "VirtualNetworkInherited"},
            **item.extra,
        }
        if item.prefix:
            made["publicIPPrefix"] = {"id": self.prefixes[item.prefix]}
        more: Json = {"sku": {"name": item.sku, "tier": "Regional"}}
        more |= {"zones": list(item.zones)} if item.zones else {}
        found = self.put("publicIPAddresses", item.name, made, item, **more)
        if item.prefix:
            self._join_prefix(item, found)
        self.addresses[str(ip_address(item.address))] = found
        return found

    def _join_prefix(self, item: WorldPublicIp, address: str) -> None:
        prefix = self._store.edit(self.prefixes[item.prefix])
        if ip_address(item.address) not in ip_network(prefix["properties"]["ipPrefix"]):
            raise ValueError(f"{item.address} is not in the prefix {item.prefix}")
        prefix["properties"].setdefault("publicIPAddresses", []).append({"id": address})
        self._store.put(prefix["id"], prefix)

    def _build_networks(self) -> None:
        for network in self._world.networks:
            resource = self.id_of("virtualNetworks", network.name, network)
            mine = [item for item in self._world.subnets if item.network == network.name]
            for item in mine:
                self.subnets[item.name] = f"{resource}/subnets/{item.name}"
            made = {
                "addressSpace": {"addressPrefixes": list(network.prefixes)},
                "subnets": [self._subnet(item, network) for item in mine],
                "virtualNetworkPeerings": [],
                "enableDdosProtection": False,
            }
            self.networks[network.name] = self.put("virtualNetworks", network.name, made, network)
        lost = [item.name for item in self._world.subnets if item.name not in self.subnets]
        if lost:
            raise ValueError(f"the subnets {', '.join(lost)} are in no network of this world")

    def _subnet(self, item: WorldSubnet, network: Placed) -> Json:
        prefixes = [item.cidr, *([item.ipv6] if item.ipv6 else [])]
        made: Json = {
            "delegations": [],
            "privateEndpointNetworkPolicies": "Disabled",
            "privateLinkServiceNetworkPolicies": "Enabled",
            "defaultOutboundAccess": item.default_outbound,
        }
        made |= {"addressPrefixes": prefixes} if item.ipv6 else {"addressPrefix": item.cidr}
        if item.table:
            made["routeTable"] = {"id": self.tables[item.table]}
        if item.security_group:
            made["networkSecurityGroup"] = {"id": self.security_groups[item.security_group]}
        if item.nat or item.nat_ip:
            made["natGateway"] = {"id": self._put_nat(item, network)}
        return {"name": item.name, "properties": made}

    def _put_nat(self, item: WorldSubnet, network: Placed) -> str:
        made: Json = {"idleTimeoutInMinutes": 4}
        if item.nat_ip:
            made["publicIpAddresses"] = [{"id": self._address(item.nat_ip)}]
        sku = {"name": "Standard"}
        return self.put("natGateways", f"{item.name}-nat", made, network, sku=sku)

    def _address(self, text: str) -> str:
        return self.addresses[str(ip_address(text))]

    def _build_balancer(self, item: WorldLoadBalancer) -> None:
        resource = self.id_of("loadBalancers", item.name, item)
        frontend = {"id": f"{resource}/frontendIPConfigurations/frontend"}
        public = (
            {"publicIPAddress": {"id": self._address(item.public_ip)}} if item.public_ip else {}
        )
        rules = [
            {
                "name": name,
                "properties": {
                    "frontendIPConfiguration": frontend,
                    "protocol": "Tcp",
                    "frontendPort": port,
                    "backendPort": port,
                    "enableFloatingIP": False,
                    "idleTimeoutInMinutes": 4,
                },
            }
            for name, port in item.nat_rules.items()
        ]
        made = {
            "frontendIPConfigurations": [{"name": "frontend", **frontend, "properties": public}],
            "backendAddressPools": [{"name": name, "properties": {}} for name in item.pools],
            "inboundNatRules": rules,
            "loadBalancingRules": [],
            "probes": [],
        }
        sku = {"name": "Standard", "tier": "Regional"}
        self.balancers[item.name] = self.put("loadBalancers", item.name, made, item, sku=sku)


_WITH_GUID = {"publicIPAddresses", "virtualNetworks", "loadBalancers", "networkSecurityGroups"}


def guid_of(text: str) -> str:
    """Return the GUID that is always this text's."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, text.lower()))


def _prefix(cidr: str) -> Json:
    network = ip_network(cidr)
    return {
        "ipPrefix": str(network),
        "prefixLength": network.prefixlen,
        "publicIPAddressVersion": f"IPv{network.version}",
    }

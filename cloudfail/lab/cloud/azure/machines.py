"""A world's virtual machines: what of them the network knows, and their interfaces and routes."""

from __future__ import annotations

import hashlib
from ipaddress import ip_address
from typing import Any

from cloudfail.lab.cloud.azure.answers import Json
from cloudfail.lab.cloud.azure.grounds import Grounds, guid_of
from cloudfail.lab.cloud.azure.links import group_id, key_of
from cloudfail.lab.cloud.azure.methods.interfaces import new_interface
from cloudfail.lab.cloud.azure.methods.routes import new_route
from cloudfail.lab.cloud.azure.store import Store
from cloudfail.lab.cloud.azure.world import (
    BuiltInterface,
    BuiltNode,
    World,
    WorldConfig,
    WorldInterface,
    WorldNode,
    WorldPublicIp,
    WorldRoute,
)

_METHOD = {True: "Static", False: "Dynamic"}


class Machines:
    def __init__(self, world: World, store: Store, grounds: Grounds) -> None:
        self._world = world
        self._store = store
        self._grounds = grounds
        self.zones: dict[str, str] = {}

    def build(self, node: WorldNode) -> BuiltNode:
        subscription = node.subscription or self._world.subscription
        group = group_id(subscription, node.group or self._world.group)
        machine = f"{group}/providers/Microsoft.Compute/virtualMachines/{node.name}"
        self.zones[key_of(machine)] = node.zone
        built = tuple(
            self._interface(node, item, number, machine)
            for number, item in enumerate(node.interfaces, 1)
        )
        own = guid_of(f"{machine}/identity")
        client = guid_of(f"{machine}/client")
        others = {name: guid_of(f"identity/{name}") for name in node.client_ids}
        return BuiltNode(
            name=node.name,
            vm=machine,
            vm_id=guid_of(machine),
            zone=node.zone,
            interface_id=built[0].interface_id,
            mac=built[0].mac,
            address=built[0].address,
            principal=own,
            client_id=client,
            principals={client: own, **others},
            interfaces=built,
        )

    def put_route(self, resource: str, route: WorldRoute, hop: str) -> None:
        properties: Json = {"addressPrefix": route.prefix, "nextHopType": route.type}
        properties |= {"nextHopIpAddress": hop} if hop else {}
        properties |= route.extra
        table = new_route(self._store, resource, {"properties": properties})
        self._store.put(table["id"], table)

    def _interface(
        self, node: WorldNode, item: WorldInterface, number: int, machine: str
    ) -> BuiltInterface:
        name = item.name or (f"{node.name}-nic" if number == 1 else f"{node.name}-nic{number}")
        resource = self._grounds.id_of("networkInterfaces", name, _placed(item, node))
        mac = _mac_of(resource)
        skeleton = {
            "macAddress": mac.upper().replace(":", "-"),
            "primary": number == 1,
            "resourceGuid": guid_of(resource),
            "virtualMachine": {"id": machine},
            "defaultOutboundConnectivityEnabled": False,
            "ipConfigurations": [],
        }
        where = {"location": self._world.location}
        self._store.put(resource, {**where, "properties": skeleton})
        body = {**where, "tags": dict(item.tags), **item.top_extra}
        body["properties"] = self._properties(name, item)
        made = new_interface(self._store, resource, body, self.zones)
        for config, world in zip(made["properties"]["ipConfigurations"], item.configs, strict=True):
            config["properties"]["privateIPAllocationMethod"] = _METHOD[world.static]
        self._store.put(resource, made)
        configs = made["properties"]["ipConfigurations"]
        addresses = tuple(config["properties"]["privateIPAddress"] for config in configs)
        return BuiltInterface(
            interface_id=resource,
            name=name,
            mac=mac,
            address=addresses[0],
            addresses=addresses,
            subnet=configs[0]["properties"]["subnet"]["id"],
        )

    def _properties(self, name: str, item: WorldInterface) -> Json:
        made: Json = {
            "enableIPForwarding": item.ip_forwarding,
            "enableAcceleratedNetworking": item.accelerated,
            "dnsSettings": {"dnsServers": list(item.dns_servers)},
            "ipConfigurations": [
                self._config(config, name, number) for number, config in enumerate(item.configs, 1)
            ],
            **item.extra,
        }
        if item.security_group:
            group = self._grounds.security_groups[item.security_group]
            made["networkSecurityGroup"] = {"id": group}
        return made

    def _config(self, config: WorldConfig, nic: str, number: int) -> Json:
        name = config.name or f"ipconfig{number}"
        made: Json = {
            "privateIPAddress": str(ip_address(config.address)),
            "privateIPAddressVersion": f"IPv{ip_address(config.address).version}",
            # A dynamic one would get another address than the world's.
            "privateIPAllocationMethod": "Static",
            "primary": number == 1,
            "subnet": {"id": self._grounds.subnets[config.subnet]},
            **config.extra,
        }
        made |= self._links(config)
        if config.public_ip:
            made["publicIPAddress"] = {"id": self._public(config.public_ip, f"{nic}-{name}")}
        return {"name": name, "properties": made}

    def _links(self, config: WorldConfig) -> dict[str, Any]:
        grounds = self._grounds
        made = {
            "applicationSecurityGroups": [
                grounds.application_groups[name] for name in config.application_groups
            ],
            "loadBalancerBackendAddressPools": [
                _below(grounds, text, "backendAddressPools") for text in config.pools
            ],
            "loadBalancerInboundNatRules": [
                _below(grounds, text, "inboundNatRules") for text in config.nat_rules
            ],
        }
        return {name: [{"id": item} for item in ids] for name, ids in made.items() if ids}

    def _public(self, address: str, name: str) -> str:
        found = self._grounds.addresses.get(str(ip_address(address)))
        if found is not None:
            return found
        return self._grounds.put_address(WorldPublicIp(name=name, address=address))


def _placed(item: WorldInterface, node: WorldNode) -> WorldNode | WorldInterface:
    return item if item.group or item.subscription else node


def _below(grounds: Grounds, text: str, kind: str) -> str:
    balancer, _, name = text.partition("/")
    return f"{grounds.balancers[balancer]}/{kind}/{name}"


def _mac_of(resource: str) -> str:
    """Return a MAC with Microsoft's prefix, always the same for an interface."""
    digest = hashlib.sha256(resource.lower().encode()).digest()
    return "00:0d:3a:" + ":".join(f"{byte:02x}" for byte in digest[:3])

"""Builds a world into a store; the same rules hold it that hold the API's users."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from cloudfail.errors import UsageError
from cloudfail.lab.cloud.gcp.answers import ComputeError, Json
from cloudfail.lab.cloud.gcp.links import link, region_of
from cloudfail.lab.cloud.gcp.nics import seats
from cloudfail.lab.cloud.gcp.rules import aliases, routes
from cloudfail.lab.cloud.gcp.store import Store
from cloudfail.lab.cloud.gcp.world import (
    Built,
    BuiltInterface,
    BuiltNode,
    World,
    WorldInterface,
    WorldNode,
)


class Builder:
    """One world into an empty store. UsageError when Google's rules do not allow that world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.store = Store()
        self._networks: dict[str, str] = {}
        self._subnets: dict[str, str] = {}

    def build(self) -> Built:
        try:
            return self._build()
        except (ComputeError, KeyError, ValueError) as exc:
            raise UsageError(f"the embedded cloud cannot build this world: {exc}") from exc

    @property
    def hosts(self) -> dict[str, str]:
        """Service projects and their host projects; a project that has none maps to ""."""
        found = [item.project for item in self._world.networks if item.project]
        return {self._world.project: found[0] if found else ""}

    def _build(self) -> Built:
        self._create_networks()
        self._create_subnets()
        nodes = {node.name: self._create_node(node) for node in self._world.nodes}
        self._check_aliases()
        addresses = {item.address: self._create_address(item) for item in self._world.addresses}
        rules = {r.name: self._create_rule(r, nodes) for r in self._world.forwarding_rules}
        for route in self._world.routes:
            self._create_route(route, nodes)
        return Built(
            project=self._world.project,
            region=self._world.region,
            email=self._world.email,
            nodes=nodes,
            public_ips=addresses,
            forwarding_rules=rules,
            networks=self._networks,
            subnets=self._subnets,
        )

    def _create_networks(self) -> None:
        for item in self._world.networks:
            path = f"projects/{item.project or self._world.project}/global/networks/{item.name}"
            peering = {"name": "peering", "state": "ACTIVE", "network": link(f"{path}-peer")}
            peerings = {"peerings": [peering]} if item.peered else {}
            self.store.put(path, {"mtu": item.mtu, "autoCreateSubnetworks": False, **peerings})
            self._networks[item.name] = path

    def _create_subnets(self) -> None:
        for item in self._world.subnets:
            network = self._networks[item.network]
            project = network.split("/")[1]
            path = f"projects/{project}/regions/{item.region}/subnetworks/{item.name}"
            first = ip_network(item.cidr)[1]
            ranges = [{"rangeName": k, "ipCidrRange": v} for k, v in item.ranges.items()]
            made = {
                "network": link(network),
                "ipCidrRange": item.cidr,
                "gatewayAddress": str(first),
                "privateIpGoogleAccess": item.private_google_access,
                "purpose": "PRIVATE",
                "stackType": "IPV4_IPV6" if item.ipv6 else "IPV4_ONLY",
            }
            made |= {"secondaryIpRanges": ranges} if ranges else {}
            made |= {"ipv6CidrRange": item.ipv6, "ipv6AccessType": "EXTERNAL"} if item.ipv6 else {}
            self.store.put(path, made)
            self._subnets[item.name] = path
            if item.nat:
                self._create_nat(item.name, path, network)
            self._create_places(project, item.region)

    def _create_nat(self, name: str, subnet: str, network: str) -> None:
        nat = {
            "name": "nat",
            "natIpAllocateOption": "AUTO_ONLY",
            "sourceSubnetworkIpRangesToNat": "LIST_OF_SUBNETWORKS",
            "subnetworks": [
                {"name": link(subnet), "sourceIpRangesToNat": ["PRIMARY_IP_RANGE"]},
            ],
        }
        router = {"network": link(network), "nats": [nat]}
        self.store.put(f"{subnet.rsplit('/', 2)[0]}/routers/{name}", router)

    def _create_places(self, project: str, region: str) -> None:
        self.store.put(f"projects/{project}/regions/{region}", {"status": "UP"})
        for zone in (node.zone for node in self._world.nodes if node.zone.startswith(region)):
            made = {"status": "UP", "region": link(f"projects/{project}/regions/{region}")}
            self.store.put(f"projects/{project}/zones/{zone}", made)

    def _create_node(self, node: WorldNode) -> BuiltNode:
        scope = f"projects/{self._world.project}/zones/{node.zone}"
        path = f"{scope}/instances/{node.name}"
        nics = [self._nic(item, n) for n, item in enumerate(node.interfaces)]
        self.store.put(
            path,
            {
                "status": node.status,
                "machineType": link(f"{scope}/machineTypes/e2-small"),
                "canIpForward": node.can_ip_forward,
                "networkInterfaces": nics,
                "serviceAccounts": [{"email": self._world.email, "scopes": [_SCOPE]}],
                "tags": {"items": list(node.tags)} if node.tags else {},
            },
        )
        target = f"{scope}/targetInstances/{node.name}" if node.target_instance else ""
        if target:
            self.store.put(target, {"instance": link(path), "natPolicy": "NO_NAT"})
        built = tuple(
            BuiltInterface(
                interface_id=f"{path}/networkInterfaces/nic{number}",
                name=f"nic{number}",
                mac=mac_of(item.address),
                address=item.address,
                network=self._network_of(item),
                subnetwork=self._subnets[item.subnet],
            )
            for number, item in enumerate(node.interfaces)
        )
        main = built[0]
        return BuiltNode(
            name=node.name,
            instance=path,
            zone=node.zone,
            interface_id=main.interface_id,
            mac=main.mac,
            address=main.address,
            target_instance=target,
            interfaces=built,
        )

    def _nic(self, item: WorldInterface, number: int) -> Json:
        nic: Json = {
            "kind": "compute#networkInterface",
            "name": f"nic{number}",
            "network": link(self._network_of(item)),
            "subnetwork": link(self._subnets[item.subnet]),
            "networkIP": item.address,
            "nicType": "VIRTIO_NET",
            "stackType": "IPV4_IPV6" if item.ipv6 else "IPV4_ONLY",
        }
        if item.ipv6:
            nic["ipv6Address"] = item.ipv6
        if item.aliases:
            nic["aliasIpRanges"] = [_alias(text) for text in item.aliases]
        if item.external:
            config = {
                "kind": "compute#accessConfig",
                "type": "ONE_TO_ONE_NAT",
                "name": item.config,
                "natIP": item.external,
                "networkTier": item.tier,
            }
            nic["accessConfigs"] = [config]
        return nic

    def _network_of(self, item: WorldInterface) -> str:
        subnet = next(known for known in self._world.subnets if known.name == item.subnet)
        return self._networks[subnet.network]

    def _check_aliases(self) -> None:
        for seat in list(seats(self.store)):
            ranges = seat.nic.get("aliasIpRanges", [])
            aliases.require_ranges_in_subnet(self.store, seat, ranges)
            aliases.require_ranges_unused(self.store, seat, ranges)

    def _create_address(self, item: Any) -> str:
        scope = f"regions/{item.region}" if item.region else "global"
        path = f"projects/{self._world.project}/{scope}/addresses/{item.name}"
        version = ip_address(item.address).version
        made = {
            "address": item.address,
            "addressType": "EXTERNAL",
            "ipVersion": f"IPV{version}",
            "networkTier": item.tier,
        }
        self.store.put(path, made)
        return path

    def _create_rule(self, item: Any, nodes: Mapping[str, BuiltNode]) -> str:
        path = f"projects/{self._world.project}/regions/{item.region}/forwardingRules/{item.name}"
        target = nodes[item.holder].target_instance
        if region_of(target) != item.region:
            raise ValueError(f"{item.holder} is not in {item.region}, where {item.name} is")
        made = {
            "IPAddress": item.address,
            "IPProtocol": item.protocol,
            "ipVersion": f"IPV{ip_address(item.address).version}",
            "loadBalancingScheme": item.scheme,
            "networkTier": "PREMIUM",
            "target": link(target),
        }
        self.store.put(path, made)
        return path

    def _create_route(self, item: Any, nodes: Mapping[str, BuiltNode]) -> None:
        network = self._networks[item.network]
        project = network.split("/")[1]
        destination = ip_network(item.destination)
        routes.require_outside_subnets(self.store, network, destination, project)
        made = {
            "network": link(network),
            "destRange": str(destination),
            "priority": item.priority,
            "nextHopInstance": link(nodes[item.holder].instance),
            "routeType": "STATIC",
            "description": item.description,
        }
        made |= {"tags": list(item.tags)} if item.tags else {}
        self.store.put(f"projects/{project}/global/routes/{item.name}", made)


_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


def mac_of(address: str) -> str:
    """Return the MAC that Compute gives to this primary address: 42:01 and the address."""
    return "42:01:" + ":".join(f"{byte:02x}" for byte in ip_address(address).packed)


def _alias(text: str) -> Json:
    name, _, cidr = text.rpartition(":") if text.count(":") == 1 else ("", "", text)
    return {"ipCidrRange": cidr, **({"subnetworkRangeName": name} if name else {})}

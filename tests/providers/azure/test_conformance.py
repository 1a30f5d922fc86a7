"""The obligations of every provider, on the embedded Azure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.azure.world import (
    World,
    WorldConfig,
    WorldInterface,
    WorldNode,
    WorldPublicIp,
    WorldRoute,
    WorldRouteTable,
    WorldSubnet,
)
from cloudfail.lab.cloud.faults import Faults
from cloudfail.model import Address, Claim, Owner, Peer, PrivateIp, PublicIp, Route
from cloudfail.provider import ProviderSpec, Setup
from cloudfail.testing.conformance import ConformanceSuite

from cloudfail_azure import SPEC
from cloudfail_azure.settings import AzureSettings
from providers.azure.nodes import edit

PRIVATE, PUBLIC, PUBLIC6, SEATED = "10.0.1.100", "203.0.113.9", "2001:db8:ff::9", "203.0.113.10"
HOLDERS = {Owner.MINE: "a", Owner.PEER: "b", Owner.STRANGER: "x", Owner.NOBODY: ""}


def _node(name: str, last: int) -> WorldNode:
    configs = (
        WorldConfig(f"10.0.1.{last}", "one"),
        WorldConfig(f"2001:db8:1::{last}", "one", name="six"),
    )
    return WorldNode(name, (WorldInterface(configs),))


MANY = World(
    subnets=(WorldSubnet("one", "10.0.1.0/24", ipv6="2001:db8:1::/64", nat=True),),
    nodes=(_node("a", 10), _node("b", 11), _node("x", 99)),
    public_ips=(
        WorldPublicIp("edge", PUBLIC),
        WorldPublicIp("edge6", PUBLIC6),
        WorldPublicIp("seated", SEATED),
        WorldPublicIp("else", "203.0.113.20"),
    ),
    route_tables=(
        WorldRouteTable("edge", (WorldRoute("other", "10.98.0.0/16", "b"),)),
        WorldRouteTable(
            "more", tuple(WorldRoute(f"r{n}", f"10.200.{n}.0/24", "b") for n in range(1, 13))
        ),
    ),
)


class AzureHarness:
    """Arranges the embedded cloud past its faults and its log."""

    spec: ProviderSpec = SPEC

    def __init__(self, cloud: EmbeddedAzure) -> None:
        self.cloud = cloud
        self.claims: Sequence[Claim] = (
            Route(table="edge", destination=ip_network("10.99.0.0/16")),
            Route(
                table=cloud.built.route_tables["edge"], destination=ip_network("2001:db8:9::/48")
            ),
            PrivateIp(address=ip_address(PRIVATE)),
            PublicIp(address=ip_address(PUBLIC)),
            PublicIp(address=ip_address(PUBLIC6), resource_id=cloud.built.public_ips[PUBLIC6]),
            PublicIp(address=ip_address(SEATED), private_address=ip_address(PRIVATE)),
        )

    def setup(self) -> Setup:
        return Setup(
            settings=AzureSettings(endpoint=self.cloud.endpoint, ca_file=self.cloud.ca_file),
            peers=(Peer(name="b", address=ip_address("10.0.1.11")),),
        )

    def give(self, claim: Claim, owner: Owner) -> bool:
        name = HOLDERS[owner]
        match claim:
            case Route():
                self._lead(claim, name)
            case PrivateIp():
                self._carry(claim, name)
            case PublicIp():
                self._attach(claim, name)
            case _:
                return False
        return True

    def _carry(self, claim: PrivateIp, name: str) -> None:
        subnet = self.cloud.built.subnets["one"]
        for node, built in self.cloud.built.nodes.items():
            edit(self.cloud, built.interface_id, partial(_seat, claim.target, subnet, node == name))

    def _attach(self, claim: PublicIp, name: str) -> None:
        public = self.cloud.built.public_ips[claim.target]
        if claim.private_address is not None and name:
            self._carry(PrivateIp(address=claim.private_address), name)
        for node, built in self.cloud.built.nodes.items():
            seat = claim.private_address or _first(built.interfaces[0].addresses, claim.address)
            edit(
                self.cloud,
                built.interface_id,
                partial(_attach, public, str(seat), node == name),
            )

    def _lead(self, claim: Route, name: str) -> None:
        prefix = str(claim.destination)
        hop = ""
        if name:
            there = self.cloud.built.nodes[name].interfaces[0].addresses
            hop = _first(there, claim.destination.network_address)
        edit(self.cloud, self.cloud.built.route_tables["edge"], partial(_lead, prefix, hop))

    def more(self, count: int) -> Sequence[Claim]:
        return [
            Route(table="more", destination=ip_network(f"10.200.{n}.0/24"))
            for n in range(1, count + 1)
        ]

    def writes(self) -> int:
        return sum(call.mutating for call in self.cloud.calls)

    def reads(self) -> int:
        return sum(not call.mutating for call in self.cloud.calls)

    @contextmanager
    def fail_reads(self) -> Iterator[None]:
        self.cloud.faults = Faults(errors={"*": (503, "ServerBusy", 10_000)})
        yield
        self.cloud.faults = Faults()

    fail_writes = fail_reads

    def elsewhere(self) -> Mapping[str, str]:
        claimed = {PRIVATE, PUBLIC, PUBLIC6, SEATED}
        claimed |= {str(c.destination) for c in self.claims if isinstance(c, Route)}
        return {
            f"{held.kind} {held.target}": held.holder
            for held in self.cloud.holders
            if held.target.rpartition(" ")[2] not in claimed
        }


def _first(addresses: Sequence[str], like: Address) -> str:
    return next(one for one in addresses if ip_address(one).version == like.version)


def _seat(address: str, subnet: str, there: bool, nic: dict[str, Any]) -> None:
    configs = nic["properties"]["ipConfigurations"]
    configs[:] = [c for c in configs if c["properties"]["privateIPAddress"] != address]
    if there:
        properties = {
            "privateIPAddress": address,
            "privateIPAllocationMethod": "Static",
            "privateIPAddressVersion": "IPv4",
            "primary": False,
            "subnet": {"id": subnet},
        }
        configs.append({"name": "vip", "properties": properties})


def _attach(public: str, seat: str, there: bool, nic: dict[str, Any]) -> None:
    for config in nic["properties"]["ipConfigurations"]:
        properties = config["properties"]
        if properties.get("publicIPAddress") == {"id": public}:
            properties.pop("publicIPAddress")
        if there and properties["privateIPAddress"] == seat:
            properties["publicIPAddress"] = {"id": public}


def _lead(prefix: str, hop: str, table: dict[str, Any]) -> None:
    routes = table["properties"]["routes"]
    routes[:] = [r for r in routes if r["properties"]["addressPrefix"] != prefix]
    if hop:
        properties = {
            "addressPrefix": prefix,
            "nextHopType": "VirtualAppliance",
            "nextHopIpAddress": hop,
            "hasBgpOverride": False,
        }
        name = "".join(sign for sign in prefix if sign.isalnum())
        routes.append({"name": name, "properties": properties})


class TestAzure(ConformanceSuite):
    @pytest.fixture
    def harness(self, cloud: EmbeddedAzure, monkeypatch: pytest.MonkeyPatch) -> AzureHarness:
        cloud.build(MANY)
        host = cloud.metadata_endpoint("a")
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", host)
        return AzureHarness(cloud)

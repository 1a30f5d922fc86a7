"""The obligations of every provider, on the embedded AWS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from cloudfail.lab.cloud.aws.embedded import EmbeddedAws
from cloudfail.lab.cloud.faults import Faults
from cloudfail.model import Claim, Owner, Peer, PrivateIp, PublicIp, Route
from cloudfail.provider import ProviderSpec, Setup
from cloudfail.testing.conformance import ConformanceSuite

from cloudfail_aws import SPEC
from cloudfail_aws.settings import AwsSettings

HOLDERS = {Owner.MINE: "a", Owner.PEER: "b", Owner.STRANGER: "x", Owner.NOBODY: ""}


class AwsHarness:
    """Arranges the embedded cloud past its faults and its log."""

    spec: ProviderSpec = SPEC

    def __init__(self, cloud: EmbeddedAws) -> None:
        self.cloud = cloud
        self.table = cloud.built.tables["t"]
        self.claims: Sequence[Claim] = (
            PublicIp(address=ip_address("203.0.113.7")),
            PrivateIp(address=ip_address("10.0.1.150")),
            PrivateIp(address=ip_address("2001:db8:0:1::150")),
            Route(table=self.table, destination=ip_network("10.99.0.0/16")),
            Route(table=self.table, destination=ip_network("2001:db8:99::/64")),
        )

    def setup(self) -> Setup:
        return Setup(
            settings=AwsSettings(endpoint=self.cloud.endpoint),
            peers=(Peer(name="b", address=ip_address("10.0.1.11")),),
        )

    def give(self, claim: Claim, owner: Owner) -> bool:
        name = HOLDERS[owner]
        eni = self.cloud.built.nodes[name].interface_id if name else ""
        ec2 = self.cloud.client()
        match claim:
            case PublicIp():
                _give_public(ec2, str(claim.address), eni)
            case PrivateIp():
                _give_private(ec2, claim, eni)
            case Route():
                _give_route(ec2, claim, eni)
            case _:
                return False
        return True

    def more(self, count: int) -> Sequence[Claim]:
        claims = [
            Route(table=self.table, destination=ip_network(f"10.{100 + n}.0.0/16"))
            for n in range(count)
        ]
        for claim in claims:
            self.give(claim, Owner.PEER)
        return claims

    def writes(self) -> int:
        return sum(call.mutating for call in self.cloud.calls)

    def reads(self) -> int:
        return sum(not call.mutating for call in self.cloud.calls)

    @contextmanager
    def fail_reads(self) -> Iterator[None]:
        self.cloud.faults = Faults(throttle={"*": 10_000})
        yield
        self.cloud.faults = Faults()

    fail_writes = fail_reads

    def elsewhere(self) -> Mapping[str, str]:
        claimed = {claim.target for claim in self.claims}
        return {
            f"{held.kind} {held.target}": held.holder
            for held in self.cloud.holders
            if held.target not in claimed
        }


def _give_public(ec2: Any, address: str, eni: str) -> None:
    (found,) = ec2.describe_addresses(PublicIps=[address])["Addresses"]
    if eni:
        ec2.associate_address(
            AllocationId=found["AllocationId"], NetworkInterfaceId=eni, AllowReassociation=True
        )
    elif "AssociationId" in found:
        ec2.disassociate_address(AssociationId=found["AssociationId"])


def _give_private(ec2: Any, claim: PrivateIp, eni: str) -> None:
    key, item = ("PrivateIpAddresses", "PrivateIpAddress")
    if claim.address.version == 6:
        key, item = ("Ipv6Addresses", "Ipv6Address")
    verb = "private_ip_addresses" if claim.address.version == 4 else "ipv6_addresses"
    for nic in ec2.describe_network_interfaces()["NetworkInterfaces"]:
        if claim.target in {entry[item] for entry in nic.get(key, [])}:
            release = getattr(ec2, f"unassign_{verb}")
            release(NetworkInterfaceId=nic["NetworkInterfaceId"], **{key: [claim.target]})
    if eni:
        getattr(ec2, f"assign_{verb}")(NetworkInterfaceId=eni, **{key: [claim.target]})


def _give_route(ec2: Any, claim: Route, eni: str) -> None:
    key = "DestinationCidrBlock"
    if claim.destination.version == 6:
        key = "DestinationIpv6CidrBlock"
    where = {"RouteTableId": claim.table, key: str(claim.destination)}
    (table,) = ec2.describe_route_tables(RouteTableIds=[claim.table])["RouteTables"]
    if any(route.get(key) == where[key] for route in table["Routes"]):
        ec2.delete_route(**where)
    if eni:
        ec2.create_route(**where, NetworkInterfaceId=eni)


class TestAws(ConformanceSuite):
    @pytest.fixture
    def harness(self, cloud: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> AwsHarness:
        endpoint = cloud.metadata_endpoint("a")
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint)
        return AwsHarness(cloud)

"""The obligations of every provider, on the embedded Google Cloud."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.links import link
from cloudfail.lab.cloud.gcp.store import Store
from cloudfail.lab.cloud.gcp.world import WorldForwardingRule
from cloudfail.model import Claim, ForwardingRule, Owner, Peer, PrivateIp, PublicIp, Route
from cloudfail.provider import ProviderSpec, Setup
from cloudfail.testing.conformance import ConformanceSuite

from cloudfail_gcp import SPEC
from cloudfail_gcp.settings import GcpSettings
from providers.gcp.nodes import ALIAS, PUBLIC, REGION, WORLD, edit_interfaces

NETWORK = "projects/lab-project/global/networks/lab"
HOLDERS = {Owner.MINE: "a", Owner.PEER: "b", Owner.STRANGER: "x", Owner.NOBODY: ""}
MANY = msgspec.structs.replace(
    WORLD,
    forwarding_rules=(
        *WORLD.forwarding_rules,
        *(WorldForwardingRule(f"more{n}", f"198.51.100.{n}", "b") for n in range(1, 41)),
    ),
)


class GcpHarness:
    """Arranges the embedded cloud past its faults and its log."""

    spec: ProviderSpec = SPEC

    def __init__(self, cloud: EmbeddedGcp) -> None:
        self.cloud = cloud
        self.claims: Sequence[Claim] = (
            ForwardingRule(name="edge"),
            ForwardingRule(name="edge6", region=REGION, project="lab-project"),
            Route(table="lab", destination=ip_network("10.99.0.0/16")),
            Route(table=NETWORK, destination=ip_network("2001:db8:99::/64")),
            PrivateIp(address=ip_address(ALIAS)),
            PrivateIp(address=ip_address("10.64.0.16"), prefix_length=28),
            PublicIp(address=ip_address(PUBLIC)),
        )

    def setup(self) -> Setup:
        return Setup(
            settings=GcpSettings(endpoint=self.cloud.endpoint),
            peers=(Peer(name="b", address=ip_address("10.0.1.11")),),
        )

    def give(self, claim: Claim, owner: Owner) -> bool:
        name = HOLDERS[owner]
        match claim:
            case ForwardingRule():
                self._point(claim, name)
            case Route():
                self._lead(claim, name)
            case PrivateIp():
                self._carry(claim, name)
            case PublicIp():
                self._translate(claim, name)
            case _:
                return False
        return True

    def _carry(self, claim: PrivateIp, name: str) -> None:
        cidr = str(claim.network)
        pods = {"subnetworkRangeName": "pods"} if cidr.startswith("10.64.") else {}
        edit_interfaces(
            self.cloud,
            lambda nic: nic.update(
                aliasIpRanges=[a for a in nic.get("aliasIpRanges", ()) if a["ipCidrRange"] != cidr]
            ),
        )
        if name:
            edit_interfaces(
                self.cloud,
                lambda nic: nic["aliasIpRanges"].append({"ipCidrRange": cidr, **pods}),
                node=name,
            )

    def _translate(self, claim: PublicIp, name: str) -> None:
        config = {"type": "ONE_TO_ONE_NAT", "name": "edge", "natIP": claim.target}
        tier = {"networkTier": "PREMIUM"}
        edit_interfaces(self.cloud, lambda nic: nic.pop("accessConfigs", None))
        if name:
            edit_interfaces(
                self.cloud,
                lambda nic: nic.update(accessConfigs=[{**config, **tier}]),
                node=name,
            )

    def _point(self, claim: ForwardingRule, name: str) -> None:
        path = self.cloud.built.forwarding_rules[claim.name]
        target = self.cloud.built.nodes[name].target_instance if name else f"{_ZONE}/gone"
        self.cloud.api.apply(
            lambda store: store.put(path, {**store.get(path), "target": link(target)})
        )

    def _lead(self, claim: Route, name: str) -> None:
        built = self.cloud.built

        def lead(store: Store) -> None:
            for path, route in list(store.every("routes")):
                if route["destRange"] == str(claim.destination):
                    store.drop(path)
            if name:
                route = {
                    "network": link(NETWORK),
                    "destRange": str(claim.destination),
                    "priority": 1000,
                    "nextHopInstance": link(built.nodes[name].instance),
                    "routeType": "STATIC",
                }
                digest = claim.destination.network_address.packed.hex()
                store.put(f"projects/lab-project/global/routes/r{digest}", route)

        self.cloud.api.apply(lead)

    def more(self, count: int) -> Sequence[Claim]:
        claims = [ForwardingRule(name=f"more{n}") for n in range(1, count + 1)]
        for claim in claims:
            self.give(claim, Owner.PEER)
        return claims

    def writes(self) -> int:
        return sum(call.mutating for call in self.cloud.calls)

    def reads(self) -> int:
        return sum(not call.mutating for call in self.cloud.calls)

    @contextmanager
    def fail_reads(self) -> Iterator[None]:
        self.cloud.faults = Faults(errors={"*": (503, "backendError", 10_000)})
        yield
        self.cloud.faults = Faults()

    fail_writes = fail_reads

    def elsewhere(self) -> Mapping[str, str]:
        claimed = {claim.name for claim in self.claims if isinstance(claim, ForwardingRule)}
        routed = {str(claim.destination) for claim in self.claims if isinstance(claim, Route)}
        routed |= {c.target for c in self.claims if isinstance(c, PrivateIp | PublicIp)}
        names = {
            held.target: held.target.partition(" ")[0].rpartition("/")[2] for held in self._held
        }
        return {
            f"{held.kind} {held.target}": held.holder
            for held in self._held
            if names[held.target] not in claimed and held.target.rpartition(" ")[2] not in routed
        }

    @property
    def _held(self) -> Sequence[Any]:
        return self.cloud.holders


_ZONE = f"projects/lab-project/zones/{REGION}-b/targetInstances"


class TestGcp(ConformanceSuite):
    @pytest.fixture
    def harness(self, cloud: EmbeddedGcp, monkeypatch: pytest.MonkeyPatch) -> GcpHarness:
        cloud.build(MANY)
        host = urlsplit(cloud.metadata_endpoint("a")).netloc
        monkeypatch.setenv("GCE_METADATA_HOST", host)
        return GcpHarness(cloud)

"""The obligations of every provider, where each node has a route all the time."""

from __future__ import annotations

from ipaddress import ip_network
from urllib.parse import urlsplit

import msgspec
import pytest
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.links import link
from cloudfail.model import Claim, Owner, Route
from cloudfail.provider import Setup
from cloudfail.testing.conformance import ConformanceSuite

from cloudfail_gcp import SPEC
from cloudfail_gcp.settings import GcpSettings
from providers.gcp.nodes import DESTINATION
from providers.gcp.test_conformance import MANY, NETWORK, GcpHarness


class StandingHarness(GcpHarness):
    """This node has its route behind a peer's or a stranger's."""

    spec = msgspec.structs.replace(SPEC, kinds=frozenset({"route"}))

    def __init__(self, cloud: EmbeddedGcp) -> None:
        super().__init__(cloud)
        self.claims = (
            Route(table="lab", destination=ip_network(DESTINATION)),
            Route(table=NETWORK, destination=ip_network("2001:db8:99::/64")),
        )

    def setup(self) -> Setup:
        settings = GcpSettings(endpoint=self.cloud.endpoint, standing_routes=True)
        return msgspec.structs.replace(super().setup(), settings=settings)

    def give(self, claim: Claim, owner: Owner) -> bool:
        given = super().give(claim, owner)
        if isinstance(claim, Route) and owner in {Owner.PEER, Owner.STRANGER}:
            route = {
                "network": link(NETWORK),
                "destRange": str(claim.destination),
                "priority": 1001,
                "nextHopInstance": link(self.cloud.built.nodes["a"].instance),
                "routeType": "STATIC",
            }
            path = f"projects/lab-project/global/routes/own-{claim.destination.version}"
            self.cloud.api.apply(lambda store: store.put(path, route))
        return given


class TestStanding(ConformanceSuite):
    @pytest.fixture
    def harness(self, cloud: EmbeddedGcp, monkeypatch: pytest.MonkeyPatch) -> StandingHarness:
        cloud.build(MANY)
        host = urlsplit(cloud.metadata_endpoint("a")).netloc
        monkeypatch.setenv("GCE_METADATA_HOST", host)
        return StandingHarness(cloud)

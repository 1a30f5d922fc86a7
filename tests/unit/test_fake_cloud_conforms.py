"""The fake cloud keeps the contract that it helps to test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network

import msgspec
import pytest
from cloudfail.model import Claim, Owner, Peer, PrivateIp, Route
from cloudfail.provider import Permission, ProviderSpec, Setup
from cloudfail.testing import FakeCloud, FakeWorld
from cloudfail.testing.conformance import ConformanceSuite, Harness

CLAIMS: tuple[Claim, ...] = (
    PrivateIp(address=ip_address("10.0.0.100")),
    Route(destination=ip_network("10.99.0.0/16"), table="rtb-1"),
)
HOLDERS = {Owner.MINE: "a", Owner.PEER: "b", Owner.NOBODY: "", Owner.STRANGER: "x"}


class FakeSettings(msgspec.Struct, frozen=True):
    """No settings."""


class FakeHarness:
    def __init__(self, *, atomic: bool) -> None:
        self.claims: Sequence[Claim] = CLAIMS
        self.world = FakeWorld(dict.fromkeys(CLAIMS, "b"), other={"eni-a": "10.0.0.10"})
        self.built: list[FakeCloud] = []
        self.atomic = atomic
        self.spec = ProviderSpec(
            name="fake",
            summary="a cloud in a dict",
            extra="fake",
            kinds=frozenset({"private-ip", "route"}),
            settings=FakeSettings,
            build=self._build,
            render=lambda step: ["fake", step.call],
            validate=lambda claims: (),
            permissions=lambda claims: (
                Permission(action="fake:Take", method="Take", why="to take", write=True),
            ),
            policy=lambda claims, settings: {},
        )

    def _build(self, setup: Setup) -> FakeCloud:
        self.built.append(FakeCloud(self.world, "a", setup=setup, atomic=self.atomic))
        return self.built[-1]

    def setup(self) -> Setup:
        peer = Peer(name="b", address=ip_address("10.0.0.11"))
        return Setup(settings=FakeSettings(), peers=(peer,))

    def give(self, claim: Claim, owner: Owner) -> bool:
        self.world.put(claim, HOLDERS[owner])
        return True

    def writes(self) -> int:
        return sum(len(cloud.sent) for cloud in self.built)

    def elsewhere(self) -> Mapping[str, str]:
        return dict(self.world.other)


class TestAtomic(ConformanceSuite):
    @pytest.fixture
    def harness(self) -> Harness:
        return FakeHarness(atomic=True)


class TestReleaseFirst(ConformanceSuite):
    @pytest.fixture
    def harness(self) -> Harness:
        return FakeHarness(atomic=False)

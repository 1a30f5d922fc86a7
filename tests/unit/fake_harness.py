"""A fake cloud for the conformance suite to arrange."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import ip_address, ip_network

import msgspec
from cloudfail.model import Claim, Owner, Peer, PrivateIp, PublicIp, Route
from cloudfail.provider import Permission, ProviderSpec, Setup
from cloudfail.testing import FakeCloud, FakeWorld, Fault

CLAIMS: tuple[Claim, ...] = (
    PrivateIp(address=ip_address("10.0.0.100")),
    PrivateIp(address=ip_address("10.0.0.101")),
    PublicIp(address=ip_address("203.0.113.7"), private_address=ip_address("10.0.0.100")),
    Route(destination=ip_network("10.99.0.0/16"), table="rtb-1"),
)
HOLDERS = {Owner.MINE: "a", Owner.PEER: "b", Owner.NOBODY: "", Owner.STRANGER: "x"}
OTHERS = {"private-ip 10.0.0.10": "a", "private-ip 10.0.0.11": "b", "private-ip 10.0.0.12": "x"}


class FakeSettings(msgspec.Struct, frozen=True):
    """No settings."""


class FakeHarness:
    """Builds `plugin`s over one fake world."""

    def __init__(
        self, plugin: type[FakeCloud] = FakeCloud, *, atomic: bool = True, batch: bool = False
    ) -> None:
        self.claims: Sequence[Claim] = CLAIMS
        self.world = FakeWorld(dict.fromkeys(CLAIMS, "b"), other=OTHERS)
        self.built: list[FakeCloud] = []
        self.plugin, self.atomic, self.batch = plugin, atomic, batch
        self.faults = {"reads": Fault.OK, "writes": Fault.OK}
        self.spec = ProviderSpec(
            name="fake",
            summary="a cloud in a dict",
            extra="fake",
            kinds=frozenset({"private-ip", "public-ip", "route"}),
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
        cloud = self.plugin(
            self.world,
            "a",
            setup=setup,
            atomic=self.atomic,
            batch=self.batch,
            reads=self._script("reads"),
            writes=self._script("writes"),
        )
        self.built.append(cloud)
        return cloud

    def setup(self) -> Setup:
        peer = Peer(name="b", address=ip_address("10.0.0.11"))
        return Setup(settings=FakeSettings(), peers=(peer,))

    def give(self, claim: Claim, owner: Owner) -> bool:
        self.world.put(claim, HOLDERS[owner])
        return True

    def more(self, count: int) -> Sequence[Claim]:
        claims = [PrivateIp(address=ip_address(f"10.0.1.{n + 1}")) for n in range(count)]
        for claim in claims:
            self.world.put(claim, "b")
        return claims

    def writes(self) -> int:
        return sum(len(cloud.received) for cloud in self.built)

    def reads(self) -> int:
        return sum(cloud.looks for cloud in self.built)

    def elsewhere(self) -> Mapping[str, str]:
        return dict(self.world.other)

    @contextmanager
    def fail_reads(self) -> Iterator[None]:
        self.faults["reads"] = Fault.ERROR_BEFORE
        yield
        self.faults["reads"] = Fault.OK

    @contextmanager
    def fail_writes(self) -> Iterator[None]:
        self.faults["writes"] = Fault.ERROR_BEFORE
        yield
        self.faults["writes"] = Fault.OK

    def _script(self, what: str) -> Iterator[Fault]:
        while True:
            yield self.faults[what]

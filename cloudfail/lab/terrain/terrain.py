"""A cloud as rehearsals see it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from cloudfail.errors import UsageError
from cloudfail.lab.cloud.interface import BuiltWorld
from cloudfail.lab.topology import INSTANCE, Topology, beside, config_of, with_claims

ClaimTable = Mapping[str, str | Sequence[str]]
"""A claim as cloudfail.toml has it."""


class Terrain(msgspec.Struct, frozen=True, kw_only=True):
    """`moves`: each kind that can be rehearsed, and the API's mutating calls that move one.

    `variants` are the same for other ways to have a kind, by the word that `--claim` takes.
    The first kind is what `lab run` claims where nobody says otherwise; `shown` is what `lab up`
    claims. `built` is what the cloud answers to `build`. `world` is the cloud before anything
    happened: everything that is claimed exists, the nodes have it or nobody. `table` is the id
    that the cloud gave to what routes are claimed in. `throttled_calls`: how many calls
    `api-throttled` throttles; `throttled_for`: how long, in seconds, a caller may rightly take
    then. `keeps_displaced`: an address that another one displaces stays allocated. `one_subnet`: a
    pair is in one subnet, which spans zones, whatever it claims. `together` are kinds that move in
    the same calls, as many as one of them takes. `notice`: the kind of maintenance that is
    announced, in the cloud's word. `waits`: the cloud begins with it once it is acknowledged.
    """

    moves: Mapping[str, tuple[str, ...]]
    variants: Mapping[str, tuple[str, ...]] = {}
    shown: tuple[str, ...]
    built: type[BuiltWorld]
    world: Callable[[Topology], msgspec.Struct]
    table: Callable[[Any], str]
    throttled_calls: int
    throttled_for: float
    keeps_displaced: bool
    notice: str
    waits: bool = False
    one_subnet: bool = False
    together: frozenset[str] = frozenset()

    def topology(self, topology: Topology, *kinds: str) -> Topology:
        """Return the topology with one claim of each kind, as nodes are placed there."""
        made = with_claims(topology, *kinds)
        return replace(made, nodes=beside(made.nodes)) if self.one_subnet else made

    def config(
        self, topology: Topology, built: BuiltWorld, endpoint: str, ca_file: str = ""
    ) -> str:
        """Return cloudfail.toml for nodes of this cloud; `ca_file` is its path on the node."""
        interfaces = {name: place.interface_id for name, place in built.nodes.items()}
        claims = self._claims(topology, built)
        return config_of(topology, interfaces, claims, endpoint, ca_file)

    def _claims(self, topology: Topology, built: BuiltWorld) -> list[ClaimTable]:
        claims: list[ClaimTable] = []
        if topology.public_ip:
            claims.append({"kind": "public-ip", "address": topology.public_ip})
        if topology.forwarding_rule:
            claims.append({"kind": "forwarding-rule", "name": INSTANCE})
        if topology.private_ip:
            claims.append({"kind": "private-ip", "address": topology.private_ip})
        if topology.destination:
            tables = [self.table(built)]
            claims.append({"kind": "route", "destination": topology.destination, "tables": tables})
        return claims

    @property
    def first(self) -> str:
        return next(iter(self.moves))

    def move_of(self, kind: str) -> tuple[str, ...]:
        """UsageError for a kind that this cloud does not have."""
        known = {**self.moves, **self.variants}
        if kind not in known:
            raise UsageError(f"no claim is a {kind} there; --claim takes {', '.join(known)}")
        return known[kind]

    def calls_of(self, kinds: Collection[str]) -> tuple[str, ...]:
        """Return the mutating calls that move one claim of each kind; UsageError as `move_of`."""
        alone = [kind for kind in kinds if kind not in self.together]
        shared = [kind for kind in kinds if kind in self.together][:1]
        return tuple(call for kind in (*alone, *shared) for call in self.move_of(kind))

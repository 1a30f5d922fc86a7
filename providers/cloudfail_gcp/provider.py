"""The provider: who am I, who holds what, what to do, do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cloudfail.clock import Clock, SystemClock
from cloudfail.errors import UnreachableError
from cloudfail.holdings import missing
from cloudfail.model import Address, Claim, Finding, Holding, Lane, Node, Step
from cloudfail.provider import Setup

from cloudfail_gcp.api import Api
from cloudfail_gcp.around import Around
from cloudfail_gcp.certainty import certain
from cloudfail_gcp.execute import execute
from cloudfail_gcp.holdings import facts_to_keep, holding_of
from cloudfail_gcp.identity_by_api import find_node_by_api, is_elsewhere
from cloudfail_gcp.look import Looker
from cloudfail_gcp.machine import Machine
from cloudfail_gcp.members import Members
from cloudfail_gcp.permitted import Grants, permitted
from cloudfail_gcp.plan import lanes_for
from cloudfail_gcp.settings import numbers_of
from cloudfail_gcp.waiting import Operations
from cloudfail_gcp.written import Written


class GcpProvider:
    """Implements `cloudfail.provider.Provider` for Google Cloud."""

    def __init__(self, setup: Setup, machine: Machine, clock: Clock | None = None) -> None:
        self._setup = setup
        self._machine = machine
        self._clock = clock = clock or SystemClock()
        self._api = Api(setup, machine.metadata, clock)
        self._operations = Operations(self._api, clock, setup.while_waiting)
        self._looker = Looker(self._api)
        self._grants = Grants(self._api, clock)
        self._numbers = numbers_of(setup.settings)
        self._written = Written()
        self._by_api: Node | None = None
        self._found: Mapping[Address, str] = {}

    def identify(self) -> Node:
        if self._by_api is not None:
            return self._by_api
        try:
            return self._machine.node()
        except UnreachableError:
            if not is_elsewhere(self._setup):
                raise
        self._by_api = find_node_by_api(self._api, self._setup)
        return self._by_api

    def observe(self, claims: Sequence[Claim]) -> Sequence[Holding]:
        members = Members(node=self.identify(), peers=self._setup.peers, found=self._found)
        began = self._clock.now()
        seen = self._looker.look(claims, members)
        self._operations.see(seen.running, began)
        members = members.seen(seen.peers)
        self._found = members.found
        around = Around(
            members=members,
            numbers=self._numbers,
            now=self._api.said,
            trusts_egress=self._setup.assured_egress,
            kept={claim: self._setup.memory.recall(claim) for claim in claims},
            written=self._written.of(claims),
        )
        holdings = [certain(holding_of(claim, seen, around), seen, around) for claim in claims]
        self._keep(holdings)
        self._written.see(holdings)
        nothing_exists = missing(holdings, "correct the claim, the region or the project")
        if nothing_exists is not None:
            raise nothing_exists
        return permitted(holdings, seen, members.node, self._grants)

    def _keep(self, holdings: Sequence[Holding]) -> None:
        """Keep what a move would lose, whoever moves it and wherever that ends."""
        for holding in holdings:
            facts = facts_to_keep(holding)
            if facts:
                self._setup.memory.keep(holding.claim, facts)

    def steps(self, holdings: Sequence[Holding], node: Node) -> Sequence[Lane]:
        return lanes_for(holdings, node, self._numbers)

    def check(self, lanes: Sequence[Lane]) -> Sequence[Finding]:
        from cloudfail_gcp.check import check_lanes  # not in the way of a promotion

        return check_lanes(self._api, lanes)

    def execute(self, step: Step) -> None:
        execute(self._api, self._operations, step, self._machine.external_address)
        self._written.done(step)

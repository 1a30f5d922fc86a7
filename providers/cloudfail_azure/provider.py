"""The provider: who am I, who holds what, what to do, do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cloudfail.clock import Clock, SystemClock
from cloudfail.holdings import missing
from cloudfail.model import Claim, Finding, Holding, Lane, Node, PrivateIp, Step
from cloudfail.provider import Setup

from cloudfail_azure.api import Api
from cloudfail_azure.around import Around
from cloudfail_azure.execute import execute
from cloudfail_azure.grants import Grants
from cloudfail_azure.holdings import facts_to_keep, holding_of
from cloudfail_azure.locks import Locks
from cloudfail_azure.look import Looker, Seen
from cloudfail_azure.machine import Machine
from cloudfail_azure.members import Members
from cloudfail_azure.permitted import permitted
from cloudfail_azure.plan import lanes_for
from cloudfail_azure.private_holding import public_ip_kept
from cloudfail_azure.waiting import Operations


class AzureProvider:
    """Implements `cloudfail.provider.Provider` for Azure."""

    def __init__(self, setup: Setup, machine: Machine, clock: Clock | None = None) -> None:
        self._setup = setup
        self._machine = machine
        clock = clock or SystemClock()
        self._api = Api(setup, machine.metadata, clock)
        self._operations = Operations(self._api, clock, setup.while_waiting)
        self._looker = Looker(self._api)
        self._grants = Grants(self._api, clock)
        self._locks = Locks(self._api, clock)

    def identify(self) -> Node:
        return self._machine.node(self._api)

    def observe(self, claims: Sequence[Claim]) -> Sequence[Holding]:
        members = Members(node=self.identify(), peers=self._setup.peers)
        kept = {claim: self._setup.memory.recall(claim) for claim in claims}
        along = {claim: public_ip_kept(facts) for claim, facts in kept.items()}
        seen = self._looker.look(claims, members, along)
        around = self._around(claims, members, seen, kept)
        holdings = [holding_of(claim, seen, around) for claim in claims]
        self._keep(holdings)
        nothing_exists = missing(holdings, "correct the claim, the resource group or subscription")
        if nothing_exists is not None:
            raise nothing_exists
        return permitted(holdings, around.members.node, self._grants, self._locks)

    def _around(
        self,
        claims: Sequence[Claim],
        members: Members,
        seen: Seen,
        kept: Mapping[Claim, Mapping[str, str]],
    ) -> Around:
        brought = frozenset(claim.address for claim in claims if isinstance(claim, PrivateIp))
        return Around(
            members=members.seen(seen.interfaces, members.node.facts["network"]),
            endpoint=self._api.endpoint,
            address=self._setup.address,
            brought=brought,
            trusts_egress=self._setup.assured_egress,
            kept=kept,
        )

    def _keep(self, holdings: Sequence[Holding]) -> None:
        """Keep what a move would lose, whoever moves it and wherever that ends."""
        for holding in holdings:
            facts = facts_to_keep(holding)
            if facts:
                self._setup.memory.keep(holding.claim, facts)

    def steps(self, holdings: Sequence[Holding], node: Node) -> Sequence[Lane]:
        return lanes_for(holdings, node)

    def check(self, lanes: Sequence[Lane]) -> Sequence[Finding]:
        from cloudfail_azure.check import check_lanes  # not in the way of a promotion

        return check_lanes(self._api, self._grants, lanes)

    def execute(self, step: Step) -> None:
        execute(self._operations, step)

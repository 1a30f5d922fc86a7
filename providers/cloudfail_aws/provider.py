"""The provider: who am I, who holds what, what to do, do it."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import msgspec
from cloudfail.clock import Clock, SystemClock
from cloudfail.errors import NotFoundError, UnreachableError
from cloudfail.holdings import missing
from cloudfail.model import (
    Address,
    Claim,
    Finding,
    Holding,
    Lane,
    Node,
    Owner,
    PrivateIp,
    PublicIp,
    Route,
    Step,
)
from cloudfail.provider import Setup

from cloudfail_aws.api import Api
from cloudfail_aws.around import Around
from cloudfail_aws.credentials import Keys
from cloudfail_aws.egress import api_addresses, cuts, serves
from cloudfail_aws.execute import execute
from cloudfail_aws.holdings import holding_of
from cloudfail_aws.identity import subnets_of
from cloudfail_aws.look import Looker, Seen, in_parallel
from cloudfail_aws.machine import Machine
from cloudfail_aws.members import Members
from cloudfail_aws.objects import Interface
from cloudfail_aws.plan import as_role, lanes_for
from cloudfail_aws.sdk import Clients

# EC2 remaps a private address "asynchronously": so long the instance's own metadata is waited
# for. Past that the API is believed, as a metadata service that lags must not stop a promotion.
DOUBT_SECONDS = 5.0


class AwsProvider:
    """Implements `cloudfail.provider.Provider` for AWS."""

    def __init__(self, setup: Setup, machine: Machine, clock: Clock | None = None) -> None:
        self._setup = setup
        self._machine = machine
        self._clock = clock or SystemClock()
        clients = Clients(
            setup.settings, region=self._region, role_keys=self._role_keys, width=setup.width
        )
        self._api = Api(clients, setup, self._clock)
        self._looker = Looker(self._api)
        self._by_api: Node | None = None
        self._lock = threading.Lock()
        self._doubted: dict[Address, float] = {}

    def identify(self) -> Node:
        try:
            return self._machine.node()
        except UnreachableError:
            if not self._is_elsewhere():
                raise
        return self._node_by_api()

    def observe(self, claims: Sequence[Claim]) -> Sequence[Holding]:
        node = self.identify()
        members = Members(node=node, peers=self._setup.peers)
        # One thread for the metadata service: its answers arrive while EC2's are awaited.
        with ThreadPoolExecutor(1, thread_name_prefix="told") as pool:
            telling = pool.submit(self._told, claims, node)
            seen = self._looker.look(claims, members)
        told, publics = telling.result()
        api = self._api_addresses(claims, seen, node)
        if api is not None:
            seen = self._with_own_tables(claims, seen, node, api)
        around = Around(
            members=members,
            subnets=subnets_of(node),
            told=self._believed(told),
            publics=publics,
            claimed=frozenset(c.address for c in claims if isinstance(c, PrivateIp)),
            api=api or (),
            trusts_egress=self._setup.assured_egress,
        )
        holdings = [holding_of(claim, seen, around) for claim in claims]
        self._note_doubts(holdings)
        nothing_exists = missing(holdings, "correct the claim, or the region")
        if nothing_exists is not None:
            raise nothing_exists
        return holdings

    def steps(self, holdings: Sequence[Holding], node: Node) -> Sequence[Lane]:
        return as_role(lanes_for(holdings, node), self._setup.settings.role_arn)

    def check(self, lanes: Sequence[Lane]) -> Sequence[Finding]:
        from cloudfail_aws.check import check_lanes  # not in the way of a promotion

        return check_lanes(self._api, self._looker, self.identify(), lanes)

    def execute(self, step: Step) -> None:
        execute(self._api, step)

    def _role_keys(self) -> Keys | None:
        """Raises UnreachableError: outside AWS for good, but on an instance only until later."""
        try:
            return self._machine.keys()
        except UnreachableError as error:
            if not self._is_elsewhere():
                raise
            unsaid = f"no AWS credentials are configured, and {error}"
            raise UnreachableError(unsaid, limit=error.limit) from error

    def _is_elsewhere(self) -> bool:
        """True when the setup says enough to do without a metadata service."""
        return bool(self._setup.interface_id and self._configured_region())

    def _region(self) -> str:
        return self._setup.settings.region or self._region_of_machine()

    def _region_of_machine(self) -> str:
        try:
            return self._machine.node().facts["region"]
        except UnreachableError:
            return self._configured_region()

    def _configured_region(self) -> str:
        environ = os.environ.get
        asked = self._setup.settings.region
        return asked or environ("AWS_REGION", "") or environ("AWS_DEFAULT_REGION", "")

    def _node_by_api(self) -> Node:
        """Say what EC2 knows of the configured interface: there is no metadata service here."""
        if self._by_api is None:
            interface_id = self._setup.interface_id
            found = self._looker.interfaces({"network-interface-id": [interface_id]})
            if not found:
                raise NotFoundError(
                    f"no network interface {interface_id} in {self._configured_region()}; correct "
                    "interface_id (--interface-id) or the region"
                )
            self._by_api = _node_of(found[0], self._setup.name, self._configured_region())
        return self._by_api

    def _told(
        self, claims: Sequence[Claim], node: Node
    ) -> tuple[frozenset[Address] | None, Mapping[Address, Address] | None]:
        """Ask the metadata service for what the claims need of it; None: there is no telling."""
        public = [claim for claim in claims if isinstance(claim, PublicIp)]
        private = any(isinstance(claim, PrivateIp) for claim in claims)
        seated = any(claim.private_address is not None for claim in public)
        return (
            self._machine.addresses(node) if private or seated else None,
            self._machine.associations(node) if public else None,
        )

    def _believed(self, told: frozenset[Address] | None) -> frozenset[Address] | None:
        if told is None:
            return None
        now = self._clock.now()
        with self._lock:
            old = [a for a, since in self._doubted.items() if now - since >= DOUBT_SECONDS]
        return told.union(old)

    def _note_doubts(self, holdings: Sequence[Holding]) -> None:
        now = self._clock.now()
        with self._lock:
            for holding in holdings:
                if not isinstance(holding.claim, PrivateIp):
                    continue
                if holding.facts.get("metadata") == "not yet":
                    self._doubted.setdefault(holding.claim.address, now)
                elif holding.owner is not Owner.MINE:
                    self._doubted.pop(holding.claim.address, None)

    def _api_addresses(
        self, claims: Sequence[Claim], seen: Seen, node: Node
    ) -> tuple[Address, ...] | None:
        """Resolve the API's name when a claimed route may lie on the way to it; None: none does."""
        if self._setup.assured_egress:
            return None
        tables = (seen.tables.get((c.role_arn, c.table)) for c in claims if isinstance(c, Route))
        if not any(table is not None and serves(table, node, ()) for table in tables):
            return None
        return api_addresses(self._api.endpoint())

    def _with_own_tables(
        self, claims: Sequence[Claim], seen: Seen, node: Node, api: tuple[Address, ...]
    ) -> Seen:
        """Find out whether the VPC's main table is this node's, when that decides something."""
        subnet = node.facts.get("subnet_id", "")
        for claim in claims:
            if not isinstance(claim, Route):
                continue
            table = seen.tables.get((claim.role_arn, claim.table))
            if table is None or subnet in table.subnets or not table.is_main:
                continue
            if cuts(claim.destination, table, api):
                read = partial(self._looker.tables, {"association.subnet-id": [subnet]})
                answers, failures = in_parallel({"own": read})
                return msgspec.structs.replace(
                    seen,
                    own_tables=tuple(answers.get("own", ())),
                    failures={**seen.failures, **failures},
                )
        return seen


def _node_of(nic: Interface, name: str, region: str) -> Node:
    facts = {
        "region": region,
        "zone": nic.zone,
        "account": nic.owner,
        "instance_id": nic.instance_id,
        "mac": nic.mac,
        "subnet_id": nic.subnet_id,
        "vpc_id": nic.vpc_id,
        "primary": str(nic.primary or ""),
        "identity": "api",
    }
    addresses = sorted(nic.addresses, key=lambda address: (address.version, int(address)))
    return Node(
        ref=nic.interface_id,
        name=name,
        addresses=tuple(addresses),
        facts={key: value for key, value in facts.items() if value},
    )

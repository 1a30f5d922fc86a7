"""One look at Azure: what a set of claims needs, in as few calls as there are places to look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from cloudfail.errors import CloudfailError, NotFoundError
from cloudfail.model import Claim, PrivateIp, PublicIp, Route
from cloudfail.parallel import Read, in_parallel

from cloudfail_azure.api import Api
from cloudfail_azure.links import (
    collection_id,
    group_id,
    group_of,
    interface_of,
    key_of,
    subscription_of,
    table_id,
)
from cloudfail_azure.members import Members
from cloudfail_azure.objects import Interface, PublicAddress, RouteTable, Subnet

Found = Mapping[str, Any]
Reads = Iterator[tuple[str, Read]]
OWN, SUBNET = "interfaces", "subnet"


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What Azure showed, by `links.key_of` of the ids. `failures` says which part it did not.

    The parts are OWN, SUBNET (that of this node's interface), those of `part_of_table` and
    `part_of_public`, and `interface ID` for every other one that was asked for by its id.
    """

    interfaces: Mapping[str, Interface] = {}
    tables: Mapping[str, RouteTable] = {}
    public: Mapping[str, PublicAddress] = {}
    subnet: Subnet | None = None
    failures: Mapping[str, CloudfailError] = {}

    def interface(self, interface_id: str) -> Interface | None:
        return self.interfaces.get(key_of(interface_id))


def part_of_table(table: str) -> str:
    """Name the part of a look that shows a route table."""
    return f"routeTables {_group_key(table)}"


def part_of_public(claim: PublicIp, members: Members) -> str:
    """Name the part of a look that shows a public address."""
    return f"publicIPAddresses {_group_key(claim.resource_id or _own_group(members))}"


class Looker:
    """Reads afresh, in parallel. Raises only when nothing could be read."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def look(self, claims: Sequence[Claim], members: Members) -> Seen:
        """Read what `claims` need; the number of calls does not grow with their number."""
        answers, failures = in_parallel(dict(self._reads(claims, members)))
        if failures and not answers:
            raise next(iter(failures.values()))
        interfaces = _joined(answers, "interface")
        public, subnet = _joined(answers, "publicIPAddresses "), answers.get(SUBNET)
        unseen = _holders(claims, public, subnet, interfaces)
        others, unsaid = in_parallel(dict(self._interfaces(unseen)))
        return Seen(
            interfaces={**interfaces, **_joined(others, "interface")},
            tables=_joined(answers, "routeTables "),
            public=public,
            subnet=subnet,
            failures={**failures, **unsaid},
        )

    def _reads(self, claims: Sequence[Claim], members: Members) -> Reads:
        if not claims:
            return
        yield from self._nodes(members)
        facts = members.node.facts
        tables = {
            table_id(claim.table, facts["subscription"], facts["group"])
            for claim in claims
            if isinstance(claim, Route)
        }
        yield from self._resources("routeTables", tables, RouteTable.read)
        public = [claim for claim in claims if isinstance(claim, PublicIp)]
        own = [_own_group(members)] if any(not claim.resource_id for claim in public) else []
        named = {claim.resource_id for claim in public if claim.resource_id}
        yield from self._resources("publicIPAddresses", named, PublicAddress.read, own)
        if any(isinstance(claim, PublicIp | PrivateIp) for claim in claims):
            yield SUBNET, partial(self._subnet, facts["subnet"])

    def _nodes(self, members: Members) -> Reads:
        """Read the nodes' interfaces: each by its id, or all of this node's resource group."""
        named = [peer.interface_id for peer in members.peers if peer.interface_id]
        if members.peers and not members.unnamed:
            yield OWN, partial(self._get, "networkInterfaces", members.node.ref, Interface.read)
            yield from self._interfaces(named)
            return
        yield OWN, partial(self._own, members)
        group = _group_key(_own_group(members))
        yield from self._interfaces(one for one in named if _group_key(one) != group)

    def _interfaces(self, ids: Iterable[str]) -> Reads:
        for one in sorted(set(ids)):
            read = partial(self._get, "networkInterfaces", one, Interface.read)
            yield f"interface {key_of(one)}", read

    def _own(self, members: Members) -> Found:
        """List the resource group's; this node's own may be in another one."""
        ref, group = members.node.ref, _own_group(members)
        found = self._list("networkInterfaces", group, Interface.read)
        if key_of(ref) in found:
            return found
        return {**found, **self._get("networkInterfaces", ref, Interface.read)}

    def _resources(
        self, kind: str, ids: Iterable[str], read: Any, whole: Sequence[str] = ()
    ) -> Reads:
        """Read each resource group's: the only one by its id, several by a list."""
        groups: dict[str, set[str]] = {_group_key(group): {group} for group in whole}
        listed = set(groups)
        for one in ids:
            groups.setdefault(_group_key(one), set()).add(one)
        for key, members in sorted(groups.items()):
            first = min(members)
            if key in listed or len(members) > 1:
                yield f"{kind} {key}", partial(self._list, kind, first, read)
            else:
                yield f"{kind} {key}", partial(self._get, kind, first, read)

    def _list(self, kind: str, within: str, read: Any) -> Found:
        collection = collection_id(subscription_of(within), group_of(within), kind)
        found = map(read, self._api.pages(f"{kind}.list", collection))
        return {key_of(one.id): one for one in found}

    def _get(self, kind: str, resource_id: str, read: Any) -> Found:
        try:
            found = read(self._api.call(f"{kind}.get", resource_id).body)
        except NotFoundError:
            return {}  # whoever needs it says what is missing
        return {key_of(found.id): found}

    def _subnet(self, subnet: str) -> Subnet:
        # Who is in it, with their addresses: also those that no other read shows.
        query = {"$expand": "ipConfigurations"}
        return Subnet.read(self._api.call("subnets.get", subnet, query=query).body)


def _holders(
    claims: Sequence[Claim],
    public: Mapping[str, PublicAddress],
    subnet: Subnet | None,
    known: Mapping[str, Interface],
) -> set[str]:
    """Return the ids of the interfaces that have a claim, and that were not read yet."""
    wanted = {claim.address for claim in claims if isinstance(claim, PublicIp)}
    named = {key_of(c.resource_id) for c in claims if isinstance(c, PublicIp) and c.resource_id}
    users = {one.user for key, one in public.items() if one.address in wanted or key in named}
    private = {claim.address for claim in claims if isinstance(claim, PrivateIp)}
    tenants = subnet.tenants if subnet is not None else ()
    users |= {tenant.id for tenant in tenants if tenant.address in private}
    found = {interface_of(user) for user in users}
    return {one for one in found if one and key_of(one) not in known}


def _own_group(members: Members) -> str:
    facts = members.node.facts
    return group_id(facts["subscription"], facts["group"])


def _group_key(resource_id: str) -> str:
    return f"{subscription_of(resource_id)}/{group_of(resource_id)}".lower()


def _joined(answers: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part, answer in answers.items():
        if part.startswith(prefix):
            found |= answer
    return found

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
    name_of,
    subscription_of,
    table_id,
)
from cloudfail_azure.members import Members
from cloudfail_azure.objects import Interface, PublicAddress, RouteTable, Subnet

Found = Mapping[str, Any]
Reads = Iterator[tuple[str, Read]]
NICS, TABLES, PUBLIC = "networkInterfaces", "routeTables", "publicIPAddresses"
SUBNET = "subnet"
_NONE: Mapping[Claim, str] = {}
# More of one resource group than these are read by a list.
_MOST_NODES = 4


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What Azure showed, by `links.key_of` of the ids. `failures` says which part it did not.

    The parts are SUBNET (that of this node's interface) and those that `parts_of` names.
    """

    interfaces: Mapping[str, Interface] = {}
    tables: Mapping[str, RouteTable] = {}
    public: Mapping[str, PublicAddress] = {}
    subnet: Subnet | None = None
    failures: Mapping[str, CloudfailError] = {}

    def interface(self, interface_id: str) -> Interface | None:
        return self.interfaces.get(key_of(interface_id))


def parts_of(kind: str, resource_id: str) -> tuple[str, str]:
    """Name the parts of a look that may show a resource: its group's list, and a read of its own."""
    group = _group_key(resource_id)
    return f"{kind} {group}", f"{kind} {group} {name_of(resource_id).lower()}"


def own_group(members: Members) -> str:
    """Return the id of the resource group where what has no id is looked for."""
    facts = members.node.facts
    return group_id(facts["subscription"], facts["group"])


class Looker:
    """Reads afresh, in parallel. Raises only when nothing could be read."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def look(
        self, claims: Sequence[Claim], members: Members, along: Mapping[Claim, str] = _NONE
    ) -> Seen:
        """Read what `claims` need; the number of calls does not grow with their number.

        `along` are the ids of the public addresses that private ones had when somebody had them.
        """
        if not claims:
            return Seen()
        answers, failures = in_parallel(dict(self._reads(claims, members)))
        if failures and not answers:
            raise next(iter(failures.values()))
        interfaces = _joined(answers, NICS)
        public, subnet = _joined(answers, PUBLIC), answers.get(SUBNET)
        unseen = _holders(claims, public, subnet, interfaces)
        left = _left_behind(along, interfaces) - set(public)
        reads = {
            **dict(self._resources(NICS, unseen, Interface.read)),
            **dict(self._resources(PUBLIC, left, PublicAddress.read)),
        }
        others, unsaid = in_parallel(reads)
        return Seen(
            interfaces={**interfaces, **_joined(others, NICS)},
            tables=_joined(answers, TABLES),
            public={**public, **_joined(others, PUBLIC)},
            subnet=subnet,
            failures={**failures, **unsaid},
        )

    def _reads(self, claims: Sequence[Claim], members: Members) -> Reads:
        yield from self._nodes(members)
        facts = members.node.facts
        tables = {
            table_id(claim.table, facts["subscription"], facts["group"])
            for claim in claims
            if isinstance(claim, Route)
        }
        yield from self._resources(TABLES, tables, RouteTable.read)
        public = [claim for claim in claims if isinstance(claim, PublicIp)]
        whole = [own_group(members)] if any(not claim.resource_id for claim in public) else []
        named = {claim.resource_id for claim in public if claim.resource_id}
        yield from self._resources(PUBLIC, named, PublicAddress.read, whole)
        if any(isinstance(claim, PublicIp | PrivateIp) for claim in claims):
            yield SUBNET, partial(self._subnet, facts["subnet"])

    def _nodes(self, members: Members) -> Reads:
        """Read the nodes' interfaces: each by its id, or all of this node's resource group."""
        named = {peer.interface_id for peer in members.peers if peer.interface_id}
        by_id = members.peers and not members.unnamed
        whole = [] if by_id else [own_group(members)]
        ids = {members.node.ref, *named}
        yield from self._resources(NICS, ids, Interface.read, whole, most=_MOST_NODES)

    def _resources(
        self,
        kind: str,
        ids: Iterable[str],
        read: Any,
        whole: Sequence[str] = (),
        most: int = 1,
    ) -> Reads:
        """Read each resource group's: up to `most` by their ids, else all by one list."""
        groups: dict[str, set[str]] = {}
        for one in ids:
            groups.setdefault(_group_key(one), set()).add(one)
        listed = {_group_key(group): group for group in whole}
        listed |= {key: min(found) for key, found in groups.items() if len(found) > most}
        for key, within in sorted(listed.items()):
            yield f"{kind} {key}", partial(self._list, kind, within, read)
        for key, found in sorted(groups.items()):
            for one in sorted(found if key not in listed else ()):
                yield parts_of(kind, one)[1], partial(self._get, kind, one, read)

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
    """Return the ids of the interfaces that have, or may have, a claim, and were not read yet."""
    wanted = {claim.address for claim in claims if isinstance(claim, PublicIp)}
    named = {key_of(c.resource_id) for c in claims if isinstance(c, PublicIp) and c.resource_id}
    users = {one.user for key, one in public.items() if one.address in wanted or key in named}
    seen = {address for nic in known.values() for address in nic.addresses}
    private = {c.address for c in claims if isinstance(c, PrivateIp)} - seen
    tenants = subnet.tenants if subnet is not None and private else ()
    users |= {one.id for one in tenants if one.address is None or one.address in private}
    found = {interface_of(user) for user in users}
    return {one for one in found if one and key_of(one) not in known}


def _left_behind(along: Mapping[Claim, str], known: Mapping[str, Interface]) -> set[str]:
    """Return the ids, by `key_of`, of those whose private address is on no interface that was read."""
    seen = {address for nic in known.values() for address in nic.addresses}
    return {
        key_of(public)
        for claim, public in along.items()
        if isinstance(claim, PrivateIp) and public and claim.address not in seen
    }


def _group_key(resource_id: str) -> str:
    return f"{subscription_of(resource_id)}/{group_of(resource_id)}".lower()


def _joined(answers: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part, answer in answers.items():
        if part.startswith(f"{prefix} "):
            found |= answer
    return found

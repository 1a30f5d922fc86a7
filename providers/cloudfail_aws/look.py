"""One look at EC2: everything that a set of claims needs, in as few calls as there are kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import IPv6Address
from typing import Any

import msgspec
from cloudfail.errors import CloudfailError, ProviderError
from cloudfail.model import Address, Claim, Node, PrivateIp, PublicIp, Route

from cloudfail_aws.api import Api
from cloudfail_aws.members import Members
from cloudfail_aws.objects import ElasticIp, Interface, RouteTable

# EC2 takes at most 200 filter values in a request; a few are left for the VPC filter.
MOST_VALUES = 190
_INTERFACE_PAGE = 1000
_TABLE_PAGE = 100
_MOST_READS = 16
Read = Callable[[], Sequence[Any]]


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What EC2 showed. `failures` says which part it did not show, and why.

    The parts are "addresses", "interfaces", "holders" and "tables" + the role's ARN.
    """

    elastic_ips: Mapping[Address, ElasticIp] = {}
    interfaces: Mapping[str, Interface] = {}
    tables: Mapping[tuple[str, str], RouteTable] = {}
    own_tables: tuple[RouteTable, ...] = ()
    failures: Mapping[str, CloudfailError] = {}

    def interface_with(self, address: Address, node: Node) -> Interface | None:
        """Return the interface in the node's VPC that has a private address, not its own first.

        Holders of Elastic IPs and routes may be in other VPCs, where an address is another's.
        """
        vpc = node.facts.get("vpc_id", "")
        here = [nic for nic in self.interfaces.values() if nic.vpc_id == vpc]
        having = [nic for nic in here if address in nic.addresses]
        others = [nic for nic in having if nic.interface_id != node.ref]
        return next(iter(others or having), None)


class Looker:
    """Reads afresh, in parallel, never unfiltered. Raises only when nothing could be read."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def look(self, claims: Sequence[Claim], members: Members) -> Seen:
        """Read what `claims` need; the number of calls does not grow with their number."""
        answers, failures = in_parallel(dict(self._reads(claims, members)))
        if failures and not answers:
            raise next(iter(failures.values()))
        seen = _assemble(answers, failures)
        return self._tell_holders_apart(seen, claims, members)

    def interfaces(self, filters: Mapping[str, Sequence[str]]) -> Sequence[Interface]:
        """Return the interfaces that match every filter."""
        pages = self._pages(
            "DescribeNetworkInterfaces", "NetworkInterfaces", filters, _INTERFACE_PAGE
        )
        return [Interface.read(answer) for answer in pages]

    def tables(
        self, filters: Mapping[str, Sequence[str]], role_arn: str = ""
    ) -> Sequence[RouteTable]:
        pages = self._pages("DescribeRouteTables", "RouteTables", filters, _TABLE_PAGE, role_arn)
        return [RouteTable.read(answer) for answer in pages]

    def elastic_ips(self, claims: Sequence[PublicIp]) -> Sequence[ElasticIp]:
        # By filter: asked for by PublicIps, one unknown address fails the call for all.
        values = [str(claim.address) for claim in claims]
        answers = self._pages("DescribeAddresses", "Addresses", {"public-ip": values}, 0)
        return [ElasticIp.read(answer) for answer in answers]

    def _reads(self, claims: Sequence[Claim], members: Members) -> Iterator[tuple[str, Read]]:
        public = [claim for claim in claims if isinstance(claim, PublicIp)]
        private = [claim.address for claim in claims if isinstance(claim, PrivateIp)]
        routes = [claim for claim in claims if isinstance(claim, Route)]
        if public:
            yield "addresses", partial(self.elastic_ips, public)
        if private or routes:
            yield from self._interface_reads(private, members)
        for role_arn in sorted({claim.role_arn for claim in routes}):
            ids = sorted({claim.table for claim in routes if claim.role_arn == role_arn})
            read = partial(self.tables, {"route-table-id": ids}, role_arn)
            yield f"tables{role_arn}", read

    def _interface_reads(
        self, private: Sequence[Address], members: Members
    ) -> Iterator[tuple[str, Read]]:
        node, peers = members.node, [peer.address for peer in members.peers]
        # With its own address among them, this node's interface is always in the answer.
        own = [a for a in node.addresses if str(a) == node.facts.get("primary")]
        wanted = {*private, *peers, *(own or node.addresses)}
        vpc = [node.facts.get("vpc_id", "")]
        for version, name in ((4, "addresses.private-ip-address"), (6, _IPV6)):
            family = [address for address in wanted if address.version == version]
            values = sorted({text for address in family for text in _spellings(address)})
            if values:
                filters = {"vpc-id": vpc, name: values}
                yield f"interfaces{version}", partial(self.interfaces, filters)

    def _tell_holders_apart(self, seen: Seen, claims: Sequence[Claim], members: Members) -> Seen:
        unknown = sorted(set(_undecided(seen, claims, members)))
        if not unknown:
            return seen
        filters = {"network-interface-id": unknown}
        answers, failures = in_parallel({"holders": partial(self.interfaces, filters)})
        found = {nic.interface_id: nic for nic in answers.get("holders", ())}
        return msgspec.structs.replace(
            seen,
            interfaces={**seen.interfaces, **found},
            failures={**seen.failures, **failures},
        )

    def _pages(
        self,
        operation: str,
        key: str,
        filters: Mapping[str, Sequence[str]],
        page: int,
        role_arn: str = "",
    ) -> Iterator[Mapping[str, Any]]:
        # The last filter is the long one: it is split, the others go with every part.
        *fixed, (name, values) = filters.items()
        for part in _parts(values):
            chosen = [*fixed, (name, part)]
            params: dict[str, Any] = {
                "Filters": [{"Name": key_, "Values": list(some)} for key_, some in chosen]
            }
            if page:
                params["MaxResults"] = page
            while True:
                answer = self._api.call(operation, params, role_arn=role_arn)
                yield from answer.get(key, [])
                if not answer.get("NextToken"):
                    break
                params["NextToken"] = answer["NextToken"]


_IPV6 = "ipv6-addresses.ipv6-address"


def _spellings(address: Address) -> Iterator[str]:
    """Yield the ways to write an address: EC2 compares a filter's text, and publishes no form."""
    yield str(address)
    if isinstance(address, IPv6Address):
        yield address.exploded
        yield ":".join(f"{int(group, 16):x}" for group in address.exploded.split(":"))


def in_parallel(
    reads: Mapping[str, Read],
) -> tuple[dict[str, Sequence[Any]], dict[str, CloudfailError]]:
    """Run the reads at the same time; return the answers, and the errors of those that failed.

    Errors that are not the cloud's (a bug, a stopped run) are raised.
    """
    if len(reads) == 1:
        outcomes = {name: _outcome(read) for name, read in reads.items()}
    elif reads:
        with ThreadPoolExecutor(min(len(reads), _MOST_READS), thread_name_prefix="look") as pool:
            futures = {name: pool.submit(_outcome, read) for name, read in reads.items()}
        outcomes = {name: future.result() for name, future in futures.items()}
    else:
        outcomes = {}
    answers = {k: v for k, v in outcomes.items() if not isinstance(v, CloudfailError)}
    failures = {k: v for k, v in outcomes.items() if isinstance(v, CloudfailError)}
    return answers, failures


def _outcome(read: Read) -> Sequence[Any] | CloudfailError:
    try:
        return read()
    except ProviderError as error:
        return error


def _assemble(answers: Mapping[str, Sequence[Any]], failures: Mapping[str, CloudfailError]) -> Seen:
    nics = [nic for part, found in answers.items() if part.startswith("inter") for nic in found]
    return Seen(
        elastic_ips={eip.address: eip for eip in answers.get("addresses", ())},
        interfaces={nic.interface_id: nic for nic in nics},
        tables={
            (part.removeprefix("tables"), table.table_id): table
            for part, found in answers.items()
            if part.startswith("tables")
            for table in found
        },
        failures=dict(failures),
    )


def _undecided(seen: Seen, claims: Sequence[Claim], members: Members) -> Iterator[str]:
    """Yield the interfaces that hold something, and of which it is not known whose they are."""
    for claim in claims:
        holder, on = _holder(seen, claim)
        if not holder.startswith("eni-") or holder in seen.interfaces:
            continue
        if members.owner_of(holder, None, on) is None:
            yield holder


def _holder(seen: Seen, claim: Claim) -> tuple[str, Address | None]:
    match claim:
        case PublicIp(address=address) if address in seen.elastic_ips:
            eip = seen.elastic_ips[address]
            return eip.interface_id, eip.private_address
        case Route(table=table, role_arn=role_arn) if (role_arn, table) in seen.tables:
            route = seen.tables[role_arn, table].route(claim.destination)
            return (route.holder if route else ""), None
        case _:
            return "", None


def _parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), MOST_VALUES):
        yield values[start : start + MOST_VALUES]

"""What no subscription could serve, whatever its state: said offline."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cloudfail.model import Claim, PrivateIp, PublicIp, Route

KINDS = frozenset({"private-ip", "public-ip", "route"})
# azure-resource-manager/management/resource-name-rules.
_NAME = r"[A-Za-z0-9](?:[\w.-]{0,78}\w)?"
_GROUP = r"[\w.()-]{0,89}[\w()-]"
_ID = r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Network/{}/[^/]+"
_TABLE = re.compile(rf"(?:{_GROUP}/)?{_NAME}", re.ASCII)
_TABLE_ID = re.compile(_ID.format("routeTables"), re.IGNORECASE)
_PUBLIC_ID = re.compile(_ID.format("publicIPAddresses"), re.IGNORECASE)


def validate(claims: Sequence[Claim]) -> Sequence[str]:
    """Return one sentence for each thing that cannot be."""
    return [*(problem for claim in claims for problem in _each(claim)), *_together(claims)]


def _each(claim: Claim) -> Iterator[str]:
    match claim:
        case Route():
            yield from _route(claim)
        case PublicIp():
            yield from _public(claim)
        case PrivateIp():
            yield from _private(claim)
        case _:
            yield f"{claim}: Azure has no {claim.kind}; it has {', '.join(sorted(KINDS))}"


def _route(claim: Route) -> Iterator[str]:
    pattern = _TABLE_ID if claim.table.startswith("/") else _TABLE
    if not pattern.fullmatch(claim.table):
        yield (
            f"{claim}: {claim.table!r} is no route table: a NAME, RESOURCE-GROUP/NAME, or an id "
            "(az network route-table list --query '[].id')"
        )
    if claim.role_arn:
        yield f"{claim}: role_arn is AWS's; assign the role of `cloudfail policy azure` there"


def _public(claim: PublicIp) -> Iterator[str]:
    if claim.resource_id and not _PUBLIC_ID.fullmatch(claim.resource_id):
        yield (
            f"{claim}: resource_id {claim.resource_id!r} is no id of a public IP address (az network "
            "public-ip list --query '[].id')"
        )
    seat = claim.private_address
    if seat is not None and seat.version != claim.address.version:
        yield f"{claim}: private_address {seat} is of another IP version: name one of the same"


def _private(claim: PrivateIp) -> Iterator[str]:
    if claim.prefix_length is not None:
        yield f"{claim}: Azure moves no ranges; claim single addresses, or use a route"
    if claim.resource_id:
        yield f"{claim}: Azure finds it by its address: leave out resource_id"


def _together(claims: Sequence[Claim]) -> Iterator[str]:
    public = [claim for claim in claims if isinstance(claim, PublicIp)]
    for number, one in enumerate(public):
        for other in public[:number]:
            same_version = one.address.version == other.address.version
            if same_version and one.private_address == other.private_address:
                where = one.private_address or "the primary address"
                yield (
                    f"{other} and {one} are both for {where}, which has one public address: they "
                    "would displace each other for ever; give each a private_address of its own"
                )
    sixes = [claim for claim in claims if isinstance(claim, PrivateIp) and _is_ipv6(claim)]
    if len(sixes) > 1:
        yield (
            f"{', '.join(map(str, sixes))}: a network interface has one IPv6 address at most; use a "
            "route for the others"
        )


def _is_ipv6(claim: PrivateIp) -> bool:
    return claim.address.version == 6  # noqa: PLR2004 - IPv6

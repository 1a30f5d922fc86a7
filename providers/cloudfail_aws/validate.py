"""What no AWS account could serve, whatever its state: said offline."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from cloudfail.model import Claim, PrivateIp, PublicIp, Route

KINDS = frozenset({"public-ip", "private-ip", "route"})


def validate(claims: Sequence[Claim]) -> Sequence[str]:
    """Return one sentence for each thing that cannot be."""
    return [*_each(claims), *_seats(claims), *_addresses_and_roles(claims)]


def _each(claims: Sequence[Claim]) -> Iterator[str]:
    for claim in claims:
        if claim.kind not in KINDS:
            yield f"{claim}: AWS has no {claim.kind}; it has {', '.join(sorted(KINDS))}"
        elif isinstance(claim, PublicIp):
            yield from _public(claim)
        elif isinstance(claim, PrivateIp) and claim.prefix_length is not None:
            yield f"{claim}: EC2 moves single private addresses, no ranges; use a route"
        elif isinstance(claim, Route) and not claim.table.startswith("rtb-"):
            yield f"{claim}: {claim.table!r} is no route table id (rtb-...)"


def _public(claim: PublicIp) -> Iterator[str]:
    if claim.address.version != 4:  # noqa: PLR2004 - IPv4
        yield f"{claim}: an Elastic IP is IPv4; claim IPv6 as a private-ip or a route"
    if claim.private_address is not None and claim.private_address.version != 4:  # noqa: PLR2004
        yield f"{claim}: private_address {claim.private_address} must be IPv4"
    if claim.resource_id and not claim.resource_id.startswith("eipalloc-"):
        yield f"{claim}: resource_id {claim.resource_id!r} is no allocation id (eipalloc-...)"


def _seats(claims: Sequence[Claim]) -> Iterator[str]:
    seats: dict[str, list[PublicIp]] = defaultdict(list)
    for claim in claims:
        if isinstance(claim, PublicIp):
            seats[str(claim.private_address or "the primary address")].append(claim)
    for seat, found in seats.items():
        if len(found) > 1:
            yield (
                f"{', '.join(map(str, found))} all sit on {seat}: an address carries one Elastic "
                "IP, so they would displace each other for ever; give each its own private_address"
            )


def _addresses_and_roles(claims: Sequence[Claim]) -> Iterator[str]:
    for claim in claims:
        if isinstance(claim, PrivateIp | PublicIp) and claim.address.is_link_local:
            yield f"{claim}: a link-local address belongs to no interface of EC2"
        if isinstance(claim, Route) and claim.role_arn and not claim.role_arn.startswith("arn:"):
            yield f"{claim}: role_arn {claim.role_arn!r} is no ARN (arn:aws:iam::...:role/...)"

"""What no project could serve, whatever its state: said offline."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cloudfail.model import Claim, ForwardingRule, PrivateIp, PublicIp, Route

KINDS = frozenset({"forwarding-rule", "private-ip", "public-ip", "route"})
_IPV4 = 4
# Reference: NetworkInterface.ipv6AccessConfigs, .stackType ("set at [...] update network interface
# operations"), .ipv6AccessType ("inherited from its subnetwork"); aliasIpRanges[].ipCidrRange.
_NO_PUBLIC_IPV6 = (
    "an interface has one external IPv6 range (/96) of its subnetwork, which comes and goes with its "
    "stack type: its holder would lose all IPv6 with it; use a forwarding-rule"
)
_NO_PRIVATE_IPV6 = "Google Cloud has no IPv6 alias ranges; use a route"
_NETWORK = re.compile(r"(projects/[^/]+/global/networks/)?[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")


def validate(claims: Sequence[Claim]) -> Sequence[str]:
    """Return one sentence for each thing that cannot be."""
    return [*(problem for claim in claims for problem in _each(claim)), *_together(claims)]


def _each(claim: Claim) -> Iterator[str]:
    if claim.kind not in KINDS:
        yield f"{claim}: Google Cloud has no {claim.kind}; it has {', '.join(sorted(KINDS))}"
    if isinstance(claim, ForwardingRule) and not _NAME.fullmatch(claim.name):
        yield (
            f"{claim}: {claim.name!r} is no name of a rule: lowercase letters, digits and hyphens, "
            "a letter first, at most 63"
        )
    if isinstance(claim, Route) and not _NETWORK.fullmatch(claim.table):
        yield (
            f"{claim}: {claim.table!r} is no network: a name, or projects/PROJECT/global/networks/"
            "NAME for one of another project"
        )
    if isinstance(claim, PublicIp | PrivateIp):
        yield from _address(claim)
    if isinstance(claim, Route) and claim.role_arn:
        yield f"{claim}: role_arn is AWS's; impersonate a service account in [provider.gcp]"


def _address(claim: PublicIp | PrivateIp) -> Iterator[str]:
    is_public = isinstance(claim, PublicIp)
    if claim.address.version != _IPV4:
        yield f"{claim}: {_NO_PUBLIC_IPV6 if is_public else _NO_PRIVATE_IPV6}"
    if claim.resource_id:
        yield f"{claim}: Google Cloud finds it by its address: leave out resource_id"
    if isinstance(claim, PublicIp) and claim.private_address is not None:
        yield (
            f"{claim}: Google Cloud translates an external address to the interface's primary one: "
            "leave out private_address"
        )


def _together(claims: Sequence[Claim]) -> Iterator[str]:
    public = [claim for claim in claims if isinstance(claim, PublicIp)]
    if len(public) > 1:
        yield (
            f"{', '.join(map(str, public))}: an interface has one external address, so they would "
            "displace each other for ever; use a forwarding-rule for all but one"
        )
    private = [claim for claim in claims if isinstance(claim, PrivateIp)]
    for number, one in enumerate(private):
        for other in private[:number]:
            if one.address.version == other.address.version and one.network.overlaps(other.network):
                yield f"{other} and {one} overlap: alias ranges do not; claim one of them"

"""What no project could serve, whatever its state: said offline."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cloudfail.model import Claim, ForwardingRule, Route

KINDS = frozenset({"forwarding-rule", "route"})
_NETWORK = re.compile(r"(projects/[^/]+/global/networks/)?[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?")


def validate(claims: Sequence[Claim]) -> Sequence[str]:
    """Return one sentence for each thing that cannot be."""
    return [problem for claim in claims for problem in _each(claim)]


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
    if isinstance(claim, Route) and claim.role_arn:
        yield f"{claim}: role_arn is AWS's; impersonate a service account in [provider.gcp]"

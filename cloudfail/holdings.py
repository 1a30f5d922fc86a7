"""Holdings as every provider words them, from what a look came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cloudfail.errors import CloudfailError, DeniedError, NotFoundError
from cloudfail.model import Claim, Holding, Owner


def taken_by(
    claim: Claim, owner: Owner, holder: str, facts: Mapping[str, str], obstacle: str
) -> Holding:
    # To hold is not to take: nothing stands in the way of what is ours.
    why = "" if owner is Owner.MINE else obstacle
    return Holding(claim=claim, owner=owner, holder=holder, obstacle=why, facts=facts)


def obstructed(claim: Claim, obstacle: str, *, gone: bool = False) -> Holding:
    """UNKNOWN; `gone`: what is claimed does not exist."""
    facts = {"missing": "yes"} if gone else {}
    return Holding(claim=claim, owner=Owner.UNKNOWN, obstacle=obstacle, facts=facts)


def unread(claim: Claim, error: CloudfailError) -> Holding:
    """UNKNOWN; what asking again cannot mend is an obstacle as well."""
    lasting = isinstance(error, DeniedError | NotFoundError)
    return Holding(claim=claim, owner=Owner.UNKNOWN, obstacle=str(error) if lasting else "")


def unless_read(
    claim: Claim, failures: Mapping[str, CloudfailError], *parts: str
) -> Holding | None:
    """Return the holding of a claim for which one of these parts of the look failed."""
    for part in parts:
        if part in failures:
            return unread(claim, failures[part])
    return None


def missing(holdings: Sequence[Holding], remedy: str) -> NotFoundError | None:
    """Return the error to raise when not one of the claims exists; `remedy` says what to do."""
    if holdings and all(holding.facts.get("missing") for holding in holdings):
        text = "; ".join(f"{holding.claim}: {holding.obstacle}" for holding in holdings)
        return NotFoundError(f"{text}; {remedy}")
    return None

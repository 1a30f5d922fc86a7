"""What cloudfail refuses to do, whoever asks."""

from __future__ import annotations

import msgspec

from cloudfail.errors import RefusedError
from cloudfail.model import Claim, Finding, Holding, Network, Owner, PrivateIp, PublicIp, Severity
from cloudfail.model import Route as RouteClaim


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """`protected` prefixes are never taken nor routed; `force` takes from strangers too."""

    protected: tuple[Network, ...] = ()
    force: bool = False


def judge(holding: Holding, rules: Rules) -> Holding:
    """Return the holding as the planner may use it.

    A claim inside (or over) a protected prefix gets an obstacle. With `force`, a stranger counts
    as a peer. Whatever is ours already stays as it is: to hold is not to take.
    """
    if holding.owner is Owner.MINE or holding.obstacle:
        return holding
    prefix = _protected_by(holding.claim, rules.protected)
    if prefix is not None:
        return msgspec.structs.replace(
            holding, obstacle=f"it is inside {prefix}, which [guard] protected forbids to touch"
        )
    if rules.force and holding.owner is Owner.STRANGER:
        return msgspec.structs.replace(holding, owner=Owner.PEER)
    return holding


def refusal(holding: Holding) -> RefusedError | None:
    """Say why a judged holding will not be moved; None when it may be, or is ours, or unknown."""
    if holding.owner is Owner.MINE:
        return None
    if holding.obstacle:
        return RefusedError(f"{holding.claim}: {holding.obstacle}")
    if holding.owner is Owner.STRANGER:
        return RefusedError(
            f"{holding.claim}: held by {holding.holder}, which is none of the configured nodes; "
            "nothing was taken. Add the node to the configuration, or use --force to take it"
        )
    return None


def findings(holdings: tuple[Holding, ...]) -> tuple[Finding, ...]:
    """Tell the operator what stands in the way, or is worth knowing: a finding a holding."""
    found = []
    for holding in holdings:
        refused = refusal(holding)
        if refused is not None:
            remedy = "" if holding.obstacle else "add the node to the configuration, or --force"
            message = str(refused).removeprefix(f"{holding.claim}: ")
            found.append(_error(holding.claim, message, remedy))
        elif holding.owner is Owner.UNKNOWN:
            why = f" ({holding.reason})" if holding.reason else ""
            message = f"the cloud did not say who holds it{why}; nothing is moved on a guess"
            found.append(_error(holding.claim, message, "look again"))
        elif holding.owner is not Owner.MINE:
            known = (holding.reason, holding.facts.get("note", ""))
            found += [_warning(holding.claim, message) for message in known if message]
    return tuple(found)


def _warning(claim: Claim, message: str) -> Finding:
    return Finding(severity=Severity.WARNING, subject=str(claim), message=message)


def _error(claim: Claim, message: str, remedy: str) -> Finding:
    return Finding(severity=Severity.ERROR, subject=str(claim), message=message, remedy=remedy)


def _protected_by(claim: Claim, protected: tuple[Network, ...]) -> Network | None:
    for prefix in protected:
        if _touches(claim, prefix):
            return prefix
    return None


def _touches(claim: Claim, prefix: Network) -> bool:
    match claim:
        case PrivateIp(network=network):
            return network.version == prefix.version and network.overlaps(prefix)
        case PublicIp(address=address):
            return address.version == prefix.version and address in prefix
        case RouteClaim(destination=destination):
            return destination.version == prefix.version and destination.overlaps(prefix)
        case _:
            return False

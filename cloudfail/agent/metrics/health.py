"""Is the agent well, and is this node's part of each instance done? Pure."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from cloudfail.agent.view import AgentView, ClaimView, InstanceView
from cloudfail.role import Role


class Verdict(msgspec.Struct, frozen=True):
    """`reasons` are sentences; none: all is well."""

    reasons: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        return not self.reasons


def health(view: AgentView) -> Verdict:
    """The loop runs (who asks in vain learns that), the FIFO is read and the wire is heard."""
    if view.is_hearing:
        return Verdict(())
    return Verdict(("keepalived is not heard", *view.problems))


def readiness(view: AgentView) -> Verdict:
    """Good when each instance is MASTER and holds, or is BACKUP and would take over."""
    if not view.instances and not view.absent:
        return Verdict(("no instance is configured",))
    lacks = (reason for instance in view.instances for reason in _missing(instance))
    return Verdict((*view.absent, *lacks))


def _missing(instance: InstanceView) -> Iterator[str]:
    name, standing = instance.name, instance.standing
    if instance.paused:
        yield f"{name}: is paused: {instance.paused}"
    if standing.role is None:
        yield f"{name}: its role is not known yet"
    elif standing.role is Role.MASTER:
        yield from (f"{name}: {reason}" for reason in _master_lacks(instance))
    elif standing.role is Role.BACKUP:
        yield from (f"{name}: {reason}" for reason in _backup_lacks(instance))
    else:
        yield f"{name}: is in {standing.role.value}"


def _master_lacks(instance: InstanceView) -> Iterator[str]:
    if instance.standing.doubt:
        yield f"is MASTER in doubt: {instance.standing.doubt}"
    for claim in instance.claims:
        if claim.owner != "mine":
            yield f"is MASTER, and {claim.claim} {_instead(claim)}"


def _backup_lacks(instance: InstanceView) -> Iterator[str]:
    if not instance.claims:
        return
    if instance.readiness is None:
        yield "whether this standby would take over was not found out yet"
    elif not instance.readiness.ready:
        reasons = "; ".join(instance.readiness.reasons)
        yield f"this standby would not take over: {reasons or 'nobody said why'}"


def _instead(claim: ClaimView) -> str:
    if claim.reason:
        return f"does not count: {claim.reason}"
    if claim.owner == "unknown":
        return "is with a holder that is not known"
    return f"is with {claim.owner} {claim.holder}".strip()

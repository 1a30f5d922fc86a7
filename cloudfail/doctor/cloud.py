"""Credentials, claims, holders, and whether a move would work: asked of the cloud, without a write."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from cloudfail.clock import Deadline, SystemClock
from cloudfail.doctor.check import Case, Check, Checks, Status, failed, ok, warning
from cloudfail.model import Finding, Holding, Node, Owner, PrivateIp, Severity
from cloudfail.provider import Reader
from cloudfail.retry import Backoff, retrying

_STATUS = {
    Severity.OK: Status.OK,
    Severity.INFO: Status.OK,
    Severity.WARNING: Status.WARNING,
    Severity.ERROR: Status.FAILED,
}
_UNTAKEN = {
    Owner.STRANGER: "is with {holder}, which is none of the configured nodes",
    Owner.UNKNOWN: "the cloud did not say who has it",
}


def check_cloud(case: Case) -> Checks:
    """Say who this is, whether credentials work, who has each claim, and what a move would meet."""
    name = case.instance.name
    if case.build is None:
        yield ok(f"{name}: claims", "none: nothing moves in the cloud")
        return
    deadline = Deadline.after(SystemClock(), case.deadline)
    reader: Reader = case.build()
    node = retrying(reader.identify, deadline, Backoff())
    yield ok(f"{name}: identity", f"{node.ref}{_by(node)}")
    claims = case.instance.claims
    holdings = tuple(retrying(lambda: reader.observe(claims), deadline, Backoff()))
    yield ok(f"{name}: credentials", f"the API answered; {len(holdings)} claims were looked at")
    for holding in holdings:
        yield _of_holding(name, holding)
    for finding in _proofs(reader, holdings, node):
        yield Check(
            subject=f"{name}: {finding.subject}",
            status=_STATUS[finding.severity],
            message=finding.message,
            remedy=finding.remedy,
        )


def _by(node: Node) -> str:
    """Say how it is known: by the metadata service, or by the API for want of one."""
    known = ", ".join(node.facts[key] for key in ("instance_id", "zone") if node.facts.get(key))
    return f" ({known})" if known else ""


def _of_holding(name: str, holding: Holding) -> Check:
    subject = f"{name}: {holding.claim}"
    if holding.obstacle:
        return failed(subject, holding.obstacle, "mend it before this node has to take over")
    if holding.owner in _UNTAKEN:
        text = _UNTAKEN[holding.owner].format(holding=holding, holder=holding.holder)
        return failed(subject, text, "add the node to the configuration, or look again")
    if holding.owner is Owner.NOBODY:
        return warning(subject, "exists, and nobody has it", "the master takes it: is there one?")
    who = "this node" if holding.owner is Owner.MINE else f"a peer ({holding.holder})"
    return ok(subject, f"is with {who}")


def _proofs(reader: Reader, holdings: Sequence[Holding], node: Node) -> Sequence[Finding]:
    """Let the provider check what taking everything would take; what is ours, as if it were a peer's.

    A private address of ours already fills its slot: taking it again would count it twice.
    """
    as_if = [
        replace(one, owner=Owner.PEER)
        if one.owner is Owner.MINE and not isinstance(one.claim, PrivateIp)
        else one
        for one in holdings
    ]
    return reader.check(reader.steps(as_if, node))

"""Credentials, claims, holders, and whether a move would work: asked of the cloud, without a write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec.structs import replace

from cloudfail.clock import Deadline, SystemClock
from cloudfail.doctor.bounded import bounded
from cloudfail.doctor.check import Case, Check, Checks, Status, failed, ok, warning
from cloudfail.doctor.egress import check_egress
from cloudfail.errors import CloudfailError
from cloudfail.model import Finding, Holding, Node, Owner, PrivateIp, Severity
from cloudfail.provider import Reader
from cloudfail.retry import Backoff, retrying

T = TypeVar("T")

_STATUS = {
    Severity.OK: Status.OK,
    Severity.INFO: Status.OK,
    Severity.WARNING: Status.WARNING,
    Severity.ERROR: Status.FAILED,
}
_GRACE = 10.0  # a call that has begun before the deadline ends with its own timeouts
_WAY = "way of "  # how providers begin the subject of what they know of the way to their API


def check_cloud(case: Case) -> Checks:
    """Say who this is, whether credentials work, who has each claim, and what a move would meet."""
    if not case.instance.claims:
        yield ok("claims", "none: nothing moves in the cloud")
        yield ok("way to the API", "not applicable: nothing is claimed")
        return
    if case.build is None:
        return
    reader: Reader = bounded(case.build, case.deadline + _GRACE)
    try:
        node = ask(case, reader.identify)
    except CloudfailError as error:
        yield failed("identity", str(error))
        yield warning("credentials", "not tried: they are looked for after the identity")
        return
    yield ok("identity", f"{node.ref}{_known(node)}")
    holdings = tuple(ask(case, lambda: reader.observe(case.instance.claims)))
    yield ok("credentials", f"the API answered; {len(holdings)} claims were looked at")
    yield from (_of_holding(case, node, holding) for holding in holdings)
    findings = bounded(lambda: _proofs(reader, holdings, node), case.deadline + _GRACE)
    yield from (_of_finding(finding) for finding in findings)
    yield from (_unrehearsed(one) for one in holdings if _is_seated(one))
    if not any(finding.subject.startswith(_WAY) for finding in findings):
        yield check_egress(case, holdings)


def has_answered(check: Check) -> bool:
    """Say whether this is the line that tells of an answer of the API."""
    return check.subject == "credentials" and check.status is Status.OK


def ask(case: Case, question: Callable[[], T]) -> T:
    """Ask within the deadline. Raises what the provider raises, DeadlineError when it hangs."""
    deadline = Deadline.after(SystemClock(), case.deadline)
    return bounded(lambda: retrying(question, deadline, Backoff()), case.deadline + _GRACE)


def _known(node: Node) -> str:
    known = ", ".join(node.facts[key] for key in ("instance_id", "zone") if node.facts.get(key))
    return f" ({known})" if known else ""


def _of_holding(case: Case, node: Node, holding: Holding) -> Check:
    subject = str(holding.claim)
    if holding.obstacle:
        return failed(subject, holding.obstacle, "mend it before this node has to take over")
    owner = holding.owner
    if owner is Owner.STRANGER:
        text = f"is with {holding.holder}, which is none of the configured nodes"
        return failed(subject, text, "add that node to the configuration, or free the claim")
    if owner is Owner.UNKNOWN:
        why = f": {holding.reason}" if holding.reason else ""
        return failed(subject, f"the cloud did not say who has it{why}", "run doctor once more")
    if owner is Owner.NOBODY:
        text = "exists, and nobody has it"
        return warning(subject, text, "the master takes it: is there one?")
    if owner is Owner.MINE:
        return ok(subject, "is with this node")
    return _of_a_peers(case, node, holding)


def _of_a_peers(case: Case, node: Node, holding: Holding) -> Check:
    subject, name = str(holding.claim), case.name_of(holding, node)
    if holding.reason:
        return warning(subject, holding.reason, "the master mends it: is there one?")
    return ok(
        subject, f"is with {name} ({holding.holder})" if name else f"is with {holding.holder}"
    )


def _of_finding(finding: Finding) -> Check:
    return Check(
        subject=finding.subject,
        status=_STATUS[finding.severity],
        message=finding.message,
        remedy=finding.remedy,
    )


def _proofs(reader: Reader, holdings: Sequence[Holding], node: Node) -> Sequence[Finding]:
    """Let the provider check what taking everything would take; what is ours, as if it were a peer's.

    A private address of ours already fills its slot: taking it again would count it twice.
    """
    as_if = [
        replace(one, owner=Owner.PEER) if one.owner is Owner.MINE and not _is_seated(one) else one
        for one in holdings
    ]
    return reader.check(reader.steps(as_if, node))


def _is_seated(holding: Holding) -> bool:
    return holding.owner is Owner.MINE and isinstance(holding.claim, PrivateIp)


def _unrehearsed(holding: Holding) -> Check:
    return ok(
        f"taking {holding.claim}",
        "not proven here, where it is already: run doctor on the other nodes",
    )

"""Would this standby take over? Asked of the cloud without a write, while there is time."""

from __future__ import annotations

from collections.abc import Iterator

from cloudfail.agent.view import Readiness
from cloudfail.errors import CloudfailError, DeniedError, UnreachableError
from cloudfail.model import Finding, Plan, Severity
from cloudfail.provider import Reader


def ready(reader: Reader, plan: Plan) -> Readiness:
    """Check the lanes of a standby's plan, and what the look that made it found in the way.

    Takes as long as the cloud does: never on the way to a promotion. Errors of the cloud are
    reasons, never raised.
    """
    try:
        proofs = tuple(reader.check(plan.lanes))
    except CloudfailError as error:
        return not_ready(error)
    reasons = tuple(dict.fromkeys(_reasons((*plan.findings, *proofs))))
    return Readiness(ready=not reasons, reasons=reasons)


def not_ready(error: CloudfailError) -> Readiness:
    """Return what an error means: no plan could be made, so none can be carried out."""
    if isinstance(error, DeniedError):
        return Readiness(ready=False, reasons=(f"credentials or permissions: {error}",))
    if isinstance(error, UnreachableError):
        return Readiness(ready=False, reasons=(f"the way to the API: {error}",))
    return Readiness(ready=False, reasons=(str(error),))


def _reasons(findings: tuple[Finding, ...]) -> Iterator[str]:
    """A warning is what could not be proven: it keeps nobody from taking over."""
    for finding in findings:
        if finding.severity is Severity.ERROR:
            remedy = f"; {finding.remedy}" if finding.remedy else ""
            yield f"{finding.subject}: {finding.message}{remedy}"

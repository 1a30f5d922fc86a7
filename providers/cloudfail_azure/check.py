"""Would these lanes work? What can be asked beforehand is asked, the rest is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from cloudfail.errors import CloudfailError
from cloudfail.model import Finding, Lane, Severity, Step
from cloudfail.parallel import in_parallel

from cloudfail_azure.api import Api
from cloudfail_azure.grants import Grants, Verdict
from cloudfail_azure.linked import Need, needs_of
from cloudfail_azure.links import group_id, group_of, key_of, name_of, subscription_of
from cloudfail_azure.locks import forbidding, locks_of
from cloudfail_azure.nics import edit_of
from cloudfail_azure.objects import Document, Interface
from cloudfail_azure.way import way_findings

_ROUTE_WRITE = "Microsoft.Network/routeTables/routes/write"
_ROLE = "grant the role of `cloudfail policy azure` there"
UNPROVEN = (
    "not proven: deny assignments, conditions of roles and Azure Policy, which nobody can ask for "
    "beforehand"
)


def check_lanes(api: Api, grants: Grants, lanes: Sequence[Lane]) -> Sequence[Finding]:
    steps = [step for lane in lanes for step in lane.steps]
    documents = [_document(api, step) for step in steps]
    needs = [_needs(step, document) for step, document in zip(steps, documents, strict=True)]
    verdict = grants.judge(
        need for found in needs if not isinstance(found, CloudfailError) for need in found
    )
    locks, unsaid = in_parallel(_lock_reads(api, steps))
    found: list[Finding] = []
    for step, needed in zip(steps, needs, strict=True):
        found += _of_permissions(step, needed, verdict)
        found += _of_locks(step, locks, unsaid)
    for step, document in zip(steps, documents, strict=True):
        if isinstance(document, Mapping):
            found += way_findings(api, step, Interface.read(document))
    return found


def _document(api: Api, step: Step) -> Document | CloudfailError | None:
    """Return the interface that the step changes, as it is; None for a route."""
    if step.call == "routes.put":
        return None
    try:
        known: Document | None = step.conditions.get("document")
        target = str(step.params["id"])
        return known or api.call("networkInterfaces.get", target).body
    except CloudfailError as error:
        return error


def _needs(step: Step, document: Document | CloudfailError | None) -> list[Need] | CloudfailError:
    """Return what the step's PUT needs: all that the interface will refer to then."""
    if document is None:
        return [Need(_ROUTE_WRITE, str(step.params["id"]))]
    try:
        if isinstance(document, CloudfailError):
            return document
        return list(dict.fromkeys(needs_of(edit_of(document, step.params).document)))
    except CloudfailError as error:  # it is no longer what the plan was made of
        return error


def _of_permissions(
    step: Step, needs: list[Need] | CloudfailError, verdict: Verdict
) -> Iterator[Finding]:
    if isinstance(needs, CloudfailError):
        yield _finding(Severity.WARNING, step, f"what it refers to could not be read: {needs}")
        return
    wrong = False
    for need in needs:
        if need in verdict.missing:
            wrong = True
            yield _finding(Severity.ERROR, step, f"the permission {need} is missing", _ROLE)
        elif need in verdict.unsaid:
            wrong = True
            why = f"it could not be asked whether {need} is held: {verdict.unsaid[need]}"
            yield _finding(Severity.WARNING, step, why)
    if not wrong:
        held = f"{needs[0]} is held"
        joined = f", and {len(needs) - 1} on what it refers to" if len(needs) > 1 else ""
        yield _finding(Severity.INFO, step, f"{held}{joined}; {UNPROVEN}")


def _lock_reads(api: Api, steps: Sequence[Step]) -> dict[str, Any]:
    groups = {_group(step) for step in steps}
    return {key_of(group): partial(locks_of, api, group) for group in groups}


def _of_locks(
    step: Step, locks: Mapping[str, Any], unsaid: Mapping[str, CloudfailError]
) -> Iterator[Finding]:
    group = key_of(_group(step))
    if group in unsaid:
        why = f"it could not be asked whether a management lock forbids it: {unsaid[group]}"
        yield _finding(Severity.WARNING, step, why)
    for lock, scope in forbidding(locks.get(group, ()), str(step.params["id"])):
        yield _finding(
            Severity.ERROR,
            step,
            f"the lock {name_of(lock)} on {scope} makes it read-only",
            f"az lock delete --ids {lock}",
        )


def _group(step: Step) -> str:
    target = str(step.params["id"])
    return group_id(subscription_of(target), group_of(target))


def _finding(severity: Severity, step: Step, message: str, remedy: str = "") -> Finding:
    return Finding(severity=severity, subject=str(step.claims[0]), message=message, remedy=remedy)

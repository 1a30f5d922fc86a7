"""Would these lanes work? What can be asked beforehand is asked, the rest is named."""

from __future__ import annotations

from collections.abc import Sequence

from cloudfail.errors import CloudfailError
from cloudfail.model import Finding, Lane, Severity, Step

from cloudfail_gcp.api import Api
from cloudfail_gcp.links import name_of, part_of

_USE = "compute.targetInstances.use"


def check_lanes(api: Api, lanes: Sequence[Lane]) -> Sequence[Finding]:
    return [_check(api, step) for lane in lanes for step in lane.steps]


def _check(api: Api, step: Step) -> Finding:
    target = str(step.params["target"])
    request = {
        "project": part_of(target, "projects"),
        "zone": part_of(target, "zones"),
        "resource": name_of(target),
        "test_permissions_request_resource": {"permissions": [_USE]},
    }
    subject = str(step.claims[0])
    try:
        answer = api.call("targetInstances.testIamPermissions", request, subject=target)
    except CloudfailError as exc:
        return Finding(
            severity=Severity.WARNING,
            subject=subject,
            message=f"it could not be asked whether {_USE} is held: {exc}",
        )
    if _USE not in answer.permissions:
        return Finding(
            severity=Severity.ERROR,
            subject=subject,
            message=f"the permission {_USE} on {target} is missing",
            remedy="grant the role of `cloudfail policy gcp`",
        )
    return Finding(
        severity=Severity.INFO,
        subject=subject,
        message=(
            f"{_USE} is held; Compute has no way to ask for compute.forwardingRules.setTarget "
            "beforehand"
        ),
    )

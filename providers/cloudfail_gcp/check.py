"""Would these lanes work? What can be asked beforehand is asked, the rest is named."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from cloudfail.errors import CloudfailError
from cloudfail.model import Finding, Lane, Severity, Step

from cloudfail_gcp.api import Api
from cloudfail_gcp.links import name_of
from cloudfail_gcp.permitted import ask

_NO_WAY = "Compute has no way to ask for"
_LOOKED = "is asked for by each look that finds it with somebody else"


class Question(msgspec.Struct, frozen=True):
    """A permission that can be asked for on a resource, and what is said of the others."""

    permission: str
    path: str
    unproven: str = ""


def check_lanes(api: Api, lanes: Sequence[Lane]) -> Sequence[Finding]:
    return [_check(api, step) for lane in lanes for step in lane.steps]


def _question_of(step: Step) -> Question:
    params = step.params
    match step.call:
        case "routes.insert":
            use, unproven = "compute.instances.use", f"{_NO_WAY} compute.routes.create beforehand"
            return Question(use, str(params["nextHopInstance"]), unproven)
        case "routes.delete":
            path = f"projects/{params['project']}/global/routes/{params['route']}"
            unproven = f"{_NO_WAY} compute.networks.updatePolicy beforehand"
            return Question("compute.routes.delete", path, unproven)
        case "instances.updateNetworkInterface":
            unproven = f"compute.subnetworks.use {_LOOKED}"
            return Question("compute.instances.updateNetworkInterface", _machine(step), unproven)
        case "instances.deleteAccessConfig":
            return Question("compute.instances.deleteAccessConfig", _machine(step))
        case "instances.addAccessConfig":
            unproven = f"compute.addresses.use and compute.subnetworks.useExternalIp {_LOOKED}"
            return Question("compute.instances.addAccessConfig", _machine(step), unproven)
        case _:
            unproven = f"{_NO_WAY} compute.forwardingRules.setTarget beforehand"
            return Question("compute.targetInstances.use", str(params["target"]), unproven)


def _check(api: Api, step: Step) -> Finding:
    asked, subject = _question_of(step), str(step.claims[0])
    try:
        held = ask(api, asked.path, [asked.permission])
    except CloudfailError as exc:
        return Finding(
            severity=Severity.WARNING,
            subject=subject,
            message=f"it could not be asked whether {asked.permission} is held: {exc}",
        )
    if asked.permission not in held:
        return Finding(
            severity=Severity.ERROR,
            subject=subject,
            message=f"the permission {asked.permission} on {asked.path} is missing",
            remedy="grant the role of `cloudfail policy gcp`",
        )
    rest = f"; {asked.unproven}" if asked.unproven else ""
    message = f"{asked.permission} on {name_of(asked.path)} is held{rest}"
    return Finding(severity=Severity.INFO, subject=subject, message=message)


def _machine(step: Step) -> str:
    params = step.params
    return "projects/{project}/zones/{zone}/instances/{instance}".format_map(params)

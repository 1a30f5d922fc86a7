"""Doing a step: one mutating call, and the operation that it begins."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from ipaddress import ip_network

from cloudfail.errors import ConflictError, NotFoundError, ProviderError
from cloudfail.model import PrivateIp, Step

from cloudfail_gcp.access_configs import ADD, DELETE
from cloudfail_gcp.api import Api
from cloudfail_gcp.config_calls import Told, add_config, delete_config
from cloudfail_gcp.interfaces import Interface
from cloudfail_gcp.nic_calls import interface_of, nic_request, read_interface
from cloudfail_gcp.objects import NetworkRoute
from cloudfail_gcp.waiting import Operations


def execute(api: Api, operations: Operations, step: Step, told: Told) -> None:
    """Send the step's request, and wait. Safe to repeat. Raises what `Writer.execute` allows.

    `told` gives the external address that this machine is told to have on an interface, or "".
    """
    if step.call == DELETE:
        delete_config(api, operations, step, told)
        return
    do = _HANDLERS.get(step.call)
    if do is None:
        raise ProviderError(
            f"Google Cloud has no step {step.call!r}: the plan was made by another provider"
        )
    do(api, operations, step)


def _set_target(_: Api, operations: Operations, step: Step) -> None:
    params = step.params
    request = {
        "project": params["project"],
        "region": params["region"],
        "forwarding_rule": params["forwardingRule"],
        "target_reference_resource": {"target": params["target"]},
    }
    operations.run(step.call, request, str(params["forwardingRule"]))


def _insert_route(api: Api, operations: Operations, step: Step) -> None:
    """Insert; a route of that name that is the same one is done."""
    params = step.params
    resource = {
        "name": params["name"],
        "network": params["network"],
        "dest_range": params["destRange"],
        "next_hop_instance": params["nextHopInstance"],
        "priority": params["priority"],
        "tags": list(params.get("tags", ())),
    }
    request = {"project": params["project"], "route_resource": resource}
    try:
        operations.run(step.call, request, str(params["name"]))
    except ConflictError:
        if not _is_there(api, step):
            raise


def _is_there(api: Api, step: Step) -> bool:
    params = step.params
    try:
        answer = api.call("routes.get", {"project": params["project"], "route": params["name"]})
    except NotFoundError:
        return False
    route = NetworkRoute.read(answer)
    wanted = (params["nextHopInstance"], params["priority"], ip_network(params["destRange"]))
    return (route.machine, route.priority, route.destination) == wanted


def _delete_route(_: Api, operations: Operations, step: Step) -> None:
    """Delete; a route that is gone is done."""
    request = {"project": step.params["project"], "route": step.params["route"]}
    with contextlib.suppress(NotFoundError):
        operations.run(step.call, request, str(step.params["route"]))


def _patch_aliases(api: Api, operations: Operations, step: Step) -> None:
    """Replace the list; a conflict with what is done already is none."""
    params = step.params
    request = {
        **nic_request(step),
        "body": {
            "aliasIpRanges": [dict(alias) for alias in params["aliasIpRanges"]],
            "fingerprint": step.conditions["fingerprint"],
        },
    }
    try:
        operations.run(step.call, request, interface_of(step))
    except ConflictError:
        if not _is_patched(read_interface(api, step), step):
            raise
    except NotFoundError:
        if not step.releases:
            raise


def _is_patched(nic: Interface, step: Step) -> bool:
    claimed = {claim.network for claim in step.claims if isinstance(claim, PrivateIp)}
    if step.releases:
        return claimed.isdisjoint(nic.ranges)
    return claimed.issubset(nic.ranges)


_HANDLERS: Mapping[str, Callable[[Api, Operations, Step], None]] = {
    "forwardingRules.setTarget": _set_target,
    "routes.insert": _insert_route,
    "routes.delete": _delete_route,
    "instances.updateNetworkInterface": _patch_aliases,
    ADD: add_config,
}

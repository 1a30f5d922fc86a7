"""Doing a step: one mutating call, and the operation that it begins."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from typing import Any

from cloudfail.errors import ConflictError, NotFoundError, ProviderError
from cloudfail.model import PrivateIp, Step

from cloudfail_gcp.api import Api
from cloudfail_gcp.interfaces import Interface
from cloudfail_gcp.links import path_of
from cloudfail_gcp.objects import NetworkRoute
from cloudfail_gcp.waiting import Operations


def execute(api: Api, operations: Operations, step: Step) -> None:
    """Send the step's request, and wait. Safe to repeat. Raises what `Writer.execute` allows."""
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


def _read_interface(api: Api, step: Step) -> Interface:
    """Raises NotFoundError when the machine, or its interface, is gone."""
    params = step.params
    place = {name: str(params[name]) for name in ("project", "zone", "instance")}
    answer = api.call("instances.get", place, subject=place["instance"])
    for nic in answer.network_interfaces:
        if nic.name == params["networkInterface"]:
            return Interface.read(path_of(answer.self_link), nic)
    raise NotFoundError(f"{place['instance']} has no {params['networkInterface']} any more")


def _patch_aliases(api: Api, operations: Operations, step: Step) -> None:
    """Replace the list; a conflict with what is done already is none."""
    params = step.params
    request = {
        **_nic(step),
        "body": {
            "aliasIpRanges": [dict(alias) for alias in params["aliasIpRanges"]],
            "fingerprint": step.conditions["fingerprint"],
        },
    }
    try:
        operations.run(step.call, request, _interface_of(step))
    except ConflictError:
        if not _is_patched(_read_interface(api, step), step):
            raise
    except NotFoundError:
        if not step.releases:
            raise


def _is_patched(nic: Interface, step: Step) -> bool:
    claimed = {claim.network for claim in step.claims if isinstance(claim, PrivateIp)}
    if step.releases:
        return claimed.isdisjoint(nic.ranges)
    return claimed.issubset(nic.ranges)


def _delete_config(api: Api, operations: Operations, step: Step) -> None:
    """Delete the config that has the address: its name alone may be another one's by now."""
    try:
        config = _read_interface(api, step).config
        if config is None or str(config.address or "") != step.conditions["natIP"]:
            return
        request = {**_nic(step), "access_config": config.name}
        operations.run(step.call, request, _interface_of(step))
    except NotFoundError:
        if not step.releases:
            raise


def _add_config(api: Api, operations: Operations, step: Step) -> None:
    """Add; one that is there already is done."""
    params = step.params
    config = {
        "name": params["name"],
        "type_": "ONE_TO_ONE_NAT",
        "nat_i_p": params["natIP"],
        "network_tier": params["networkTier"],
    }
    if "publicPtrDomainName" in params:
        config |= {"set_public_ptr": True, "public_ptr_domain_name": params["publicPtrDomainName"]}
    request = {**_nic(step), "access_config_resource": config}
    try:
        operations.run(step.call, request, _interface_of(step))
    except ConflictError:
        here = _read_interface(api, step).config
        if here is None or str(here.address) != params["natIP"]:
            raise


def _nic(step: Step) -> dict[str, Any]:
    """Return where the step's network interface is, as every method names it."""
    params = step.params
    return {
        "project": params["project"],
        "zone": params["zone"],
        "instance": params["instance"],
        "network_interface": params["networkInterface"],
    }


def _interface_of(step: Step) -> str:
    return f"{step.params['instance']}/{step.params['networkInterface']}"


_HANDLERS: Mapping[str, Callable[[Api, Operations, Step], None]] = {
    "forwardingRules.setTarget": _set_target,
    "routes.insert": _insert_route,
    "routes.delete": _delete_route,
    "instances.updateNetworkInterface": _patch_aliases,
    "instances.deleteAccessConfig": _delete_config,
    "instances.addAccessConfig": _add_config,
}

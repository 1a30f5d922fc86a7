"""What the calls that change a network interface have in common."""

from __future__ import annotations

from typing import Any

from cloudfail.errors import NotFoundError
from cloudfail.model import Step

from cloudfail_gcp.api import Api
from cloudfail_gcp.interfaces import Interface
from cloudfail_gcp.links import path_of


def read_interface(api: Api, step: Step) -> Interface:
    """Raises NotFoundError when the machine, or its interface, is gone."""
    params = step.params
    place = {name: str(params[name]) for name in ("project", "zone", "instance")}
    answer = api.call("instances.get", place, subject=place["instance"])
    for nic in answer.network_interfaces:
        if nic.name == params["networkInterface"]:
            return Interface.read(path_of(answer.self_link), nic)
    raise NotFoundError(f"{place['instance']} has no {params['networkInterface']} any more")


def nic_request(step: Step) -> dict[str, Any]:
    """Return where the step's network interface is, as every method names it."""
    params = step.params
    return {
        "project": params["project"],
        "zone": params["zone"],
        "instance": params["instance"],
        "network_interface": params["networkInterface"],
    }


def interface_of(step: Step) -> str:
    return f"{step.params['instance']}/{step.params['networkInterface']}"

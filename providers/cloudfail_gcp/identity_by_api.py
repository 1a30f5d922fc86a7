"""Who this machine is where there is no metadata server: what Compute knows of an interface."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Any

from cloudfail.errors import ConfigError, NotFoundError
from cloudfail.model import Node
from cloudfail.provider import Setup

from cloudfail_gcp.api import Api
from cloudfail_gcp.interfaces import Interface
from cloudfail_gcp.links import instance_of, name_of, part_of, path_of, region_of_zone

_FORM = re.compile(r"projects/[^/]+/zones/[^/]+/instances/[^/]+/networkInterfaces/nic\d+")


def is_elsewhere(setup: Setup) -> bool:
    """True when the setup says enough to do without a metadata server."""
    return bool(setup.interface_id and setup.settings.project)


def find_node_by_api(api: Api, setup: Setup) -> Node:
    """Return the configured interface's node.

    Raises ConfigError for an interface_id that is none, or that of another project; NotFoundError
    when there is no such instance; and what a call raises.
    """
    wanted = setup.interface_id
    _require_form(wanted, setup.settings.project)
    path = instance_of(wanted)
    answer = _read_instance(api, path)
    nics = [Interface.read(path, nic) for nic in answer.network_interfaces]
    for nic, raw in zip(nics, answer.network_interfaces, strict=True):
        if nic.ref == wanted:
            return _node_of(nic, answer, raw, setup.name)
    known = ", ".join(nic.ref for nic in nics)
    raise ConfigError(
        f"{wanted} is not an interface of its instance, which has {known}: correct interface_id "
        "(--interface-id)"
    )


def _require_form(wanted: str, project: str) -> None:
    if not _FORM.fullmatch(wanted):
        raise ConfigError(
            f"interface_id {wanted!r} is no network interface: write it as "
            "projects/P/zones/Z/instances/N/networkInterfaces/nic0"
        )
    if part_of(wanted, "projects") != project:
        raise ConfigError(
            f"interface_id {wanted} is not of project {project}: correct it, or [provider.gcp] "
            "project"
        )


def _read_instance(api: Api, path: str) -> Any:
    """Find it by a list, which every claim's role may read."""
    request = {"project": part_of(path, "projects"), "filter": f'name = "{name_of(path)}"'}
    for _, scope in api.pages("instances.aggregatedList", request):
        for machine in scope.instances:
            if path_of(machine.self_link) == path:
                return machine
    raise NotFoundError(
        f"there is no metadata server here, and no instance {path}: correct interface_id "
        "(--interface-id)"
    )


def _node_of(nic: Interface, answer: Any, raw: Any, name: str) -> Node:
    zone = part_of(nic.machine, "zones")
    single = [net.network_address for net in nic.ranges if net.num_addresses == 1]
    own = [nic.address] if nic.address is not None else []
    v6 = [ip_address(raw.ipv6_address)] if raw.ipv6_address else []
    outside = [
        ip_address(one.external_ipv6) for one in raw.ipv6_access_configs if one.external_ipv6
    ]
    addresses = (*own, *single, *v6, *outside)
    if not addresses:
        raise ConfigError(f"{nic.ref} has no address: correct interface_id (--interface-id)")
    return Node(
        ref=nic.ref,
        name=name,
        addresses=addresses,
        facts={
            "project": part_of(nic.machine, "projects"),
            "zone": zone,
            "region": region_of_zone(zone),
            "instance": nic.machine,
            "instance_id": str(answer.id),
            "nic": nic.name,
            "network": name_of(nic.network),
            "primary": str(addresses[0]),
            "identity": "api",
        },
    )

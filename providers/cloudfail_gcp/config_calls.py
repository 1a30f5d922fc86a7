"""Access configs, deleted and added. Compute deletes by name, whatever address is behind it."""

from __future__ import annotations

from collections.abc import Callable

from cloudfail.errors import ConflictError, NotFoundError
from cloudfail.model import Step

from cloudfail_gcp.access_configs import telling_name
from cloudfail_gcp.api import Api
from cloudfail_gcp.nic_calls import interface_of, nic_request, read_interface
from cloudfail_gcp.waiting import Operations

# From an interface's name, like "nic0", to the external address that this machine is told of.
Told = Callable[[str], str]


def delete_config(api: Api, operations: Operations, step: Step, told: Told) -> None:
    """Delete the config that has the address, and no other that has its name by now."""
    try:
        name = _name_of(api, step, told)
        if name:
            request = {**nic_request(step), "access_config": name}
            operations.run(step.call, request, interface_of(step))
    except ConflictError:
        if _has_address(api, step):
            raise
    except NotFoundError:
        if not step.releases:
            raise


def _name_of(api: Api, step: Step, told: Told) -> str:
    """Return the name to delete, "" when the address is not there; look only where it may lie.

    A name that tells the address is nobody else's. That of this node's own config is believed
    where the metadata server, as the look before, says which address is behind it.
    """
    planned, address = str(step.params["accessConfig"]), str(step.conditions["natIP"])
    if planned == telling_name(address):
        return planned
    if not step.releases and told(str(step.params["networkInterface"])) == address != "":
        return planned
    config = read_interface(api, step).config
    return config.name if config is not None and str(config.address or "") == address else ""


def _has_address(api: Api, step: Step) -> bool:
    config = read_interface(api, step).config
    return config is not None and str(config.address or "") == step.conditions["natIP"]


def add_config(api: Api, operations: Operations, step: Step) -> None:
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
    request = {**nic_request(step), "access_config_resource": config}
    try:
        operations.run(step.call, request, interface_of(step))
    except ConflictError:
        here = read_interface(api, step).config
        if here is None or str(here.address) != params["natIP"]:
            raise

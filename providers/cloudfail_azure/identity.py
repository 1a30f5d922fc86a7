"""Which network interface this machine takes claims with: its metadata, and what ARM says of it.

The metadata service tells the virtual machine, but not the ids of its network interfaces: ARM
does, by the `virtualMachine.id` in each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from cloudfail.errors import ConfigError, NotFoundError, UnreachableError
from cloudfail.machine.device import mac_of
from cloudfail.machine.metadata import RETRIES
from cloudfail.model import Node
from cloudfail.provider import Setup

from cloudfail_azure.api import Api
from cloudfail_azure.links import (
    collection_id,
    group_of,
    interface_of,
    same,
    subscription_of,
    up_to,
)
from cloudfail_azure.objects import Interface
from cloudfail_azure.settings import AzureSettings

_CLOUDS = {
    "azurepubliccloud": "public",
    "azureusgovernmentcloud": "usgovernment",
    "azureusgovernment": "usgovernment",
    "azurechinacloud": "china",
}


class Compute(msgspec.Struct, frozen=True, rename="camel"):
    """The virtual machine as the metadata service tells it, as far as it concerns us."""

    subscription_id: str
    resource_group_name: str
    resource_id: str
    name: str = ""
    vm_id: str = ""
    location: str = ""
    zone: str = ""
    az_environment: str = ""
    vm_scale_set_name: str = ""


class Instance(msgspec.Struct, frozen=True):
    compute: Compute


def read_instance(document: Any, endpoint: str) -> Compute:
    """Return the machine of the metadata's document. Raises UnreachableError for another thing."""
    try:
        return msgspec.convert(document, Instance).compute
    except ValueError as exc:
        raise UnreachableError(
            f"the instance metadata service at {endpoint} says what cannot be read ({exc}): is "
            "something else answering in its place?",
            limit=RETRIES,
        ) from exc


def find_node(machine: Compute, api: Api, setup: Setup) -> Node:
    """Return this machine's node. Raises ConfigError when metadata, ARM and setup disagree."""
    settings: AzureSettings = setup.settings
    check_machine(machine, settings)
    if setup.interface_id:
        nic = _configured(api, setup.interface_id)
        if not same(nic.machine, machine.resource_id):
            raise ConfigError(
                f"{setup.interface_id} is not an interface of this virtual machine, "
                f"{machine.resource_id}: correct interface_id (--interface-id), or leave it out"
            )
    else:
        nic = _choose(_interfaces(api, machine, settings), setup)
    return node_of(nic, setup, machine)


def find_configured(api: Api, setup: Setup, why: UnreachableError) -> Node:
    """Return the node that the setup alone tells, where there is no metadata.

    Raises `why` when it does not tell enough, ConfigError when ARM says otherwise.
    """
    subscription = setup.settings.subscription
    if not setup.interface_id or not subscription:
        raise why
    if subscription_of(setup.interface_id).lower() != subscription.lower():
        raise ConfigError(
            f"interface_id {setup.interface_id} is not of subscription {subscription}: correct "
            "one of them"
        )
    nic = _configured(api, setup.interface_id)
    if setup.address is not None and setup.address not in nic.addresses:
        seen = ", ".join(map(str, nic.addresses)) or "none"
        raise ConfigError(
            f"{setup.address} is none of the addresses of {nic.id} ({seen}): correct interface_id "
            "or the node's address"
        )
    return node_of(nic, setup)


def check_machine(machine: Compute, settings: AzureSettings) -> None:
    here, wanted = machine.subscription_id, settings.subscription
    if wanted and wanted.lower() != here.lower():
        raise ConfigError(
            f"this virtual machine is of subscription {here}, but the configuration says "
            f"{wanted}: set [provider.azure] subscription to {here}, or leave it out"
        )
    cloud = _CLOUDS.get(machine.az_environment.lower(), settings.cloud)
    if cloud != settings.cloud and not settings.endpoint:
        raise ConfigError(
            f"this virtual machine is in {machine.az_environment}: set [provider.azure] cloud to "
            f'"{cloud}"'
        )


def node_of(nic: Interface, setup: Setup, machine: Compute | None = None) -> Node:
    """Return the node that takes claims with this network interface."""
    primary = nic.primary
    facts = {
        "subscription": subscription_of(nic.id),
        "group": setup.settings.resource_group or group_of(nic.id),
        "location": nic.location,
        "zone": machine.zone if machine else "",
        "machine": nic.machine,
        "instance_id": machine.vm_id if machine else "",
        "mac": nic.mac,
        "network": nic.network,
        "subnet": nic.subnet,
        "primary": str(primary.address) if primary and primary.address else "",
        "identity": "metadata" if machine else "configuration",
    }
    return Node(
        ref=nic.id,
        name=setup.name,
        addresses=nic.addresses,
        facts={key: value for key, value in facts.items() if value},
    )


def _configured(api: Api, interface_id: str) -> Interface:
    if interface_of(interface_id) != interface_id:
        raise ConfigError(
            f"interface_id {interface_id!r} is no id of a network interface: az network nic list "
            "--query '[].id' shows them"
        )
    if up_to(interface_id, "virtualMachineScaleSets"):
        raise ConfigError(
            f"interface_id {interface_id} is of a scale set with uniform orchestration, whose "
            "interfaces cannot be changed one by one: use virtual machines, or a flexible scale set"
        )
    return Interface.read(api.call("networkInterfaces.get", interface_id).body)


def _interfaces(api: Api, machine: Compute, settings: AzureSettings) -> Sequence[Interface]:
    group = settings.resource_group or machine.resource_group_name
    collection = collection_id(machine.subscription_id, group, "networkInterfaces")
    found = map(Interface.read, api.pages("networkInterfaces.list", collection))
    own = [nic for nic in found if same(nic.machine, machine.resource_id)]
    if own:
        return own
    scale_set = (
        f"; it is of the scale set {machine.vm_scale_set_name}, whose interfaces only a flexible "
        "orchestration shows"
        if machine.vm_scale_set_name
        else ""
    )
    raise NotFoundError(
        f"resource group {group} has no network interface of {machine.resource_id}{scale_set}: set "
        "resource_group in [provider.azure], or give the node its interface_id"
    )


def _choose(nics: Sequence[Interface], setup: Setup) -> Interface:
    if setup.address is not None:
        for nic in nics:
            if setup.address in nic.addresses:
                return nic
    device_mac = mac_of(setup.interface)
    by_mac = {nic.mac: nic for nic in nics if nic.mac}
    if device_mac in by_mac:
        return by_mac[device_mac]
    return next((nic for nic in nics if nic.is_first), nics[0])

"""Which network interface this machine takes claims with, by the metadata server."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface

import msgspec
from cloudfail.errors import ConfigError, UnreachableError
from cloudfail.machine.device import mac_of
from cloudfail.machine.metadata import RETRIES
from cloudfail.model import Address, Node
from cloudfail.provider import Setup

from cloudfail_gcp.links import interface_id, name_of, region_of_zone
from cloudfail_gcp.metadata import Metadata


class Interface(msgspec.Struct, frozen=True, rename="camel"):
    """A network interface as the metadata server tells it; `ip` is "" where it has IPv6 only."""

    mac: str
    ip: str = ""
    network: str = ""
    ip_aliases: tuple[str, ...] = ()
    ipv6s: tuple[str, ...] = ()

    @property
    def addresses(self) -> tuple[Address, ...]:
        """The single addresses; wider alias ranges are no address of the machine."""
        aliases = [ip_interface(text) for text in self.ip_aliases]
        single = [a.ip for a in aliases if a.network.num_addresses == 1]
        first = [ip_address(self.ip)] if self.ip else []
        return (*first, *single, *map(ip_address, self.ipv6s))


class Instance(msgspec.Struct, frozen=True, rename="camel"):
    id: int
    name: str
    zone: str
    network_interfaces: tuple[Interface, ...]


def find_node(metadata: Metadata, setup: Setup) -> Node:
    """Return this machine by its metadata.

    Raises ConfigError when metadata and setup disagree, UnreachableError when there is no
    metadata server, or it leaves out what is needed, or says what cannot be read.
    """
    try:
        instance = msgspec.convert(metadata.json("instance/?recursive=true"), Instance)
        project = metadata.text("project/project-id") or ""
        check_project(project, setup.settings.project)
        return _node_of(instance, project, setup)
    except ValueError as exc:
        raise UnreachableError(
            f"the metadata server at {metadata.endpoint} says what cannot be read ({exc}): is "
            "something else answering in its place?",
            limit=RETRIES,
        ) from exc


def check_project(here: str, configured: str) -> None:
    if configured and configured != here:
        raise ConfigError(
            f"this instance is of project {here}, but the configuration says {configured}: set "
            f"[provider.gcp] project to {here}, or leave it out"
        )


def _node_of(instance: Instance, project: str, setup: Setup) -> Node:
    zone = name_of(instance.zone)
    path = f"projects/{project}/zones/{zone}/instances/{instance.name}"
    number = _choose(instance.network_interfaces, path, setup)
    chosen = instance.network_interfaces[number]
    if not chosen.addresses:
        raise UnreachableError(f"the metadata server tells of no address of nic{number} of {path}")
    return Node(
        ref=interface_id(path, f"nic{number}"),
        name=setup.name,
        addresses=chosen.addresses,
        facts={
            "project": project,
            "zone": zone,
            "region": region_of_zone(zone),
            "instance": path,
            "instance_id": str(instance.id),
            "nic": f"nic{number}",
            "mac": chosen.mac,
            "network": name_of(chosen.network),
            "primary": str(chosen.addresses[0]),
            "identity": "metadata",
        },
    )


def _choose(nics: tuple[Interface, ...], path: str, setup: Setup) -> int:
    if not nics:
        raise UnreachableError(f"the metadata server tells of no network interface of {path}")
    if setup.interface_id:
        return _by_interface_id(nics, path, setup.interface_id)
    if setup.address is not None:
        for number, nic in enumerate(nics):
            if setup.address in nic.addresses:
                return number
    macs = [nic.mac for nic in nics]
    device_mac = mac_of(setup.interface)
    return macs.index(device_mac) if device_mac in macs else 0


def _by_interface_id(nics: tuple[Interface, ...], path: str, wanted: str) -> int:
    known = [interface_id(path, f"nic{number}") for number in range(len(nics))]
    if wanted in known:
        return known.index(wanted)
    raise ConfigError(
        f"{wanted} is not an interface of this instance, which has {', '.join(known)}: correct "
        "interface_id (--interface-id), or leave it out"
    )

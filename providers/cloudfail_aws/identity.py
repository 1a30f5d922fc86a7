"""Which network interface this machine takes claims with, by the metadata service."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address, ip_network

import msgspec
from cloudfail.errors import ConfigError, UnreachableError
from cloudfail.machine.device import mac_of
from cloudfail.machine.metadata import RETRIES
from cloudfail.model import Address, Network, Node
from cloudfail.provider import Setup

from cloudfail_aws.metadata import Metadata

_MACS = "meta-data/network/interfaces/macs/"


class Document(msgspec.Struct, frozen=True, rename="camel"):
    """The instance identity document, as far as it concerns us."""

    region: str
    account_id: str = ""
    instance_id: str = ""
    instance_type: str = ""
    availability_zone: str = ""


def find_node(metadata: Metadata, setup: Setup) -> Node:
    """Return this machine by its metadata.

    Raises ConfigError when metadata and setup disagree, UnreachableError when there is no
    metadata service, or it leaves out what is needed, or says what cannot be read.
    """
    try:
        return _read_node(metadata, setup)
    except ValueError as exc:
        raise UnreachableError(
            f"the metadata service at {metadata.endpoint} says what cannot be read ({exc}): is "
            "something else answering in its place?",
            limit=RETRIES,
        ) from exc


def _read_node(metadata: Metadata, setup: Setup) -> Node:
    document = read_document(metadata)
    check_region(document.region, setup.settings.region)
    mac = _choose(metadata, setup)
    path = f"{_MACS}{mac}/"
    offered = {entry.rstrip("/") for entry in metadata.lines(path)}

    def optional(name: str) -> str:
        return " ".join(metadata.lines(path + name)) if name in offered else ""

    v4, v6 = optional("local-ipv4s"), optional("ipv6s")
    facts = {
        "region": document.region,
        "zone": document.availability_zone,
        "account": document.account_id or optional("owner-id"),
        "instance_id": document.instance_id,
        "instance_type": document.instance_type,
        "mac": mac,
        "subnet_id": metadata.required(path + "subnet-id"),
        "vpc_id": metadata.required(path + "vpc-id"),
        "primary": v4.split(" ", maxsplit=1)[0],
        "subnet_cidr": optional("subnet-ipv4-cidr-block"),
        "subnet_ipv6_cidrs": optional("subnet-ipv6-cidr-blocks"),
        "identity": "metadata",
    }
    return Node(
        ref=metadata.required(path + "interface-id"),
        name=setup.name,
        addresses=tuple(ip_address(text) for text in (v4 + " " + v6).split()),
        facts={key: value for key, value in facts.items() if value},
    )


def read_document(metadata: Metadata) -> Document:
    """Return the identity document, or what the plain tree has of it."""
    text = metadata.text("dynamic/instance-identity/document")
    if text is not None:
        try:
            return msgspec.json.decode(text, type=Document)
        except msgspec.MsgspecError as exc:
            raise UnreachableError(
                f"the metadata service at {metadata.endpoint} gave an identity document that "
                f"cannot be read: {exc}"
            ) from exc
    return Document(
        region=metadata.required("meta-data/placement/region"),
        instance_id=metadata.text("meta-data/instance-id") or "",
        instance_type=metadata.text("meta-data/instance-type") or "",
        availability_zone=metadata.text("meta-data/placement/availability-zone") or "",
    )


def check_region(here: str, configured: str) -> None:
    if configured and configured != here:
        raise ConfigError(
            f"this instance runs in {here}, but the configuration says region {configured}: "
            f"set [provider.aws] region (or --region) to {here}, or leave it out"
        )


def addresses_of(metadata: Metadata, mac: str) -> frozenset[Address]:
    """Return the addresses that the instance itself is told to have, now."""
    names = ("local-ipv4s", "ipv6s")
    texts = [text for name in names for text in metadata.lines(f"{_MACS}{mac}/{name}")]
    return frozenset(ip_address(text) for text in texts)


def associations_of(metadata: Metadata, mac: str) -> Mapping[Address, Address]:
    """Return private address -> public address, as the metadata service shows it now."""
    path = f"{_MACS}{mac}/ipv4-associations/"
    pairs = ((public, metadata.lines(path + public)) for public in metadata.lines(path))
    return {ip_address(private): ip_address(public) for public, list_ in pairs for private in list_}


def subnets_of(node: Node) -> tuple[Network, ...]:
    """Return the prefixes of the node's subnet; none when its identity came without them."""
    text = f"{node.facts.get('subnet_cidr', '')} {node.facts.get('subnet_ipv6_cidrs', '')}"
    return tuple(ip_network(cidr) for cidr in text.split())


def _choose(metadata: Metadata, setup: Setup) -> str:
    macs = tuple(entry.rstrip("/") for entry in metadata.lines(_MACS))
    if not macs:
        metadata.required(_MACS)
    if setup.interface_id:
        return _by_interface_id(metadata, macs, setup.interface_id)
    if len(macs) == 1:
        return macs[0]
    if setup.address is not None:
        for mac in macs:
            if setup.address in addresses_of(metadata, mac):
                return mac
    device_mac = mac_of(setup.interface)
    if device_mac in macs:
        return device_mac
    return _by_device_number(metadata, macs)


def _by_interface_id(metadata: Metadata, macs: tuple[str, ...], wanted: str) -> str:
    seen = []
    for mac in macs:
        found = metadata.text(f"{_MACS}{mac}/interface-id") or ""
        if found == wanted:
            return mac
        seen.append(found)
    raise ConfigError(
        f"{wanted} is not an interface of this instance, which has {', '.join(seen)}: correct "
        "interface_id (--interface-id), or leave it out"
    )


def _by_device_number(metadata: Metadata, macs: tuple[str, ...]) -> str:
    for mac in macs:
        if metadata.text(f"{_MACS}{mac}/device-number") == "0":
            return mac
    raise UnreachableError(
        f"the metadata service at {metadata.endpoint} names no primary interface among "
        f"{', '.join(macs)}; give --interface-id"
    )

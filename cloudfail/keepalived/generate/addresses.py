"""Which addresses keepalived adds on the master, and in which list.

The list in the adverts takes one family only; the other goes into `virtual_ipaddress_excluded`
(measured: `address family must match VRRP instance ... ignoring`). Always /32 or /128: an on-link
prefix together with use_vmac sends the whole subnet's traffic from the virtual MAC. IPv6 needs
`preferred_lft forever`: a /128 without it is deprecated (measured with 2.2.7; same in 2.4.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_address

import msgspec

from cloudfail.config.vrrp.model import VirtualAddress
from cloudfail.errors import ConfigError
from cloudfail.keepalived.generate.gate import Gate
from cloudfail.keepalived.generate.site import Member
from cloudfail.keepalived.version import Version
from cloudfail.model import Address, Claim, PrivateIp, PublicIp, Route

_PREFERRED = Version(2, 0, 20)
_IPV6 = 6


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """Lines for the two lists; `placeholder` is true where nothing but one stands in the first."""

    own: tuple[str, ...]
    excluded: tuple[str, ...]
    placeholder: bool = False


def addresses_of(member: Member, gate: Gate) -> Addresses:
    """Return the lines of both lists for one instance on one node. Raises ConfigError."""
    family = member.node.address.version
    wanted = wanted_of(member)
    own = [one for one in wanted if one.address.version == family]
    other = [one for one in wanted if one.address.version != family]
    excluded = [*other, *member.instance.vrrp.virtual_ipaddress_excluded]
    _check_lifetimes([*own, *excluded], member, gate)
    _check_own(wanted, member)
    if own or gate.has("vrrp_instance", "no_virtual_ipaddress"):
        return Addresses(own=_lines(own, member), excluded=_lines(excluded, member))
    return Addresses(own=(_stand_in(member),), excluded=_lines(excluded, member), placeholder=True)


def wanted_of(member: Member) -> tuple[VirtualAddress, ...]:
    """Return what is configured, else the addresses that the claims bring to this machine."""
    vrrp = member.instance.vrrp
    if vrrp.virtual_ipaddress is not None:
        return vrrp.virtual_ipaddress
    elsewhere = {one.address for one in vrrp.virtual_ipaddress_excluded}
    found = [address for claim in member.instance.claims for address in _brought_by(claim)]
    return tuple(
        VirtualAddress(address=address)
        for address in dict.fromkeys(found)
        if address not in elsewhere
    )


def _brought_by(claim: Claim) -> Iterator[Address]:
    """A public address is translated by the cloud; networks and ranges are routed, nobody has one."""
    match claim:
        case PrivateIp(address=address, prefix_length=None):
            yield address
        case PublicIp(private_address=address) if address is not None:
            yield address
        case Route(destination=network) if network.prefixlen == network.max_prefixlen:
            yield network.network_address
        case _:
            return


def _lines(addresses: list[VirtualAddress], member: Member) -> tuple[str, ...]:
    return tuple(_line(one, member) for one in addresses)


def _line(one: VirtualAddress, member: Member) -> str:
    parts = [f"{one.address}/{one.address.max_prefixlen}", f"dev {one.dev or _device(one, member)}"]
    if one.label:
        parts.append(f"label {one.label}")
    if one.address.version == _IPV6:
        parts.append("preferred_lft forever")
    return " ".join(parts)


def _device(one: VirtualAddress, member: Member) -> str:
    """Return where an address goes that names no device.

    With use_vmac it is lo: anywhere else keepalived 2.2.7 puts it on the VMAC (also with
    `dev eth0`), whose gratuitous ARPs and neighbour advertisements leave with the virtual MAC. On
    lo not one frame does (measured: start, partition, link down, reload, ARP asked; both families).
    An IPv6 address is always on lo: on the device, preferred for ever, it would become the source of
    all that this node sends, calls to the API included, before the cloud has moved it here (measured).
    """
    on_loopback = member.instance.vrrp.use_vmac or one.address.version == _IPV6
    return "lo" if on_loopback else member.device


def _stand_in(member: Member) -> str:
    """Return the line of an address that nobody uses, so that its lifetime does not matter."""
    address = _documentation_address(member)
    return f"{address}/{address.max_prefixlen} dev lo"


def _check_lifetimes(addresses: list[VirtualAddress], member: Member, gate: Gate) -> None:
    if any(one.address.version == _IPV6 for one in addresses):
        gate.require_version(
            _PREFERRED,
            "an IPv6 address that is not deprecated (preferred_lft)",
            f"instance.{member.instance.name}.virtual_ipaddress",
        )


def _check_own(wanted: Sequence[VirtualAddress], member: Member) -> None:
    """What is configured was checked before; a claimed route may lead to a node itself."""
    own = {node.address: node.name for node in member.instance.nodes}
    for one in wanted:
        if one.address in own:
            raise ConfigError(
                f"instance.{member.instance.name}.claim: {one.address} is the unicast address of "
                f'node "{own[one.address]}", which keepalived would remove; claim another, or set '
                "virtual_ipaddress = []"
            )


def check_unique(members: Iterable[Member]) -> None:
    """Raise ConfigError for an address that two instances of one node add to one device.

    The first of them that is not master any more would take it from the other, which keepalived does
    not notice on lo (measured with 2.2.7; -t says nothing).
    """
    seen: dict[tuple[Address, str], str] = {}
    for member in members:
        vrrp, name = member.instance.vrrp, member.instance.name
        for one in (*wanted_of(member), *vrrp.virtual_ipaddress_excluded):
            device = one.dev or _device(one, member)
            first = seen.setdefault((one.address, device), name)
            if first != name:
                raise ConfigError(
                    f"instance.{name}: {one.address} is also an address of instance.{first}, which "
                    f"node {member.node.name} would add to {device} twice; name it in one of them"
                )


def _documentation_address(member: Member) -> Address:
    """Return an address that nobody routes (RFC 5737, RFC 3849), the same on all nodes."""
    number = member.instance.virtual_router_id
    if member.node.address.version == _IPV6:
        return ip_address(f"2001:db8::{number:x}")
    return ip_address(f"192.0.2.{number}")

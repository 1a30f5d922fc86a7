"""Instances: which of them the nodes' addresses lead to, what they carry, and which are gone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Any

import msgspec
from cloudfail.model import Address

from cloudfail_gcp.api import Api
from cloudfail_gcp.interfaces import Interface
from cloudfail_gcp.links import name_of, part_of, path_of
from cloudfail_gcp.members import Members

# A filter with more names than this is longer than what it saves.
_MOST_NAMES = 20
_IPV4 = 4
_UNREACHABLE = "UNREACHABLE"
_LIST = "instances.aggregatedList"
Field = tuple[str, str]


class Machines(msgspec.Struct, frozen=True, kw_only=True):
    """The paths of the nodes' machines by address; the rest as in `look.Seen`."""

    peers: Mapping[Address, str] = {}
    forwards: bool | None = None
    tags: tuple[str, ...] = ()
    interfaces: tuple[Interface, ...] = ()


def read_machines(api: Api, members: Members, also: Sequence[Field]) -> Machines:
    """Find the machines with the nodes' addresses, in the node's own network.

    `also` are fields and values by which others are found, of which only the interfaces count.
    """
    node = members.node
    own = ip_address(node.facts["primary"])
    wanted = {own, *(peer.address for peer in members.peers)}
    fields = {field for address in wanted for field in _fields_of(address)}
    request = {"project": node.facts["project"], **filtered(sorted({*fields, *also}))}
    peers: dict[Address, str] = {}
    interfaces: list[Interface] = []
    forwards: bool | None = None
    tags: tuple[str, ...] = ()
    for _, scope in api.pages(_LIST, request):
        for machine in scope.instances:
            path = path_of(machine.self_link)
            if path == node.facts["instance"]:
                forwards, tags = machine.can_ip_forward, tuple(machine.tags.items)
            interfaces += [Interface.read(path, nic) for nic in machine.network_interfaces]
            for nic in machine.network_interfaces:
                if name_of(nic.network) == node.facts["network"]:
                    peers |= dict.fromkeys(wanted & set(_addresses(nic)), path)
    return Machines(peers=peers, forwards=forwards, tags=tags, interfaces=tuple(interfaces))


def read_gone(api: Api, machines: Collection[str]) -> frozenset[str]:
    """Return those of these machines, by path, that no longer exist.

    One in a zone that cannot be reached may exist: Compute says so of the zone, with HTTP 200.
    """
    left = set(machines)
    for project in sorted({part_of(machine, "projects") for machine in machines}):
        names = sorted({name_of(one) for one in machines if part_of(one, "projects") == project})
        request = {"project": project, **filtered([("name", name) for name in names])}
        for key, scope in api.pages(_LIST, request):
            left -= {path_of(machine.self_link) for machine in scope.instances}
            if scope.warning.code == _UNREACHABLE:
                left -= {one for one in left if part_of(one, "zones") == name_of(key)}
    return frozenset(left)


def filtered(fields: Sequence[Field]) -> dict[str, Any]:
    if len(fields) > _MOST_NAMES:
        return {}
    return {"filter": " OR ".join(f'({field} = "{value}")' for field, value in fields)}


def _fields_of(address: Address) -> Iterator[Field]:
    """Yield the fields of instances that may have an address, in each form that Compute writes it.

    Its instances' IPv6 addresses are documented without a form, and seen as `fd20:0:0:1:0:0:0:0`.
    """
    if address.version == _IPV4:
        yield "networkInterfaces.networkIP", str(address)
        return
    written = ":".join(f"{int(part, 16):x}" for part in address.exploded.split(":"))
    for text in (str(address), written):
        yield "networkInterfaces.ipv6Address", text
        yield "networkInterfaces.ipv6AccessConfigs.externalIpv6", text


def _addresses(nic: Any) -> Iterator[Address]:
    """Yield what an interface's machine sends from: its internal addresses, and external IPv6."""
    outside = [config.external_ipv6 for config in nic.ipv6_access_configs]
    for text in (nic.network_i_p, nic.ipv6_address, *outside):
        if text:
            yield ip_address(text)

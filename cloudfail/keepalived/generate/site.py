"""For which node: what of the configuration is about it, and what is missing for a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from cloudfail import identity
from cloudfail.config import Config, ConfiguredNode, Instance
from cloudfail.config.problems import Problems, suggest
from cloudfail.config.vrrp import text
from cloudfail.config.vrrp.model import Script, TrackFile, TrackProcess
from cloudfail.errors import ConfigError
from cloudfail.keepalived.version import NEWEST, Version
from cloudfail.machine.device import device_with
from cloudfail.model import Address

_FEWEST = 2


T = TypeVar("T")


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """One instance, this node's place in it, and the network device that VRRP runs on there."""

    instance: Instance
    node: ConfiguredNode
    device: str

    @property
    def peers(self) -> tuple[ConfiguredNode, ...]:
        """All other nodes: never oneself."""
        return tuple(one for one in self.instance.nodes if one is not self.node)

    @property
    def is_best(self) -> bool:
        return self.node.priority == max(one.priority for one in self.instance.nodes)


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """One machine: its place in every instance, and the keepalived that runs on it.

    An LVS real server that is no node has no members, and needs no keepalived.
    """

    name: str
    config: Config
    members: tuple[Member, ...]
    version: Version

    @property
    def router_id(self) -> str:
        return next((m.node.router_id for m in self.members if m.node.router_id), self.name)

    @property
    def scripts(self) -> tuple[Script, ...]:
        """What any instance here tracks, in the order of the file: no script runs for nobody."""
        return self._tracked("track_script", self.config.keepalived.scripts)

    @property
    def track_files(self) -> tuple[TrackFile, ...]:
        return self._tracked("track_file", self.config.keepalived.track_files)

    @property
    def track_processes(self) -> tuple[TrackProcess, ...]:
        return self._tracked("track_process", self.config.keepalived.track_processes)

    def _tracked(self, track: str, tables: Mapping[str, T]) -> tuple[T, ...]:
        names = {one.name for m in self.members for one in getattr(m.instance.vrrp, track)}
        return tuple(table for name, table in tables.items() if name in names)

    @property
    def address(self) -> Address:
        """The unicast address by which people know the node: that of its first instance."""
        return self.members[0].node.address


def real_server_site(config: Config) -> Site:
    """Return a machine that serves behind a node, and is none itself."""
    return Site(name="real server", config=config, members=(), version=NEWEST)


def names_of(config: Config) -> tuple[str, ...]:
    """Return the names of all nodes, each once, in the order of the file."""
    found = (node.name for one in config.instances.values() for node in one.nodes)
    return tuple(dict.fromkeys(found))


def site_of(config: Config, name: str, version: Version) -> Site:
    """Return the machine of that name.

    Raises ConfigError when no instance has such a node, or lacks what keepalived.conf needs.
    """
    members = tuple(
        Member(instance=instance, node=node, device=device_here(instance, node))
        for instance in config.instances.values()
        for node in instance.nodes
        if node.name == name
    )
    if not members:
        known = names_of(config)
        hint = suggest(name, known) or "add [[instance.NAME.node]] tables"
        raise ConfigError(f'{config.path}: no node is named "{name}"; {hint}')
    if "/" in name or name in {".", ".."}:
        raise ConfigError(f'{config.path}: node "{name}" cannot name a directory; leave out the /')
    for member in members:
        _check(member, config)
        _check_words(member, config)
    _check_routers(members, config)
    return Site(name=name, config=config, members=members, version=version)


def device_here(instance: Instance, node: ConfiguredNode) -> str:
    """Return the configured device, else the one of this machine that has the node's address."""
    return instance.device_of(node) or device_with(node.address)


def node_here(config: Config, addresses: Iterable[Address] | None = None) -> str:
    """Return the name of the node that this machine is, by its unicast addresses.

    Raises ConfigError when it is none, or has different names in two instances.
    """
    local = identity.local_addresses() if addresses is None else frozenset(addresses)
    found = {
        node.name
        for instance in config.instances.values()
        for node in instance.nodes
        if node.address in local
    }
    if len(found) == 1:
        return found.pop()
    if found:
        raise ConfigError(
            f"{config.path}: this machine has the addresses of several nodes: "
            f"{', '.join(sorted(found))}; say which with --node NAME"
        )
    names = ", ".join(names_of(config)) or "none"
    raise ConfigError(
        f"{config.path}: this machine has the unicast address of no node (nodes: {names}); say "
        "which one with --node NAME"
    )


def _check(member: Member, config: Config) -> None:
    key = f"{config.path}: instance.{member.instance.name}"
    if not member.device:
        raise ConfigError(
            f"{key}.interface is missing, and no one device here has {member.node.address}; "
            'write the device, like interface = "eth0", or run this on the node itself'
        )
    if member.instance.virtual_router_id is None:
        raise ConfigError(
            f"{key}.virtual_router_id is missing; write a number from 1 to 255, the same on all "
            "nodes: virtual_router_id = 51"
        )
    if len(member.instance.nodes) < _FEWEST:
        raise ConfigError(f"{key} has one node only; add the others: unicast VRRP needs a peer")


def _check_routers(members: Iterable[Member], config: Config) -> None:
    """Nodes may have devices of their own, so that only here two instances meet on one.

    keepalived -t accepts that; keepalived itself ends with "duplicate VRID conflict".
    """
    seen: dict[tuple[str, int | None, int], Member] = {}
    for member in members:
        router = member.instance.virtual_router_id
        first = seen.setdefault((member.device, router, member.node.address.version), member)
        if first is not member:
            raise ConfigError(
                f"{config.path}: instance.{member.instance.name}.virtual_router_id: {router} is also "
                f"that of instance.{first.instance.name} on {member.device} of node "
                f"{member.node.name}; every instance of a device needs its own"
            )


def _check_words(member: Member, config: Config) -> None:
    """Names that are words or files here; what only runs of cloudfail may be freer."""
    problems = Problems(str(config.path))
    key = f"instance.{member.instance.name}"
    text.check(member.instance.name, "name", key, problems)
    text.check(member.device, "device", f"{key}.interface", problems)
    if problems.found:
        raise problems.found[0].as_error()

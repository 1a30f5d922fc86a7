"""What a run is about: an instance, its cloud, and which of its nodes this machine is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from cloudfail import identity
from cloudfail.config import Config, ConfiguredNode, Instance
from cloudfail.config.environment import SOURCE, check_names
from cloudfail.config.problems import Problems
from cloudfail.config.settings import read_settings
from cloudfail.errors import ConfigError
from cloudfail.guard import Rules
from cloudfail.lasting_memory import LastingMemory
from cloudfail.model import Holding, Node, Owner, Peer
from cloudfail.provider import ApiCall, Provider, ProviderSpec, Setup
from cloudfail.role import default_directory


@dataclass(frozen=True, slots=True)
class Target:
    """Everything a provider is built from. `me` is None when no nodes are configured.

    `again` and `elsewhere` are the flags, quoted, that name it once more: here, on another node.
    """

    config: Config
    instance: Instance
    spec: ProviderSpec
    settings: msgspec.Struct
    me: ConfiguredNode | None
    interface_id: str
    deadline: float
    again: str = ""
    elsewhere: str = ""
    forced: bool = False

    @property
    def node_name(self) -> str:
        return self.me.name if self.me else ""

    @property
    def peers(self) -> tuple[Peer, ...]:
        """All other configured nodes."""
        return tuple(
            Peer(name=node.name, address=node.address, interface_id=node.interface_id)
            for node in self.instance.nodes
            if node is not self.me
        )

    def rules(self, *, force: bool = False) -> Rules:
        return Rules(protected=self.config.guard.protected, force=force)

    def build(
        self,
        before_write: Callable[[str], None] | None = None,
        on_call: Callable[[ApiCall], None] | None = None,
        while_waiting: Callable[[str], None] | None = None,
    ) -> Provider:
        """Build the provider: this is where its SDK is imported. Raises ProviderMissingError."""
        setup = Setup(
            settings=self.settings,
            interface=self.instance.device_of(self.me),
            interface_id=self.interface_id,
            address=self.me.address if self.me else None,
            name=self.node_name,
            peers=self.peers,
            width=self.instance.width,
            assured_egress=self.config.guard.own_egress == "assured",
            memory=LastingMemory(default_directory(), self.spec.name),
        )
        if before_write is not None:
            setup = msgspec.structs.replace(setup, before_write=before_write)
        if on_call is not None:
            setup = msgspec.structs.replace(setup, on_call=on_call)
        if while_waiting is not None:
            setup = msgspec.structs.replace(setup, while_waiting=while_waiting)
        return self.spec.build(setup)

    def whereabouts(self, holding: Holding, node: Node) -> str:
        """Name the holder as far as it is known; this node may have it in another place."""
        name = self.holder_name(holding, node)
        if holding.holder != node.ref or holding.owner is Owner.MINE or holding.reason:
            return name
        return f"{name or 'this node'}, on another address"

    def holder_name(self, holding: Holding, node: Node) -> str:
        """Return the name of the node that holds it, as far as it is known."""
        if holding.holder == node.ref:
            return self.node_name or node.name
        # A peer is a configured node, here no other one; but --force counts strangers as peers.
        if holding.owner is Owner.PEER and len(self.peers) == 1 and not self.forced:
            return self.peers[0].name
        known = {peer.interface_id: peer.name for peer in self.peers if peer.interface_id}
        return known.get(holding.holder, "")


def target_of(
    config: Config, instance: Instance, environ: Mapping[str, str], *, node: str = ""
) -> Target:
    """Return the target of a configured instance; `node` names this machine, else its addresses do.

    Raises ConfigError: the provider is not installed, or this machine is none of the nodes.
    """
    if instance.provider not in config.specs:
        raise ConfigError(
            config.unusable.get(instance.provider, f"no provider {instance.provider}")
        )
    spec = config.specs[instance.provider]
    me = identity.which_node(instance.nodes, name=node)
    return Target(
        config=config,
        instance=instance,
        spec=spec,
        settings=settings_in(config, spec, environ),
        me=me,
        interface_id=me.interface_id if me else "",
        deadline=instance.deadline or spec.deadline,
    )


def settings_in(config: Config, spec: ProviderSpec, environ: Mapping[str, str]) -> msgspec.Struct:
    """Return the provider's settings: variables over the file. Raises ConfigError."""
    settings: msgspec.Struct | None = config.providers.get(spec.name)
    if settings is not None:
        return settings
    problems = Problems(SOURCE)
    check_names(spec.name, spec.settings, environ, problems)
    settings = read_settings(spec, {}, environ, problems)
    if settings is None or problems.found:
        raise problems.found[0].as_error()
    return settings

"""What a command is about: file, instance, provider and node, by flags, variables and the file."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from cloudfail import identity, registry
from cloudfail.cli.again import again, elsewhere
from cloudfail.cli.claims import Flagged, check_flagged, claims_of, has_claims, name_of
from cloudfail.config import (
    DEFAULT_PATH,
    Config,
    ConfiguredNode,
    Instance,
    choose,
    is_there,
    load,
    without_file,
)
from cloudfail.config.environment import SOURCE, check_names, instance_overrides
from cloudfail.config.problems import Problems
from cloudfail.config.settings import read_settings, with_flags
from cloudfail.errors import ConfigError, UsageError
from cloudfail.guard import Rules
from cloudfail.model import Holding, Node, Owner, Peer
from cloudfail.provider import ApiCall, Provider, ProviderSpec, Setup


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
        )
        if before_write is not None:
            setup = msgspec.structs.replace(setup, before_write=before_write)
        if on_call is not None:
            setup = msgspec.structs.replace(setup, on_call=on_call)
        return self.spec.build(setup)

    def whereabouts(self, holding: Holding, node: Node) -> str:
        """Name the holder as far as it is known; this node may have it in another place."""
        name = self.holder_name(holding, node)
        if holding.holder != node.ref or holding.owner is Owner.MINE:
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


@dataclass(frozen=True, slots=True)
class Wanted:
    """What flags and variables ask for; empty where they do not say."""

    config: str
    instance: str
    provider: str
    node: str

    @classmethod
    def of(cls, args: Namespace, environ: Mapping[str, str]) -> Wanted:
        """Raises UsageError for what is no text: it would break journal, digest and log."""

        def flag_or_variable(name: str) -> str:
            flag: str | None = getattr(args, name, None)
            text = flag or environ.get(f"CLOUDFAIL_{name.upper()}", "")
            if not text.isprintable():
                raise UsageError(f"{name} {text!a} is no plain text; write it as UTF-8")
            return text

        return cls(*(flag_or_variable(name) for name in ("config", "instance", "provider", "node")))


def find_config(args: Namespace, environ: Mapping[str, str] | None = None) -> Config:
    """Read the file asked for; the usual one may be missing when claims come by flags."""
    environ = os.environ if environ is None else environ
    wanted = Wanted.of(args, environ)
    if wanted.config:
        return load(Path(wanted.config), environ)
    if is_there(DEFAULT_PATH):
        return load(DEFAULT_PATH, environ)
    if has_claims(args):
        return without_file(environ)
    raise ConfigError(
        f"{DEFAULT_PATH}: no such file; write it, name another with --config FILE, or say what to "
        "own by flags: --provider aws --public-ip ADDRESS"
    )


def find_instance(
    args: Namespace, environ: Mapping[str, str] | None = None
) -> tuple[Config, Instance]:
    """Return the one instance a command is about. Raises ConfigError, UsageError."""
    environ = os.environ if environ is None else environ
    config = find_config(args, environ)
    wanted = Wanted.of(args, environ)
    if not has_claims(args):
        return config, choose(config, wanted.instance, wanted.provider)
    flagged = claims_of(args)
    if wanted.instance in config.instances:
        chosen = choose(config, wanted.instance, wanted.provider)
        claims = tuple(claim for _, claim in flagged)
        return config, msgspec.structs.replace(chosen, claims=claims)
    return _with_spec(config, wanted.provider), _without_file(wanted, flagged, environ)


def find_target(args: Namespace, environ: Mapping[str, str] | None = None) -> Target:
    """Return all that a provider is built from. Raises ConfigError, UsageError."""
    environ = os.environ if environ is None else environ
    config, instance = find_instance(args, environ)
    if not instance.claims:
        raise ConfigError(
            f"{config.path}: instance.{instance.name} claims nothing; add "
            f"[[instance.{instance.name}.claim]]"
        )
    spec = config.specs[instance.provider]
    if has_claims(args):
        check_flagged(claims_of(args), instance.nodes, config.guard.protected, spec)
    if getattr(args, "node", None) and not instance.nodes:
        raise UsageError(f"--node {args.node}: no nodes are configured; leave it out")
    me = identity.which_node(instance.nodes, name=Wanted.of(args, environ).node)
    interface_id: str = getattr(args, "interface_id", None) or (me.interface_id if me else "")
    return Target(
        config=config,
        instance=instance,
        spec=spec,
        settings=settings_of(args, config, spec, environ),
        me=me,
        interface_id=interface_id,
        deadline=_deadline(args, instance, spec),
        again=again(args, config, instance),
        elsewhere=elsewhere(args, config, instance),
        forced=getattr(args, "force", False),
    )


def settings_of(
    args: Namespace, config: Config, spec: ProviderSpec, environ: Mapping[str, str]
) -> msgspec.Struct:
    """Return the provider's settings: flags over variables over the file."""
    settings = config.providers.get(spec.name)
    if settings is None:
        problems = Problems(SOURCE)
        check_names(spec.name, spec.settings, environ, problems)
        settings = read_settings(spec, {}, environ, problems)
        if settings is None or problems.found:
            raise problems.found[0].as_error()
    return with_flags(settings, spec, _setting_flags(args))


def _with_spec(config: Config, provider: str) -> Config:
    """Load the plugin at once: a role recorded for a misspelt one would stop nobody."""
    if not provider:
        known = ", ".join(registry.available())
        raise UsageError(f"claims by flags need a cloud: --provider NAME (installed: {known})")
    if provider in config.specs:
        return config
    specs = {**config.specs, provider: registry.load(provider)}
    return msgspec.structs.replace(config, specs=specs)


def _without_file(
    wanted: Wanted, flagged: tuple[Flagged, ...], environ: Mapping[str, str]
) -> Instance:
    problems = Problems(SOURCE)
    values = instance_overrides(environ, problems)
    if problems.found:
        raise problems.found[0].as_error()
    return Instance(
        name=wanted.instance or name_of(flagged, wanted.provider),
        provider=wanted.provider,
        claims=tuple(claim for _, claim in flagged),
        **values,
    )


def _setting_flags(args: Namespace) -> dict[str, str]:
    flags: dict[str, str] = {}
    for text in getattr(args, "set", ()):
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise UsageError(f'--set: "{text}" is not NAME=VALUE')
        flags[name] = value
    for name in ("region", "endpoint"):
        value = getattr(args, name, None)
        if value:
            flags[name] = value
    return flags


def _deadline(args: Namespace, instance: Instance, spec: ProviderSpec) -> float:
    asked: float | None = getattr(args, "deadline", None)
    return asked or instance.deadline or spec.deadline

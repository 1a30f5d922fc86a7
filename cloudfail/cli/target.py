"""What a command is about: file, instance, provider and node, by flags, variables and the file."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from cloudfail import identity, registry
from cloudfail.cli.again import again, elsewhere
from cloudfail.cli.claims import Flagged, check_flagged, claims_of, has_claims, name_of
from cloudfail.config import (
    DEFAULT_PATH,
    Config,
    Instance,
    choose,
    is_there,
    load,
    without_file,
)
from cloudfail.config.environment import SOURCE, instance_overrides
from cloudfail.config.problems import Problems
from cloudfail.config.settings import with_flags
from cloudfail.errors import ConfigError, UsageError
from cloudfail.provider import ProviderSpec
from cloudfail.target import Target, settings_in


@dataclass(frozen=True, slots=True)
class Wanted:
    """What flags and variables ask for; empty where they do not say, or name several instances."""

    config: str
    instance: str
    provider: str
    node: str

    @classmethod
    def of(cls, args: Namespace, environ: Mapping[str, str]) -> Wanted:
        """Raises UsageError for what is no text: it would break journal, digest and log."""

        def flag_or_variable(name: str) -> str:
            flag: str | list[str] | None = getattr(args, name, None)
            if isinstance(flag, list):
                return ""
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
        deadline=getattr(args, "deadline", None) or instance.deadline or spec.deadline,
        again=again(args, config, instance),
        elsewhere=elsewhere(args, config, instance),
        forced=getattr(args, "force", False),
    )


def settings_of(
    args: Namespace, config: Config, spec: ProviderSpec, environ: Mapping[str, str]
) -> msgspec.Struct:
    """Return the provider's settings: flags over variables over the file."""
    settings = settings_in(config, spec, environ)
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

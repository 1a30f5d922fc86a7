"""Which instance a command is about."""

from __future__ import annotations

from cloudfail.config.model import Config, Instance
from cloudfail.config.problems import suggest
from cloudfail.errors import ConfigError


def choose(config: Config, name: str = "", provider: str = "") -> Instance:
    """Return the named instance, or the only one (of that provider).

    Raises ConfigError that lists the instances when there is not exactly one.
    """
    chosen = _named(config, name, provider) if name else _only(config, provider)
    if chosen.provider in config.unusable:
        raise ConfigError(config.unusable[chosen.provider])
    return chosen


def _only(config: Config, provider: str) -> Instance:
    where = config.path or "no configuration file"
    matching = [
        instance
        for instance in config.instances.values()
        if not provider or instance.provider == provider
    ]
    if len(matching) == 1:
        return matching[0]
    of_provider = f" of provider {provider}" if provider else ""
    if matching:
        names = ", ".join(instance.name for instance in matching)
        raise ConfigError(
            f"{where}: several instances{of_provider}: {names}; say which with --instance NAME"
        )
    raise ConfigError(
        f"{where}: no instance{of_provider}; {_known(config)}. Add [instance.NAME], or name what "
        "to own by flags: --public-ip ADDRESS"
    )


def _named(config: Config, name: str, provider: str) -> Instance:
    instance = config.instances.get(name)
    if instance is None:
        hint = suggest(name, config.instances) or _known(config)
        raise ConfigError(f'{config.path or "no configuration file"}: no instance "{name}"; {hint}')
    if provider and instance.provider != provider:
        raise ConfigError(
            f"{config.path}: instance.{name}.provider is {instance.provider}, not {provider}; "
            "leave --provider out, or name another instance"
        )
    return instance


def _known(config: Config) -> str:
    found = [f"{one.name} ({one.provider})" for one in config.instances.values()]
    return f"instances: {', '.join(found)}" if found else "there is none at all"

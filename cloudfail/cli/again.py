"""The arguments that name the same instance once more, for texts that people paste."""

from __future__ import annotations

import shlex
from argparse import Namespace
from collections.abc import Iterator, Mapping

from cloudfail.config import Config, Instance

_HERE = ("node", "to_private_ip", "interface_id")  # true of this node only


def again(args: Namespace, config: Config, instance: Instance) -> str:
    """Return `--config FILE --instance edge`, or the flags of a drop-in; quoted, for this node."""
    return shlex.join(_words(args, config, instance, here=True))


def elsewhere(args: Namespace, config: Config, instance: Instance) -> str:
    """Return the same for another node: without what is true of this one only."""
    return shlex.join(_words(args, config, instance, here=False))


def _words(args: Namespace, config: Config, instance: Instance, *, here: bool) -> Iterator[str]:
    """Variables are resolved: a pasted line finds other ones."""
    flags: Mapping[str, object] = vars(args)
    configured = instance.name in config.instances
    if config.path is not None and (configured or flags.get("config")):
        yield from ("--config", str(config.path))
    if configured or flags.get("instance"):
        yield from ("--instance", instance.name)
    if not configured:
        yield from ("--provider", instance.provider)
    for name in ("node", "public_ip", "to_private_ip", "forwarding_rule", "private_ip",
                 "route", "interface_id", "region", "endpoint", "set"):  # fmt: skip
        if here or name not in _HERE:
            yield from _flag(name, flags.get(name))


def _flag(name: str, value: object) -> Iterator[str]:
    values = value if isinstance(value, list) else [value] if value else []
    for one in values:
        yield from (f"--{name.replace('_', '-')}", str(one))

"""Show VRRP adverts on the wire as they come, one line each: this node's own, and its peers'.

Needs CAP_NET_RAW. With a configuration, nodes and instances are named. It ends with --count or
--seconds, or when it is stopped; exit code 1 says that nothing was heard in --seconds.
"""

from __future__ import annotations

import io
import json
import os
import select
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cloudfail.cli import messages
from cloudfail.cli import parser as flags
from cloudfail.cli.output import show
from cloudfail.cli.stop import EndedBySignal, Stopper
from cloudfail.clock import Clock, Deadline, SystemClock, wall_clock
from cloudfail.config import DEFAULT_PATH, Config, Instance, choose, examine, is_there
from cloudfail.errors import ConfigError
from cloudfail.keepalived.wire import Advert, Listener, describe
from cloudfail.model import Address

NOTHING_HEARD = 1
_SLICE = 0.5  # how often it is looked whether anybody still reads


def configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        metavar="FILE",
        type=flags.filled,
        help="names nodes; default: CLOUDFAIL_CONFIG or /etc/cloudfail/cloudfail.toml, if there",
    )
    parser.add_argument(
        "--instance", metavar="NAME", type=flags.filled, help="only this vrrp_instance's"
    )
    parser.add_argument(
        "--interface",
        metavar="DEV",
        type=flags.filled,
        help="listen on this device only; default: the instance's, or all",
    )
    parser.add_argument("--count", metavar="N", type=_count, help="end after N adverts")
    parser.add_argument("--seconds", metavar="S", type=flags.seconds, help="end after S seconds")
    flags.add_output(parser)
    flags.add_debug(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    config = _config(args)
    only = _chosen(config, args.instance) if args.instance else None
    device = args.interface or (only.interface if only else "")
    clock = SystemClock()
    heard = 0
    try:
        with Stopper(), Listener(device, clock) as listener:
            for advert in _heard(listener, args.seconds, clock):
                if only and not _is_of(advert, only):
                    continue
                show(_line(args.output, advert, config, clock))
                heard += 1
                if heard == args.count:
                    break
    except EndedBySignal:
        return 0
    if args.seconds and not heard:
        _hint(args.seconds, device, only)
        return NOTHING_HEARD
    return 0


def _heard(listener: Listener, seconds: float | None, clock: Clock) -> Iterator[Advert]:
    """Yield adverts until the time is up, or nobody reads any more."""
    reader = _Reader()
    end = Deadline.after(clock, seconds) if seconds else None
    while (end is None or end.left()) and not reader.is_gone():
        advert = listener.read(min(_SLICE, end.left()) if end else _SLICE)
        if advert is not None and not reader.is_gone():
            yield advert


class _Reader:
    """Who reads standard output: `| head` goes away, perhaps while nothing is heard."""

    def __init__(self) -> None:
        try:
            self._number = sys.stdout.fileno()
        except io.UnsupportedOperation:
            self._number = -1
        self._before = self._file()

    def is_gone(self) -> bool:
        if self._file() != self._before:  # a line could not be written: `show` put /dev/null there
            return True
        if self._number < 0:
            return False
        poll = select.poll()
        poll.register(self._number, 0)
        return bool(poll.poll(0))

    def _file(self) -> tuple[int, int]:
        if self._number < 0:
            return (0, 0)
        status = os.fstat(self._number)
        return (status.st_dev, status.st_ino)


def _config(args: Namespace) -> Config:
    """Return what could be read: a file that is broken must not keep the adverts from being seen."""
    wanted = args.config or os.environ.get("CLOUDFAIL_CONFIG")
    path = Path(wanted or DEFAULT_PATH)
    if not wanted and not is_there(path):
        return Config()
    try:
        config, problems = examine(path)
    except ConfigError as error:
        if args.config:
            raise
        messages.say(f"warning: nodes are not named: {error}")
        return Config()
    for problem in problems:
        if not problem.provider:
            messages.say(f"warning: {problem}")
    return config


def _chosen(config: Config, name: str) -> Instance:
    # A provider that is not installed does not matter here.
    return config.instances.get(name) or choose(config, name)


def _is_of(advert: Advert, instance: Instance) -> bool:
    """By its router id; where the file has none, by its nodes."""
    if instance.virtual_router_id is not None:
        return advert.virtual_router_id == instance.virtual_router_id
    return any(node.address == advert.source for node in instance.nodes)


def _names(config: Config) -> dict[Address, str]:
    return {node.address: node.name for one in config.instances.values() for node in one.nodes}


def _instance_of(advert: Advert, config: Config) -> str:
    """Return the instance that one of its own nodes advertises; "" for a stranger's advert."""
    for one in config.instances.values():
        if _is_of(advert, one) and advert.source in {node.address for node in one.nodes}:
            return one.name
    return ""


def _line(output: str, advert: Advert, config: Config, clock: Clock) -> str:
    at = datetime.fromtimestamp(wall_clock() - (clock.now() - advert.t), UTC)
    names = _names(config)
    instance = _instance_of(advert, config)
    if output == "json":
        return json.dumps(_value(advert, at, names, instance))
    told = f"  instance {instance}" if instance else ""
    return (
        f"{at.astimezone():%H:%M:%S}.{at.microsecond // 1000:03}  {describe(advert, names)}{told}"
    )


def _value(
    advert: Advert, at: datetime, names: dict[Address, str], instance: str
) -> dict[str, Any]:
    return {
        "time": at.isoformat(timespec="milliseconds"),
        "device": advert.device,
        "direction": "out" if advert.outgoing else "in",
        "instance": instance,
        "source": str(advert.source),
        "source_name": names.get(advert.source, ""),
        "source_mac": advert.source_mac,
        "destination": str(advert.destination),
        "destination_name": names.get(advert.destination, ""),
        "ttl": advert.ttl,
        "version": advert.version,
        "virtual_router_id": advert.virtual_router_id,
        "priority": advert.priority,
        "farewell": advert.is_farewell,
        "interval": advert.interval,
        "authentication": advert.authentication.value,
        "addresses": [str(address) for address in advert.addresses],
        "checksum": advert.checksum.value,
    }


def _hint(seconds: float, device: str, instance: Instance | None) -> None:
    of = f" of instance {instance.name}" if instance else ""
    messages.say(
        f"no advert{of} was heard on {device or 'any device'} in {seconds:g} s; is keepalived "
        "running on a peer, and does every security group and firewall on the way permit IP "
        "protocol 112 (51 with auth_type AH)? Only a master advertises"
    )


def _count(text: str) -> int:
    if not flags.is_count(text) or int(text) == 0:
        raise ArgumentTypeError(f'"{text}" is not a number of adverts, like 3')
    return int(text)

"""The parser: its flags are shared by commands, its usage errors exit 64."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any, NoReturn

from cloudfail.errors import UsageError

OUTPUTS = ("text", "json")


class Formatter(argparse.RawDescriptionHelpFormatter):
    """argparse would import shutil, and all of its compressors, to ask for the terminal's width."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


class Parser(argparse.ArgumentParser):
    """argparse exits 2 for a usage error, which here means that changes are pending."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"formatter_class": Formatter, "allow_abbrev": False, **options})

    def error(self, message: str) -> NoReturn:
        """Raise UsageError: one sentence, which reaches syslog where nobody sees a terminal."""
        of = self.prog.partition(" ")[2]
        where = f"{of}: " if of else ""
        raise UsageError(f"{where}{message}{self._hint(message)}; see {self.prog} --help")

    def _hint(self, message: str) -> str:
        from cloudfail.config.problems import nearest

        _, found, word = message.partition("unrecognized arguments: -")
        known = [flag for action in self._actions for flag in action.option_strings]
        meant = nearest(f"-{word.split()[0].partition('=')[0]}", known) if found and word else ""
        return f", {meant}" if meant else ""


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Add the flags that say which instance, of which file, on which node."""
    group = parser.add_argument_group("what it is about")
    group.add_argument(
        "--config",
        metavar="FILE",
        type=filled,
        help="default: CLOUDFAIL_CONFIG or /etc/cloudfail/cloudfail.toml",
    )
    group.add_argument(
        "--instance",
        metavar="NAME",
        type=filled,
        help="the vrrp_instance; default: the only one of the provider",
    )
    group.add_argument(
        "--provider", metavar="NAME", type=filled, help="the cloud; see `cloudfail providers`"
    )
    group.add_argument(
        "--node",
        metavar="NAME",
        type=filled,
        help="which configured node this is; default: by its addresses",
    )


def add_instances(parser: argparse.ArgumentParser) -> None:
    """Add `--instance` for commands that concern any number of them."""
    parser.add_argument(
        "--instance",
        metavar="NAME",
        type=filled,
        action="append",
        default=[],
        help="the vrrp_instance; repeatable; default: all",
    )


def instance_words(args: argparse.Namespace) -> list[str]:
    """Return what `add_instances` took, as flags again."""
    return [word for name in args.instance for word in ("--instance", name)]


def _add_repeatable(group: argparse._ArgumentGroup, flag: str, metavar: str, text: str) -> None:
    group.add_argument(flag, metavar=metavar, type=filled, action="append", default=[], help=text)


def add_claims(parser: argparse.ArgumentParser) -> None:
    """Add the flags that name claims without a file, and override settings."""
    group = parser.add_argument_group("claims by flags, instead of those of a file")
    _add_repeatable(group, "--public-ip", "ADDRESS", "repeatable")
    _add_repeatable(
        group,
        "--forwarding-rule",
        "NAME",
        "of Google Cloud: [[PROJECT/]REGION/]NAME; repeatable",
    )
    _add_repeatable(group, "--private-ip", "ADDRESS", "repeatable")
    _add_repeatable(
        group,
        "--route",
        "TABLE=NETWORK",
        "for example rtb-0aa=10.99.0.0/16, on Google Cloud lab=10.99.0.0/16; repeatable",
    )
    group.add_argument(
        "--to-private-ip",
        metavar="ADDRESS",
        type=filled,
        help="the private address that the public ones sit on; default: the primary one",
    )
    group.add_argument(
        "--interface-id",
        metavar="ID",
        type=filled,
        help="the network interface that claims move to; default: by the metadata service",
    )
    add_settings(parser)


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add the flags that override the provider's settings."""
    group = parser.add_argument_group("settings of the provider, over those of a file")
    group.add_argument(
        "--region", metavar="REGION", type=filled, help="default: by the metadata service"
    )
    group.add_argument(
        "--endpoint", metavar="URL", type=filled, help="the API's address, for private endpoints"
    )
    _add_repeatable(
        group, "--set", "NAME=VALUE", "any other setting of [provider.NAME]; repeatable"
    )


def add_output(parser: argparse.ArgumentParser, outputs: tuple[str, ...] = OUTPUTS) -> None:
    """Add `--output` with these formats; the first is the default."""
    parser.add_argument(
        "--output", choices=outputs, default=outputs[0], help=f"default: {outputs[0]}"
    )


def add_deadline(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--deadline",
        metavar="SECONDS",
        type=seconds,
        help="how long it may take; default: the instance's, then the provider's",
    )


def add_debug(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--debug", action="store_true", help="show tracebacks")


def _columns() -> int:
    text = os.environ.get("COLUMNS", "")
    if is_count(text) and int(text):
        return int(text)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno() if sys.__stdout__ else 1).columns or 80
    except (OSError, ValueError):
        return 80


def seconds(text: str) -> float:
    """Parse a number of seconds, 0 < n <= 86400."""
    try:
        value = float(text) if text.isascii() and "_" not in text else 0.0
    except ValueError:
        value = 0.0
    if not 0 < value <= 86400:  # noqa: PLR2004 - a day
        raise argparse.ArgumentTypeError(f'"{text}" is not a number of seconds, like 30')
    return value


def filled(text: str) -> str:
    """Take a text that is not empty (`--instance "$UNSET"` would mean another one), nor binary."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty; give a value, or leave the flag out")
    if not text.isprintable():
        raise argparse.ArgumentTypeError(f"{text!a} is no plain text; write it as UTF-8")
    return text


def is_count(text: str) -> bool:
    """Say whether the text is a number of people's size: int() takes other digits, and thousands."""
    return text.isascii() and text.isdigit() and len(text) < 10  # noqa: PLR2004

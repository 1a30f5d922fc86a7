"""What a script moves in the cloud, and what else it does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_interface
from itertools import dropwhile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from cloudfail.config.claim_tables import MovedTable, PublicIpTable, RouteTable
from cloudfail.keepalived.importer.note import Ledger
from cloudfail.keepalived.importer.script.aws import (
    Asked,
    answer_of,
    asked_by,
    partial_public,
    public_ip,
)
from cloudfail.keepalived.importer.script.commands import Command, commands_of, is_known, is_secret
from cloudfail.keepalived.importer.wording import REDACTED
from cloudfail.keepalived.syntax import Place

_LARGEST = 1 << 18
_REGION = re.compile(r"AWS_(?:DEFAULT_)?REGION")
_METADATA = "169.254.169.254"
# They ask or say something, and move nothing: nothing of them is lost.
_HARMLESS = frozenset(
    (
        *("", ":", "[", "[[", "test", "true", "false", "set", "shopt", "exit", "return", "break"),
        *("continue", "shift", "umask", "trap", "wait", "sleep", "read", "echo", "printf", "cd"),
        *("date", "cat", "grep", "egrep", "awk", "gawk", "sed", "tr", "cut", "head", "tail", "jq"),
        *("sort", "uniq", "hostname", "basename", "dirname", "type", "which", "logger", "unset"),
        *("ec2metadata", "ec2-metadata", "source", "."),
    )
)
_SHELL = re.compile(r"\b(?:ba|da|k|z|a)?sh\b")
_READING = frozenset({"source", "."})
_STARTERS = frozenset({"sudo", "nohup", "exec", "env", "command"})
_IP = re.compile(r"(?:\S*/)?ip (?:-\S+ )*a(?:d|dd|ddr|ddress)? (?:a|add|r|replace) (\S+)(?: .*)?")
_MOST_NOTES = 50
_REST = "it moves no claim; services and [[instance.NAME.hook]] run commands"
_INSTANCE_ID = (
    "--instance-id names an instance, and claims move to a network interface: the primary one, by "
    "the metadata service, unless the node has an interface_id"
)
# What asks a cloud by other ways than the AWS CLI.
_CLOUDS = re.compile(
    r"\baws\b.*\bec2\b|169\.254\.169\.254|metadata\.google|\b(?:boto3?|botocore|doctl|hcloud|gcloud|openstack|linode-cli"
    r"|exo|oci|azure\.mgmt)\b|\baz (?:network|vm|login)\b|\bassign-ip\b"
    r"|api\.(?:hetzner\.cloud|digitalocean\.com|linode\.com|vultr\.com)|robot-ws\.your-server\.de"
)


class Script(NamedTuple):
    """Its text, where that begins, and the words after its name."""

    text: str
    first: Place
    arguments: tuple[str, ...] = ()

    @property
    def is_shell(self) -> bool:
        """A script without a shebang is taken for one too."""
        head = self.text.partition("\n")[0]
        return not head.startswith("#!") or bool(_SHELL.search(head))


class Moved(Struct, frozen=True, kw_only=True):
    """What a script does in the cloud.

    `partial` are claims that lack something, as lines for an operator to complete; `addresses`
    are what it sets on this machine.
    """

    claims: tuple[MovedTable, ...] = ()
    region: str = ""
    interface_id: str = ""
    is_of_the_cloud: bool = False
    partial: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


def read_script_file(path: Path) -> str | None:
    """Return the text; None where it cannot be read, or is no text."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_LARGEST)
    except (OSError, ValueError):
        return None
    if b"\0" in data:
        return None
    return data.decode("utf-8", errors="replace")


def cloud_in(script: Script) -> tuple[Place, str] | None:
    """Return where, and by which word, a script seems to ask a cloud; None if it does not."""
    for number, line in enumerate(script.text.splitlines()):
        found = None if line.lstrip().startswith("#") else _CLOUDS.search(line)
        if found is not None:
            return Place(script.first.file, script.first.line + number), found[0]
    return None


def read_script(script: Script, ledger: Ledger) -> Moved:
    """Return what a shell script moves; each command that is not taken over is noted by its line.

    Of a script in another language nothing is known.
    """
    reading = _Reading(script.first, ledger)
    if script.is_shell:
        for command in commands_of(script.text, script.arguments, answer_of):
            reading.add(command)
    return reading.finish()


def together(found: Sequence[Moved]) -> Moved:
    """Return what several scripts move as one."""
    return Moved(
        claims=tuple(joined([claim for one in found for claim in one.claims])),
        region=next((one.region for one in found if one.region), ""),
        interface_id=next((one.interface_id for one in found if one.interface_id), ""),
        is_of_the_cloud=any(one.is_of_the_cloud for one in found),
        partial=tuple(dict.fromkeys(line for one in found for line in one.partial)),
        addresses=tuple(dict.fromkeys(text for one in found for text in one.addresses)),
    )


class _Reading:
    """One script, command by command."""

    def __init__(self, first: Place, ledger: Ledger) -> None:
        self._first, self._ledger = first, ledger
        self._asked: list[tuple[Place, Asked]] = []
        self._region = ""
        self._addresses: list[str] = []
        self._others: dict[str, list[int]] = {}

    def add(self, command: Command) -> None:
        place = Place(self._first.file, self._first.line + command.line - 1)
        asked = asked_by(command.words)
        if asked is not None:
            self._asked.append((place, asked))
        elif command.assigns:
            self._assign(command, place)
        elif address := _set_here(_bare(command.words)):
            self._addresses.append(address)
            self._ledger.say(place, "changed", _shown(command.words), "keepalived sets it itself")
        else:
            self._others.setdefault(_program(_bare(command.words)), []).append(place.line)

    def _assign(self, command: Command, place: Place) -> None:
        value = command.words[0] if command.words else ""
        if not value or not is_known(value):
            return
        if _REGION.fullmatch(command.assigns):
            self._region = self._region or value
        elif is_secret(command.assigns):
            why = "credentials belong into a file of their own that [provider.aws] names"
            self._ledger.say(place, "left out", f"{command.assigns}={REDACTED}", why)

    def finish(self) -> Moved:
        self._say_of_others()
        is_said = False
        for place, asked in self._asked:
            self._say_of(asked, place, is_said=is_said)
            is_said = is_said or asked.names_instance
        claims, partial = self._complete()
        everything = [asked for _, asked in self._asked]
        return Moved(
            claims=tuple(joined(claims)),
            partial=tuple(dict.fromkeys(partial)),
            region=next((one.region for one in everything if one.region), self._region),
            interface_id=next((one.interface_id for one in everything if one.interface_id), ""),
            is_of_the_cloud=bool(everything),
            addresses=tuple(dict.fromkeys(self._addresses)),
        )

    def _say_of(self, asked: Asked, place: Place, *, is_said: bool) -> None:
        what = _shown(asked.words)
        if asked.wrong:
            self._ledger.miss(place, what, "; ".join(dict.fromkeys(asked.wrong)))
        if asked.names_instance and not is_said:
            self._ledger.say(place, "left out", what, _INSTANCE_ID)
        if not asked.claims and not asked.wrong and not asked.allocation:
            why = "cloudfail takes from whoever has it, in one step"
            self._ledger.say(place, "changed", what, why)

    def _complete(self) -> tuple[list[MovedTable], list[str]]:
        """Give an allocation id without an address the only one that another command names."""
        claims = [claim for _, asked in self._asked for claim in asked.claims]
        partial = [line for _, asked in self._asked for line in asked.partial]
        ids = {one.allocation for _, one in self._asked if one.allocation}
        released = {one.releases for _, one in self._asked if one.releases}
        is_clear = len(ids) == len(released) == 1
        if any(isinstance(one, PublicIpTable) for one in claims):
            is_clear = False
        for place, asked in self._asked:
            if asked.allocation and is_clear:
                claims.append(public_ip(min(released), asked.allocation, asked.private_address))
            elif asked.allocation:
                what = f"the public address of {asked.allocation}"
                why = 'write it: [[instance.NAME.claim]] kind = "public-ip"'
                self._ledger.miss(place, what, why)
                partial.append(partial_public(asked.allocation, asked.private_address))
        return claims, partial

    def _say_of_others(self) -> None:
        for name, lines in list(self._others.items())[:_MOST_NOTES]:
            place = Place(self._first.file, lines[0])
            if name in _READING:
                self._ledger.miss(place, f"{name} ...", "what it sets is not read")
            elif name and name not in _HARMLESS:
                more = ", ".join(str(line) for line in dict.fromkeys(lines[1:]) if line != lines[0])
                why = f"{_REST} (line {more} too)" if more else _REST
                self._ledger.say(place, "left out", f"{name} ...", why)


def _bare(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(dropwhile(lambda word: word in _STARTERS, words))


def _program(words: Sequence[str]) -> str:
    """Return what a command is called: only its program is shown, the rest may hold secrets.

    Empty for what moves nothing.
    """
    name = (PurePosixPath(words[0]).name or words[0])[:60] if words else ""
    if name == "curl" and any(_METADATA in word for word in words):
        return ""
    if name != "aws":
        return name
    service = [word for word in words[1:] if not word.startswith("-")][:2]
    return "" if service[1:] and service[1].startswith("describe-") else " ".join([name, *service])


def _set_here(words: Sequence[str]) -> str:
    """Return the address that `ip address add ADDRESS dev DEVICE` sets; empty for all else."""
    found = _IP.fullmatch(" ".join(words))
    try:
        return str(ip_interface(found[1]).ip) if found else ""
    except ValueError:
        return ""


def _shown(words: Sequence[str]) -> str:
    text = " ".join(words)
    return f"{text[:120]}..." if len(text) > 120 else text  # noqa: PLR2004


def joined(claims: Sequence[MovedTable]) -> list[MovedTable]:
    """Return each claim once; a destination with all its tables."""
    found: dict[tuple[str, str], MovedTable] = {}
    for claim in claims:
        if isinstance(claim, RouteTable):
            key = ("route", claim.destination)
            earlier = found.get(key)
            tables = earlier.tables if isinstance(earlier, RouteTable) else ()
            found[key] = replace(claim, tables=tuple(dict.fromkeys((*tables, *claim.tables))))
        else:
            found.setdefault((type(claim).__name__, claim.address), claim)
    return list(found.values())

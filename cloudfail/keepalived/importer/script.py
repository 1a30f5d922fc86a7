"""The script that notify_master names: what it moved in the cloud, and what else it did."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from cloudfail.config.claim_tables import ClaimTable, PublicIpTable, RouteTable
from cloudfail.keepalived.importer.aws import Asked, asked_by
from cloudfail.keepalived.importer.note import Ledger
from cloudfail.keepalived.importer.shell import Command, commands_of
from cloudfail.keepalived.importer.wording import REDACTED
from cloudfail.keepalived.syntax import Place

_LARGEST = 1 << 20
_SECRET = re.compile(r"SECRET|KEY|TOKEN|PASS", re.IGNORECASE)
_REGION = re.compile(r"AWS_(?:DEFAULT_)?REGION=([a-z0-9-]+)")
# Nothing of these is lost.
_GRAMMAR = frozenset(
    {"set", "if", "then", "else", "elif", "fi", "for", "while", "do", "done", "case", "esac", "{"}
    | {"}", "exit", "return", "true", ":", "function", "shift", "umask", "trap", "!", "in", ";;"}
)
_MOST_NOTES = 50


class Moved(Struct, frozen=True, kw_only=True):
    """What a script does in the cloud."""

    claims: tuple[ClaimTable, ...] = ()
    region: str = ""
    interface_id: str = ""
    is_of_the_cloud: bool = False


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


def read_script(text: str, first: Place, arguments: Sequence[str], ledger: Ledger) -> Moved:
    """Return what it moves; each command that is not taken over is noted with its line.

    `first` is where the text begins.
    """
    moved, released = Moved(), ""
    said = 0
    for command in commands_of(text, arguments):
        place = Place(first.file, first.line + command.line - 1)
        asked = asked_by(command)
        if asked is not None:
            moved = _with(moved, asked)
            released = released or asked.releases
            _say_of(asked, command, place, ledger)
        elif found := _REGION.fullmatch(" ".join(command.words)):
            moved = replace(moved, region=moved.region or found.group(1))
        elif said < _MOST_NOTES and _say_of_rest(command, place, ledger):
            said += 1
    return _finished(moved, released, first, ledger)


def _with(moved: Moved, asked: Asked) -> Moved:
    return Moved(
        claims=(*moved.claims, *asked.claims),
        region=moved.region or asked.region,
        interface_id=moved.interface_id or asked.interface_id,
        is_of_the_cloud=True,
    )


def _say_of(asked: Asked, command: Command, place: Place, ledger: Ledger) -> None:
    what = _shown(command)
    for why in asked.wrong:
        ledger.miss(place, what, why)
    if asked.aside:
        ledger.say(place, "left out", what, asked.aside)
    if not asked.claims and not asked.wrong:
        ledger.say(place, "changed", what, "cloudfail takes from whoever has it, in one step")


def _say_of_rest(command: Command, place: Place, ledger: Ledger) -> bool:
    """Note what the script did beside; only the program is named: the rest may hold secrets."""
    if command.assigns:
        if not _SECRET.search(command.assigns):
            return False
        what = f"{command.assigns}={REDACTED}"
        why = "credentials belong into a file of their own that [provider.aws] names"
        ledger.say(place, "left out", what, why)
        return True
    words = [word for word in command.words if word not in _GRAMMAR]
    if (
        not words
        or words[0] in {"[", "[[", "test"}
        or command.words[0] in {"exit", "set", "return"}
    ):
        return False
    why = "cloudfail moves claims only; [[instance.NAME.hook]] and services run commands"
    ledger.say(place, "left out", f"{words[0][:60]} ...", why)
    return True


def _shown(command: Command) -> str:
    return " ".join(command.words)[:120]


def _finished(moved: Moved, released: str, place: Place, ledger: Ledger) -> Moved:
    """Complete an allocation id with the address that another command names; join the tables."""
    public = [one for one in moved.claims if isinstance(one, PublicIpTable)]
    nameless = [one for one in public if one.address == "?"]
    claims: list[ClaimTable] = []
    for one in moved.claims:
        if one not in nameless:
            claims.append(one)
        elif len(public) == 1 and released:
            claims.append(replace(one, address=released))
        else:
            what = f"the public address of {one.resource_id}"
            ledger.miss(place, what, 'write it: [[instance.NAME.claim]] kind = "public-ip"')
    return replace(moved, claims=tuple(joined(claims)))


def joined(claims: list[ClaimTable]) -> list[ClaimTable]:
    """Return each claim once; a destination with all its tables."""
    found: dict[tuple[str, str], ClaimTable] = {}
    for claim in claims:
        if isinstance(claim, RouteTable):
            key = ("route", claim.destination)
            earlier = found.get(key)
            tables = earlier.tables if isinstance(earlier, RouteTable) else ()
            found[key] = replace(claim, tables=tuple(dict.fromkeys((*tables, *claim.tables))))
        else:
            found.setdefault((type(claim).__name__, claim.address), claim)
    return list(found.values())

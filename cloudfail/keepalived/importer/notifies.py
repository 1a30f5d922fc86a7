"""The old notify scripts: claims, where they moved something; hooks, where they did not."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from msgspec import Struct

from cloudfail.config.vrrp.tables import HookTable
from cloudfail.keepalived.command.words import CommandError, split
from cloudfail.keepalived.importer.instance import Instance
from cloudfail.keepalived.importer.note import Ledger
from cloudfail.keepalived.importer.script import Moved, read_script, read_script_file
from cloudfail.keepalived.syntax import Place, Statement

_ROLES = {
    "notify_master": "MASTER",
    "notify_backup": "BACKUP",
    "notify_fault": "FAULT",
    "notify_stop": "STOP",
}
_OURS = frozenset({"notify", "promote", "demote"})
_SHELLS = frozenset({"sh", "bash", "dash", "ash"})
_WHY = {
    "notify": "it gets words that hooks do not have; write one for each role: [[instance.NAME.hook]]",
    "notify_deleted": "cloudfail has no hook for it",
    "notify_master_rx_lower_pri": "cloudfail is told itself, and claims again what it lost",
}


class Scripts(Struct, frozen=True):
    """`given` is the script to read in the place of the one that notify_master names.

    With `read` false no script of the file system is looked at.
    """

    given: Path | None = None
    read: bool = True


class Notified(Struct, frozen=True):
    """`command` is the installed cloudfail, where the file calls it already."""

    moved: Moved = Moved()
    hooks: tuple[HookTable, ...] = ()
    command: str = ""


class _Text(Struct, frozen=True):
    """A script's text, where it begins, and the words after its name."""

    text: str
    first: Place
    arguments: tuple[str, ...] = ()


def read_notifies(instance: Instance, scripts: Scripts, ledger: Ledger) -> Notified:
    moved, hooks, command = Moved(), [], ""
    last = {statement.keyword: statement for statement in instance.notifies}
    for statement in instance.notifies:
        if statement is not last[statement.keyword]:
            ledger.change(statement, "the last one of its kind counts")
            continue
        argv = split(statement.value)
        if isinstance(argv, CommandError):
            ledger.leave_out(statement, f"keepalived cannot take it apart: {argv.message}")
        elif _is_ours(argv):
            command = argv[0] if argv[0].startswith("/") else command
            if argv[1:2] != ("notify",):
                ledger.change(statement, "`cloudfail notify` does it, told of every role")
        elif statement.keyword not in _ROLES:
            ledger.leave_out(statement, _WHY[statement.keyword])
        else:
            text = _text_of(statement, argv, scripts)
            found = _read(statement, argv, text, ledger)
            moved = found if isinstance(found, Moved) else moved
            hooks += [found] if isinstance(found, HookTable) else []
    if scripts.given is not None and "notify_master" not in last:
        moved = _given(scripts.given, (), ledger)
    return Notified(moved, tuple(hooks), command)


def _is_ours(argv: Sequence[str]) -> bool:
    return PurePosixPath(argv[0]).name == "cloudfail" and bool(_OURS & set(argv[1:2]))


def _given(path: Path, arguments: tuple[str, ...], ledger: Ledger) -> Moved:
    return read_script(read_script_file(path) or "", Place(str(path), 1), arguments, ledger)


def _text_of(statement: Statement, argv: tuple[str, ...], scripts: Scripts) -> _Text | None:
    """Return the script; None where it cannot be read."""
    program = PurePosixPath(argv[0]).name
    if program == "aws":
        return _Text(shlex.join(argv), statement.place)
    if program in _SHELLS and argv[1:2] == ("-c",) and len(argv) > 2:  # noqa: PLR2004
        return _Text(argv[2], statement.place, argv[4:])
    if program in _SHELLS and len(argv) > 1 and not argv[1].startswith("-"):
        argv = argv[1:]
    path = Path(argv[0])
    if scripts.given is not None and statement.keyword == "notify_master":
        path = scripts.given
    elif not scripts.read or not argv[0].startswith("/"):
        return None
    text = read_script_file(path)
    return None if text is None else _Text(text, Place(str(path), 1), argv[1:])


def _read(
    statement: Statement, argv: tuple[str, ...], script: _Text | None, ledger: Ledger
) -> Moved | HookTable | None:
    role = _ROLES[statement.keyword]
    if script is None:
        ledger.leave_out(statement, _unread(role))
        return None
    scratch = Ledger()
    moved = read_script(script.text, script.first, script.arguments, scratch)
    if not moved.is_of_the_cloud:
        return _hook(statement, argv, role, ledger)
    if role != "MASTER":
        ledger.leave_out(statement, "it asks the cloud: cloudfail releases nothing, it only takes")
        return None
    ledger.notes += scratch.notes
    ledger.change(
        statement, f"`cloudfail notify` does what {script.first.file} asked the cloud for"
    )
    return moved


def _unread(role: str) -> str:
    claims = (
        "name it with --script, if it moves what is to be claimed; " if role == "MASTER" else ""
    )
    return f'its script is not read here; {claims}else write a hook: on = "{role}"'


def _hook(
    statement: Statement, argv: tuple[str, ...], role: str, ledger: Ledger
) -> HookTable | None:
    if not argv[0].startswith("/") or not all(word and word.isprintable() for word in argv):
        ledger.leave_out(statement, "a hook needs an absolute path and plain words")
        return None
    user = " ".join(statement.args[1:])
    as_whom = f"; no longer as {user}" if user else ""
    after = ", after every claim is ours" if role == "MASTER" else ""
    ledger.change(statement, f"as a hook: run by cloudfail{after}, and ended after 10 s{as_whom}")
    return HookTable(on=role, command=argv)  # type: ignore[arg-type]

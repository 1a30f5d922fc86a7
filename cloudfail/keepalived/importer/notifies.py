"""The old notify scripts: claims, where they moved something; hooks, where they did not."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from msgspec import Struct

from cloudfail.config.vrrp.tables import HookTable
from cloudfail.keepalived import one_at_a_time
from cloudfail.keepalived.command.arguments import (
    Kind,
    kind_of,
    told_env,
    told_python,
    told_shell,
)
from cloudfail.keepalived.command.words import CommandError, split
from cloudfail.keepalived.importer.node import Source
from cloudfail.keepalived.importer.note import Ledger
from cloudfail.keepalived.importer.script import (
    Moved,
    Script,
    cloud_in,
    read_script,
    read_script_file,
    together,
)
from cloudfail.keepalived.syntax import Place, Statement

_ROLES = {
    "notify_master": "MASTER",
    "notify_backup": "BACKUP",
    "notify_fault": "FAULT",
    "notify_stop": "STOP",
    "notify": "MASTER",
}
_OURS = frozenset({"notify", "promote", "demote"})
_HOME = PurePosixPath("/etc/keepalived")
_NOTIFY = "hooks do not get its words; write one for each role: [[instance.NAME.hook]]"
_WHY = {
    "notify_deleted": "cloudfail has no hook for it",
    "notify_master_rx_lower_pri": "cloudfail is told itself, and claims again what it lost",
}


class Scripts(Struct, frozen=True):
    """`given` is the script to read in the place of the one that notify_master names.

    With `read` false no script of the file system is looked at.
    """

    given: Path | None = None
    read: bool = True


class Caller(Struct, frozen=True):
    """A block that names notify scripts: `kind` is INSTANCE or GROUP, as `notify` is told."""

    kind: str
    name: str
    notifies: tuple[Statement, ...]


class Notified(Struct, frozen=True):
    """`command` is the installed cloudfail, where the file calls it already."""

    moved: Moved = Moved()
    hooks: tuple[HookTable, ...] = ()
    command: str = ""


def read_notifies(callers: Sequence[Caller], scripts: Scripts, source: Source) -> Notified:
    """Read what the callers, an instance and the group that it stands for, name."""
    reader = _Reader(scripts, source, _given_for(callers))
    for caller in callers:
        last = {statement.keyword: statement for statement in caller.notifies}
        for statement in caller.notifies:
            if statement is last[statement.keyword]:
                reader.read(statement, caller)
            else:
                source.ledger.change(statement, "the last one of its kind counts")
    return reader.found()


def _given_for(callers: Sequence[Caller]) -> str:
    """Return the keyword that a script given by hand stands for."""
    there = {statement.keyword for caller in callers for statement in caller.notifies}
    return next((one for one in ("notify_master", "notify") if one in there), "")


class _Reader:
    def __init__(self, scripts: Scripts, source: Source, given_for: str) -> None:
        self._scripts, self._source, self._given_for = scripts, source, given_for
        self._moved: list[Moved] = []
        self._hooks: list[HookTable] = []
        self._command = ""

    @property
    def _ledger(self) -> Ledger:
        return self._source.ledger

    def found(self) -> Notified:
        given = self._scripts.given
        if given is not None and not self._given_for:
            text = read_script_file(given) or ""
            self._moved.append(read_script(Script(text, Place(str(given), 1)), self._ledger))
        return Notified(together(self._moved), tuple(self._hooks), self._command)

    def read(self, statement: Statement, caller: Caller) -> None:
        argv = split(statement.value)
        if isinstance(argv, CommandError):
            self._ledger.leave_out(statement, f"keepalived cannot take it apart: {argv.message}")
            return
        argv = one_at_a_time.without(argv)
        if PurePosixPath(argv[0]).name == "cloudfail" and _OURS & set(argv[1:2]):
            self._command = argv[0] if argv[0].startswith("/") else self._command
            if argv[1:2] != ("notify",):
                self._ledger.change(statement, "`cloudfail notify` does it, told of every role")
        elif statement.keyword not in _ROLES:
            self._ledger.leave_out(statement, _WHY[statement.keyword])
        else:
            told = (caller.kind, caller.name, "MASTER") if statement.keyword == "notify" else ()
            self._use(statement, argv, self._script(statement, (*argv, *told)))

    def _script(self, statement: Statement, argv: tuple[str, ...]) -> Script | None:
        """Return the script; None where it cannot be read."""
        if kind_of(argv[0]) is Kind.ENV:
            argv = told_env(argv[1:]) or argv
        kind = kind_of(argv[0])
        if kind in {Kind.SHELL, Kind.PYTHON}:
            told = (told_shell if kind is Kind.SHELL else told_python)(argv[1:])
            if told.text is not None:
                return Script(told.text, statement.place, told.rest[1:])
            argv = (told.file, *told.rest) if told.file else argv
        elif PurePosixPath(argv[0]).name == "aws":
            return Script(shlex.join(argv), statement.place)
        path = self._path(statement, argv[0])
        text = None if path is None else read_script_file(path)
        return None if text is None else Script(text, Place(str(path), 1), argv[1:])

    def _path(self, statement: Statement, written: str) -> Path | None:
        """Return the script given; or the one beside the file, which stands for /etc/keepalived."""
        if self._scripts.given is not None and statement.keyword == self._given_for:
            return self._scripts.given
        if not self._scripts.read or not written.startswith("/"):
            return None
        if PurePosixPath(written).is_relative_to(_HOME):
            beside = self._source.path.parent / PurePosixPath(written).relative_to(_HOME)
            if beside.is_file():
                return beside
        return Path(written)

    def _use(self, statement: Statement, argv: tuple[str, ...], script: Script | None) -> None:
        role = _ROLES[statement.keyword]
        if script is None:
            self._ledger.leave_out(statement, _unread(statement.keyword, role))
            return
        scratch = Ledger()
        moved = read_script(script, scratch)
        asks = cloud_in(script)
        if moved.is_of_the_cloud and role == "MASTER":
            self._ledger.notes += scratch.notes
            why = f"`cloudfail notify` does what {script.first.file} asked the cloud for"
            self._ledger.change(statement, why)
            self._moved.append(moved)
        elif moved.is_of_the_cloud:
            why = "it asks the cloud: cloudfail releases nothing, it only takes"
            self._ledger.leave_out(statement, why)
        elif asks is not None:
            place, word = asks
            why = f'{place} seems to ask a cloud itself ("{word}"): claim what it moves instead'
            self._ledger.leave_out(statement, f"{why}, and write a hook for the rest")
        elif statement.keyword == "notify":
            self._ledger.leave_out(statement, _NOTIFY)
        else:
            self._hook(statement, argv, role)

    def _hook(self, statement: Statement, argv: tuple[str, ...], role: str) -> None:
        if not argv[0].startswith("/") or not all(word and word.isprintable() for word in argv):
            self._ledger.leave_out(statement, "a hook needs an absolute path and plain words")
            return
        user = " ".join(statement.args[1:])
        as_whom = f"; no longer as {user}" if user else ""
        after = ", after every claim is ours" if role == "MASTER" else ""
        why = f"as a hook: run by cloudfail{after}, and ended after 10 s{as_whom}"
        self._ledger.change(statement, why)
        self._hooks.append(HookTable(on=role, command=argv))  # type: ignore[arg-type]


def _unread(keyword: str, role: str) -> str:
    if role != "MASTER":
        return f'its script is not read here; if it asks no cloud, write a hook: on = "{role}"'
    hook = "a hook for each role" if keyword == "notify" else f'a hook: on = "{role}"'
    return (
        "its script is not read here; name it with --script if it moves what is to be claimed, "
        f"else write {hook}"
    )

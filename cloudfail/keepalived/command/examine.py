"""Everything that is wrong with one command that keepalived runs: does it run, is it safe.

First keepalived's own checks, in its order and with its outcome (`lib/notify.c`; each row measured
with 2.2.7); then what it does not look at: the links that lead to the script, the interpreter, and
for Python whatever is imported. Nothing is started.
"""

from __future__ import annotations

import posixpath
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from cloudfail.keepalived.command.account import Account, account_of
from cloudfail.keepalived.command.arguments import Kind, kind_of, literal_words
from cloudfail.keepalived.command.environment import virtual_environment
from cloudfail.keepalived.command.imports import Imports
from cloudfail.keepalived.command.program import Program
from cloudfail.keepalived.command.resolve import DEFAULT_PATH, Resolved, resolve
from cloudfail.keepalived.command.tree import Tree
from cloudfail.keepalived.command.trust import faults_of
from cloudfail.keepalived.command.weakness import Code, Effect, Weakness
from cloudfail.keepalived.command.words import CommandError, split

_FILE_TEST = re.compile(r"^<[ \t]*/")


class Examiner:
    """Examines the commands of one configuration; what several of them import is read once."""

    def __init__(
        self,
        root: Path = Path("/"),
        *,
        path: str = DEFAULT_PATH,
        script_security: bool = True,
        symlink_paths: bool = False,
        whole_paths: bool = False,
    ) -> None:
        """`whole_paths`: as keepalived 2.3, which also checks the path as it is written."""
        self._root = root
        self._tree = Tree.at(root)
        self._imports = Imports(self._tree)
        self._path = path
        self._script_security = script_security
        self._symlink_paths = symlink_paths
        self._whole_paths = whole_paths

    def examine(self, command: str, user: str = "root", group: str = "") -> tuple[Weakness, ...]:
        """Return every weakness, what stops the command first. Never raises for any text.

        `command` is what keepalived's first reading leaves of the text between the outer quotes.
        `user` "" is keepalived's default user.
        """
        return tuple(dict.fromkeys(self._all(command, user, group)))

    def _all(self, command: str, user: str, group: str) -> Iterator[Weakness]:
        words = split(command)
        if isinstance(words, CommandError):
            yield _unparsable(command, words)
            return
        if _FILE_TEST.match(words[0]):
            yield _file_test(words[0])
            return
        yield from _literal(words)
        account = account_of(user, group, script_security=self._script_security, root=self._root)
        if isinstance(account, Weakness):
            yield account
            return
        yield from self._file(words, account)

    def _file(self, words: Sequence[str], account: Account) -> Iterator[Weakness]:
        resolved = resolve(
            words[0],
            self._path,
            account=account,
            symlink_paths=self._symlink_paths,
            root=self._root,
        )
        if isinstance(resolved, Weakness):
            yield resolved
            return
        stopping = _stopping(resolved, account)
        if stopping:
            yield stopping
            return
        privileged = account.is_privileged(resolved.status)
        if privileged:
            yield from self._linked(resolved)
            yield from self._protection(resolved)
        yield from _named_oddly(words[0], resolved)
        yield from self._venv(resolved)
        program = Program(self._tree, account, self._imports, self._path, privileged=privileged)
        yield from program.searched(words[0], resolved.searched)
        yield from program.run((resolved.path, *words[1:]), resolved.real)

    def _linked(self, resolved: Resolved) -> Iterator[Weakness]:
        """2.3.3 and 2.3.4 take no link for a directory, with script security or without it."""
        if not self._whole_paths:
            return
        for directory in reversed(PurePosixPath(posixpath.normpath(resolved.written)).parents):
            status = self._tree.lstat(str(directory))
            if not isinstance(status, int) and stat.S_ISLNK(status.st_mode):
                yield Weakness(
                    code=Code.LINKED_DIRECTORY,
                    effect=Effect.DROPPED,
                    path=str(directory),
                    message=f"{directory} on the way to {resolved.written} is a link",
                    remedy=f"write {resolved.real}",
                )
                return

    def _protection(self, resolved: Resolved) -> Iterator[Weakness]:
        """Only the executed path is checked by keepalived; the links decide at the next reload."""
        ways = (self._tree.walk(path) for path in (resolved.path, resolved.real))
        checked = dict.fromkeys(step for way in ways for step in way.steps)
        heeded = Effect.DROPPED if self._script_security else Effect.UNSAFE
        for fault in faults_of(checked):
            yield fault.weakness(heeded)
        for fault in faults_of(step for step in resolved.way.steps if step not in checked):
            yield fault.weakness(
                Effect.UNSAFE, before=f"on the way to {resolved.written}, when it is read again: "
            )

    def _venv(self, resolved: Resolved) -> Iterator[Weakness]:
        if kind_of(resolved.written) is not Kind.PYTHON:
            return
        config = virtual_environment(self._tree, resolved.written)
        if config and virtual_environment(self._tree, resolved.path) != config:
            directory = posixpath.dirname(config)
            yield Weakness(
                code=Code.VENV_BY_PYTHON,
                effect=Effect.ODD,
                path=resolved.written,
                message=f"keepalived executes {resolved.path} instead of {resolved.written}, "
                f"outside the virtual environment {directory}",
                remedy=f"name a command of {directory}/bin, whose first line is that Python, or "
                "set `use_symlink_paths` (2.3.0 and newer; 2.3.3 needs neither)",
            )


def examine(
    command: str,
    user: str = "root",
    group: str = "",
    *,
    script_security: bool = True,
    root: Path = Path("/"),
) -> tuple[Weakness, ...]:
    """Examine one command; use an Examiner for those of a whole file."""
    return Examiner(root, script_security=script_security).examine(command, user, group)


def _stopping(resolved: Resolved, account: Account) -> Weakness | None:
    """Return what keeps the file from being run whoever may write it."""
    mode, path = resolved.status.st_mode, resolved.path
    if not account.may_execute(resolved.status):
        return Weakness(
            code=Code.NOT_EXECUTABLE,
            effect=Effect.DROPPED,
            path=path,
            message=f"{path} is not executable for {account.name} (mode {stat.S_IMODE(mode):04o})",
            remedy=f"`chmod +x {path}`",
        )
    if stat.S_ISREG(mode):
        return None
    is_directory = stat.S_ISDIR(mode)
    return Weakness(
        code=Code.DIRECTORY if is_directory else Code.NOT_A_FILE,
        effect=Effect.DROPPED if account.is_privileged(resolved.status) else Effect.FAILS,
        path=path,
        message=f"{path} is {'a directory' if is_directory else 'no regular file'}",
        remedy="name the program itself",
    )


def _named_oddly(argv0: str, resolved: Resolved) -> Iterator[Weakness]:
    if resolved.searched:
        yield _odd(
            Code.BARE_NAME,
            resolved.written,
            f"{argv0} was found as {resolved.written} in keepalived's PATH",
            f"write {resolved.written}",
        )
    elif not argv0.startswith("/"):
        yield _odd(
            Code.RELATIVE_PATH,
            resolved.written,
            f"{argv0} depends on the directory that keepalived is in",
            "write the whole path",
        )


def _literal(words: Sequence[str]) -> Iterator[Weakness]:
    for word in literal_words(words):
        yield _odd(
            Code.SHELL_SYNTAX,
            words[0],
            f"{word!r} is passed as it is: keepalived starts no shell",
            "put the line into a script of its own",
        )


def _unparsable(command: str, error: CommandError) -> Weakness:
    return Weakness(
        code=Code.UNPARSABLE,
        effect=Effect.DROPPED,
        path="",
        message=f"{command!r} cannot be split into words: {error.message}",
        remedy="use letters, digits and _./:=@,- only; quote nothing inside the quotes",
    )


def _file_test(word: str) -> Weakness:
    return _odd(
        Code.FILE_TEST,
        word.lstrip("< \t"),
        f"{word} runs nothing: as a vrrp_script it says whether the file can be opened",
        "as a notify script name a program",
    )


def _odd(code: Code, path: str, message: str, remedy: str) -> Weakness:
    return Weakness(code=code, effect=Effect.ODD, path=path, message=message, remedy=remedy)

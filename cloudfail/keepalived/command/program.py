"""What a command really runs: through shebang, env, shell and Python, down to the code that is read."""

from __future__ import annotations

import os
import posixpath
import re
import stat
from collections.abc import Iterator, Sequence

from cloudfail.keepalived.command.account import Account
from cloudfail.keepalived.command.arguments import (
    Kind,
    Told,
    kind_of,
    told_env,
    told_python,
    told_shell,
)
from cloudfail.keepalived.command.environment import environment_of
from cloudfail.keepalived.command.header import Form, Header, read_header
from cloudfail.keepalived.command.imports import Imports
from cloudfail.keepalived.command.resolve import search
from cloudfail.keepalived.command.tree import Tree
from cloudfail.keepalived.command.trust import way_faults
from cloudfail.keepalived.command.weakness import Code, Effect, Weakness

# Linux gives up at the fifth interpreter that is itself a script.
_DEEPEST = 5
# bash's own check of a port: nothing in it is a program.
_ONLY_REDIRECTIONS = re.compile(r"^\s*(:\s*|exec\s+)?(\d*(<>|<|>>?)&?\s*[\w./:-]+\s*)+$")


class Program:
    """Follows one command of one account; `privileged`: what it reads has to be root's alone."""

    def __init__(
        self, tree: Tree, account: Account, imports: Imports, path: str, *, privileged: bool
    ) -> None:
        self._tree = tree
        self._account = account
        self._imports = imports
        self._path = path
        self._privileged = privileged
        self._command = ""

    def run(self, words: Sequence[str], real: str) -> Iterator[Weakness]:
        """Yield the weaknesses of what `words` run; words[0] leads to `real`, and was examined."""
        self._command = words[0]
        yield from self._follow(words, real, 0)

    def _follow(self, words: Sequence[str], real: str, depth: int) -> Iterator[Weakness]:
        header = read_header(self._tree, real)
        if header.form is Form.SCRIPT and depth < _DEEPEST:
            yield from self._script(words, real, header, depth)
        elif header.form is Form.PROGRAM:
            yield from self._told(words, depth)
        elif header.form is Form.UNREADABLE:
            yield _note(real, f"{real} cannot be read, what it runs was not examined")
        else:
            yield _no_shebang(real)

    def _script(
        self, words: Sequence[str], real: str, header: Header, depth: int
    ) -> Iterator[Weakness]:
        status = self._tree.walk(real).status
        if not self._account.may_read(status):
            yield Weakness(
                code=Code.UNREADABLE_FOR_USER,
                effect=Effect.FAILS,
                path=real,
                message=f"{self._account.name} may execute {real}, but not read it, as its "
                "interpreter has to",
                remedy=f"let {self._account.name} read it",
            )
            return
        yield from self._started((*header.words, *words), real, depth + 1)
        if header.then:
            yield from self._started((header.then, *words), real, depth + 1)

    def _told(self, words: Sequence[str], depth: int) -> Iterator[Weakness]:
        program, arguments = words[0], words[1:]
        match kind_of(program):
            case Kind.PYTHON:
                yield from self._python(program, told_python(arguments))
            case Kind.SHELL:
                yield from self._shell(program, told_shell(arguments))
            case Kind.ENV:
                yield from self._env(program, told_env(arguments), depth)
            case Kind.STARTER:
                yield _note(program, f"what {program} starts was not examined")
            case Kind.OTHER:
                return

    def _started(self, words: Sequence[str], by: str, depth: int) -> Iterator[Weakness]:
        """Go on with an interpreter: its links are followed by the kernel, its name is kept."""
        program = words[0] if words[0].startswith("/") else f"/{words[0]}"
        way = self._tree.walk(program, self._account)
        if way.error:
            yield _interpreter_missing(program, by, os.strerror(way.error))
            return
        usable = stat.S_ISREG(way.status.st_mode) and self._account.may_execute(way.status)
        if not usable:
            yield _interpreter_missing(program, by, "it is not executable")
            return
        unsafe = way_faults(self._tree, program) if self._privileged else ()
        for fault in unsafe:
            yield fault.weakness(
                Effect.UNSAFE, Code.INTERPRETER_WRITABLE, f"{program} runs {by} as root: "
            )
        if unsafe:
            yield _note(program, f"{program} is not safe, what it imports was not examined")
            return
        yield from self._follow((program, *words[1:]), way.real, depth)

    def _env(self, env: str, command: tuple[str, ...], depth: int) -> Iterator[Weakness]:
        if not command:
            return
        name = command[0]
        if "/" in name:
            yield from self._started(command, env, depth + 1)
            return
        searched = search(self._tree, name, self._path, self._account)
        if not searched:
            yield _interpreter_missing(name, env, f"it is nowhere in PATH ({self._path})")
            return
        yield from self.searched(name, searched)
        found = posixpath.join(searched[-1], name)
        yield from self._started((found, *command[1:]), env, depth + 1)

    def searched(self, name: str, directories: Sequence[str]) -> Iterator[Weakness]:
        """Yield the directories of PATH in which others could put a program of that name."""
        for directory in directories[:-1] if self._privileged else ():
            for fault in way_faults(self._tree, directory):
                yield fault.weakness(
                    Effect.UNSAFE, Code.SEARCH_PATH_WRITABLE, f"root looks for {name} there: "
                )

    def _shell(self, shell: str, told: Told) -> Iterator[Weakness]:
        if told.text is not None:
            if not _ONLY_REDIRECTIONS.match(told.text):
                yield _note(shell, f"the text that {shell} is given by -c was not examined")
        elif told.file:
            yield from self._code(shell, told.file)

    def _python(self, python: str, told: Told) -> Iterator[Weakness]:
        if told.file:
            yield from self._code(python, told.file)
        if told.text is not None:
            yield _note(python, f"the text that {python} is given by -c was not examined")
        if not self._privileged:
            return
        environment = environment_of(self._tree, python)
        if environment is None:
            yield _note(python, f"the library of {python} was not found, its imports not examined")
            return
        isolated = bool({"I", "s"} & set(told.flags))
        yield from self._imports.weaknesses(environment, "" if isolated else self._account.home)
        if not {"I", "P"} & set(told.flags):
            yield from self._imports.beside(self._first_of(told))

    def _first_of(self, told: Told) -> str:
        """Return what comes first in sys.path: the script's directory, or where keepalived runs."""
        if not told.file:
            return "/"
        real = self._tree.walk(told.file).real
        return posixpath.dirname(real) or "/"

    def _code(self, by: str, file: str) -> Iterator[Weakness]:
        """Look at a file that an interpreter is told to read."""
        path = file if file.startswith("/") else f"/{file}"
        if path == self._command:
            return
        way = self._tree.walk(path, self._account)
        if way.error or not self._account.may_read(way.status):
            why = os.strerror(way.error) if way.error else "it may not be read"
            yield Weakness(
                code=Code.MISSING,
                effect=Effect.FAILS,
                path=path,
                message=f"{by} cannot read {path} as {self._account.name}: {why}",
                remedy="correct the path; keepalived looks at the first word only",
            )
            return
        for fault in way_faults(self._tree, path) if self._privileged else ():
            yield fault.weakness(Effect.UNSAFE, before=f"root runs {path} by {by}: ")


def _no_shebang(real: str) -> Weakness:
    return Weakness(
        code=Code.NO_SHEBANG,
        effect=Effect.FAILS,
        path=real,
        message=f"{real} is no program and has no #! line; keepalived starts no shell for it",
        remedy="make its first line `#!/bin/sh`, or what it is written for",
    )


def _interpreter_missing(program: str, by: str, why: str) -> Weakness:
    ending = program.endswith("\r")
    return Weakness(
        code=Code.INTERPRETER_MISSING,
        effect=Effect.FAILS,
        path=program,
        message=f"{by} needs {program!r} to run: {why}",
        remedy="remove the carriage returns (it was saved with DOS line ends)"
        if ending
        else "install it, or correct the first line of the script",
    )


def _note(path: str, message: str) -> Weakness:
    return Weakness(
        code=Code.NOT_EXAMINED,
        effect=Effect.NOTE,
        path=path,
        message=message,
        remedy="see to it that only root may change what it runs",
    )

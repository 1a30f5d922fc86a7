"""What a shell, Python or env is told to run by its arguments."""

from __future__ import annotations

import enum
import posixpath
import re
from collections.abc import Sequence

import msgspec

from cloudfail.keepalived.command.words import is_passed_literally

_PYTHON = re.compile(r"^(python|pypy)[0-9.]*$")
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "ksh", "mksh", "zsh"})
_ASSIGNMENT = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*=")
# They start another program, in ways of their own.
_STARTERS = frozenset(
    (
        *("busybox", "chroot", "chrt", "flock", "ionice", "nice", "nohup", "nsenter", "perl"),
        *("php", "ruby", "runuser", "setpriv", "setsid", "ssh", "stdbuf", "su", "sudo"),
        *("systemd-cat", "systemd-run", "taskset", "timeout", "unshare", "xargs"),
    )
)


class Kind(enum.Enum):
    PYTHON = enum.auto()
    SHELL = enum.auto()
    ENV = enum.auto()
    STARTER = enum.auto()
    OTHER = enum.auto()


class Told(msgspec.Struct, frozen=True):
    """What to run: a file, a module, or text. All empty: standard input.

    `rest` are the words behind a file, or behind the text of a shell.
    """

    file: str = ""
    module: str = ""
    text: str | None = None
    flags: str = ""
    rest: tuple[str, ...] = ()


def kind_of(path: str) -> Kind:
    """Say what a program is by its name."""
    name = posixpath.basename(path)
    if _PYTHON.match(name):
        return Kind.PYTHON
    if name in _SHELLS:
        return Kind.SHELL
    if name == "env":
        return Kind.ENV
    return Kind.STARTER if name in _STARTERS else Kind.OTHER


def told_python(words: Sequence[str]) -> Told:
    """Read `python [options] FILE | -m MODULE | -c TEXT`. `flags` are the letters given."""
    flags = ""
    at = 0
    while at < len(words) and len(words[at]) > 1 and words[at].startswith("-"):
        word = words[at]
        letters = "" if word.startswith("--") else word[1:]
        ending = re.search(r"[cmWX]", letters)
        flags += letters[: ending.start()] if ending else letters
        at += 1
        if word == "--check-hash-based-pycs":
            at += 1
        if ending is None:
            continue
        value = letters[ending.end() :] or "".join(words[at : at + 1])
        if ending[0] == "c":
            return Told(text=value, flags=flags)
        if ending[0] == "m":
            return Told(module=value, flags=flags)
        at += not letters[ending.end() :]
    file = "".join(words[at : at + 1]).removeprefix("-")
    return Told(file=file, flags=flags, rest=tuple(words[at + 1 :]))


def told_shell(words: Sequence[str]) -> Told:
    """Read `sh [options] FILE | -c TEXT`."""
    flags = ""
    at = 0
    while at < len(words) and len(words[at]) > 1 and words[at][0] in "-+":
        word = words[at]
        at += 1
        if word == "--":
            break
        if word in {"--rcfile", "--init-file"} or re.match(r"^[-+][a-zA-Z]*[oO]$", word):
            at += 1
        flags += "" if word.startswith("--") else word[1:]
    what, rest = "".join(words[at : at + 1]), tuple(words[at + 1 :])
    if "c" in flags:
        return Told(text=what, flags=flags, rest=rest)
    return Told(file=what, flags=flags, rest=rest)


def told_env(words: Sequence[str]) -> tuple[str, ...]:
    """Return the command that `env [options] [NAME=VALUE] COMMAND` starts; () when none."""
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word.startswith(("-S", "--split-string")):
            text = word.removeprefix("--split-string").removeprefix("-S").removeprefix("=")
            rest = [*(text or "".join(rest[:1])).split(), *(rest if text else rest[1:])]
        elif word in {"-u", "--unset", "-C", "--chdir"}:
            rest = rest[1:]
        elif not word.startswith("-") and not _ASSIGNMENT.match(word):
            return (word, *rest)
    return ()


def literal_words(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words that wait for a shell; what a shell is given by -c has one."""
    given = told_shell(words[1:]).text if kind_of(words[0]) is Kind.SHELL else None
    return tuple(word for word in words if word != given and is_passed_literally(word))

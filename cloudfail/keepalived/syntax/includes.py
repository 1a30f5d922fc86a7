"""`include` and its variants: which files a pattern names (keepalived.conf(5), DESCRIPTION)."""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_BLANKS = " \t\f\n\r\v"
_TYPES = {"": "", "r": "r", "m": "rm", "w": "rmw", "b": "rb", "a": "rmwb"}
_CHECKS = {"readable": "r", "read": "r", "match": "m", "wildcard_match": "w", "brace_match": "b"}
# A group with one level of groups inside: the manual's example goes no deeper.
_BRACES = re.compile(r"\{((?:[^{}]|\{[^{}]*\})+)\}")
_MANY = 1000
_DEEP = 64
_EXECUTABLE = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


class Include(NamedTuple):
    """The rest of an include line is the pattern, quotes and blanks in it too."""

    pattern: str
    checks: frozenset[str]


class Found(NamedTuple):
    paths: tuple[str, ...]
    problem: str = ""


def parse_include(text: str) -> Include | None:
    """The line's pattern; None for another keyword, an `include` without a file among them."""
    if not text.startswith("include"):
        return None
    if text[7:8] and text[7] in _BLANKS:
        return Include(text[8:].lstrip(" \t"), frozenset())
    if text[8:9] and text[8] in _BLANKS and text[7] in _TYPES:
        return Include(text[9:].lstrip(" \t"), frozenset(_TYPES[text[7]]))
    return None


def change_checks(checks: frozenset[str], options: Iterable[str]) -> frozenset[str]:
    """What `include_check OPTIONS` makes of the checks so far; no option: all of them."""
    options = tuple(options)
    if not options:
        return frozenset(_TYPES["a"])
    for option in options:
        flag = frozenset(_CHECKS.get(option.lstrip("+-"), ""))
        if option.startswith("-"):
            checks -= flag
        elif option.startswith("+"):
            checks |= flag
        else:
            checks = flag | {"r"} if flag else frozenset()
    return checks


def find_files(pattern: str, directory: str, checks: frozenset[str]) -> Found:
    """The files in glob(3)'s order. A pattern may match nothing, a plain name may not.

    A `wildcard_match` check makes a pattern that matches nothing a problem, a `brace_match` check
    each alternative that does.
    """
    paths: list[str] = []
    missing: list[str] = []
    for name in _alternatives(pattern):
        found = _matches(name, directory)
        paths += found
        if not found and (not glob.has_magic(name) or "w" in checks):
            missing.append(name)
    if missing and (not paths or "b" in checks):
        return Found(tuple(paths), f"{missing[0]}: no such file")
    return Found(tuple(paths))


def refusal(path: str) -> str:
    """Why keepalived skips the file; empty if it reads it."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - the name may hold what Path changes
    except (OSError, ValueError) as error:
        return reason_of(error)
    if stat.S_ISDIR(mode):
        return "is a directory: keepalived skips it"
    if not stat.S_ISREG(mode):
        return "is no regular file: keepalived skips it"
    if mode & _EXECUTABLE:
        return "is executable: keepalived skips it, chmod a-x"
    return ""


def reason_of(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _matches(name: str, directory: str) -> list[str]:
    if name.count("/") > _DEEP or "\0" in name:
        return []
    if glob.has_magic(name):
        try:
            return [os.path.join(directory, found) for found in sorted(_glob(name, directory))]  # noqa: PTH118
        except (OSError, re.error):
            return []
    path = os.path.join(directory, name)  # noqa: PTH118
    return [path] if name and os.path.lexists(path) else []


def _glob(name: str, directory: str) -> list[str]:
    return glob.glob(name, root_dir=directory or None)  # noqa: PTH207


def _alternatives(pattern: str) -> Iterator[str]:
    """Braces as csh and GLOB_BRACE read them: the names in the order of the pattern."""
    waiting = [pattern]
    for _ in range(_MANY):
        if not waiting:
            return
        name = waiting.pop()
        match = _BRACES.search(name)
        if match is None:
            yield name
            continue
        before, after = name[: match.start()], name[match.end() :]
        waiting += [before + word + after for word in reversed(_split_outermost(match[1]))]


def _split_outermost(text: str) -> list[str]:
    words = [""]
    depth = 0
    for char in text:
        if char == "," and not depth:
            words.append("")
            continue
        depth += (char == "{") - (char == "}")
        words[-1] += char
    return words

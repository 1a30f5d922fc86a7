"""`$NAME=value`: parameter substitution as in keepalived.conf(5), "Parameter substitution"."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

LINE_LIMIT = 1023  # MAXBUF is 1024 in lib/parser.h: what fgets() puts there of a line
_BLANK = " \t"
_DEFINITION = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)=[ \t]*(.*)", re.DOTALL)
# Without braces only before a blank, `,`, `)` and the end.
_USE = re.compile(
    r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)((?: [0-9 ]*[0-9])?)\}|([A-Za-z_][A-Za-z0-9_]*)(?=[ \t,)]|\Z))"
)
_MANY = (
    2 * LINE_LIMIT
)  # replacements in a line; keepalived never ends where two names stand for each other


class Opening(NamedTuple):
    """The first line of a definition; the value goes on below if `is_multiline`."""

    name: str
    text: str
    is_multiline: bool


class Replaced(NamedTuple):
    """`text` is None where nothing was replaced.

    `below` are the values of which the first line is in the text and the others follow it.
    """

    text: str | None
    below: tuple[tuple[str, ...], ...] = ()
    problem: str = ""


def opening(text: str) -> Opening | None:
    match = _DEFINITION.fullmatch(text)
    if match is None:
        return None
    name, value = match.groups()
    if value.endswith("\\"):
        return Opening(name, value[:-1].rstrip(_BLANK), is_multiline=True)
    return Opening(name, value, is_multiline=False)


class Definitions:
    """The names that can be replaced. What keepalived alone knows (`${_RANDOM}`) stays as it is.

    A name that was defined in a line with a condition while nobody chose an id has no known
    value: it stays as it is too.
    """

    def __init__(self, config_id: str | None) -> None:
        self._values: dict[str, tuple[str, ...]] = {"_HASH": ("#",), "_BANG": ("!",)}
        self._unknown: set[str] = {"_RANDOM", "_TIMESTAMP", "_ENV"}
        if config_id is None:
            self._unknown.add("_INSTANCE")
        else:
            self._values["_INSTANCE"] = (config_id,)

    def set(self, name: str, lines: tuple[str, ...], *, is_certain: bool = True) -> None:
        self._values[name] = lines or ("",)
        self._unknown.discard(name)
        if not is_certain:
            self._unknown.add(name)

    def keeps(self, name: str) -> bool:
        """Whether keepalived can replace the name anywhere, and we cannot."""
        return name in self._unknown or (name == "_PWD" and name not in self._values)

    def replace(self, text: str, directory: str | None) -> Replaced:
        """Replace until nothing can be; `directory` is `${_PWD}`."""
        below: list[tuple[str, ...]] = []
        found = False
        at = 0
        for _ in range(_MANY):
            match = _USE.search(text, at)
            if match is None:
                return Replaced(text if found else None, tuple(below))
            lines = self._lines(match, directory, is_last=match.end() == len(text))
            if lines is None:
                at = match.start() + 1
                continue
            longer = text[: match.start()] + lines[0] + text[match.end() :]
            if len(longer) > LINE_LIMIT:
                return Replaced(None, (), f"{match[0]} makes the line too long for keepalived")
            text, at, found = longer, match.start(), True
            if len(lines) > 1:
                below.append(lines)
            if lines[0].lstrip(_BLANK).startswith("~"):
                return Replaced(text, tuple(below))
        return Replaced(None, (), "definitions that stand for each other: keepalived never ends")

    def _lines(
        self, match: re.Match[str], directory: str | None, *, is_last: bool
    ) -> tuple[str, ...] | None:
        name = match[1] or match[3]
        if name in self._unknown or match[2]:
            return None
        if name == "_PWD" and name not in self._values:
            return None if directory is None else (os.path.realpath(directory),)
        lines = self._values.get(name)
        if lines is not None and len(lines) > 1 and not is_last:
            return None
        return lines

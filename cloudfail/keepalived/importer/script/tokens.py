"""A shell script's tokens: words without their quotes, operators, ends of lines.

What stands for something else stays as it is written, for those who know its value: `$NAME`,
`${NAME...}`, `$(...)`; a command in backquotes as `$(...)` too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_OPERATOR = re.compile(r";;&?|;&|;|&&|&>>?|&|\|\|?&?|<<-|<<<|<<|<>|<&|<|>>|>&|>\||>|[()]")
_ENDS_WORD = frozenset(" \t\r\n;&|<>()")
_PLAIN = re.compile(r"[^ \t\r\n;&|<>()\\'\"$`]+")
_PLAIN_QUOTED = re.compile(r'[^"\\$`]+')
_NAME = re.compile(r"\$(?:\w+|[@*#?!$-])?")
_ARRAY = re.compile(r"\w+\+?=")
_GROUPS = {
    "(": re.compile(r"\\.|'[^']*'|\"(?:[^\"\\]|\\.)*\"|[()]", re.DOTALL),
    "{": re.compile(r"\\.|'[^']*'|[{}]", re.DOTALL),
}
_HERE = frozenset({"<<", "<<-"})


class Token(NamedTuple):
    """`line` counts from 1. `items` are the words of `NAME=(...)`."""

    line: int
    text: str
    is_operator: bool = False
    items: tuple[str, ...] | None = None


def tokens_of(text: str) -> Iterator[Token]:
    """Yield the tokens; comments and the text of here-documents are left out."""
    return _Scanner(text, arrays=True).tokens()


class _Scanner:
    """What is never closed goes on to the end of the text."""

    def __init__(self, text: str, *, arrays: bool) -> None:
        self._text, self._at, self._line = text, 0, 1
        self._arrays = arrays
        self._here: list[str] = []

    def tokens(self) -> Iterator[Token]:
        operator = ""
        while self._at < len(self._text):
            token = self._next()
            if token is None:
                continue
            if operator in _HERE and not token.is_operator:
                self._here.append(token.text)
            operator = token.text if token.is_operator else ""
            yield token
            if token.is_operator and token.text == "\n":
                self._skip_documents()

    def _next(self) -> Token | None:
        char, line = self._text[self._at], self._line
        if char == "\n":
            return Token(line, self._take(self._at + 1), is_operator=True)
        if char in " \t\r" or self._text.startswith("\\\n", self._at):
            self._take(self._at + (2 if char == "\\" else 1))
            return None
        if char == "#":
            self._take(self._end_of_line())
            return None
        if self._text.startswith("((", self._at):
            return Token(line, self._group("("))
        found = _OPERATOR.match(self._text, self._at)
        if found is not None:
            return Token(line, self._take(found.end()), is_operator=True)
        return self._word()

    def _word(self) -> Token:
        line, pieces = self._line, [""]
        while self._at < len(self._text) and self._text[self._at] not in _ENDS_WORD:
            pieces.append(self._piece(_PLAIN))
        text = "".join(pieces)
        if self._arrays and self._text.startswith("(", self._at) and _ARRAY.fullmatch(text):
            inside = _Scanner(self._group("(")[1:-1], arrays=False).tokens()
            return Token(line, text, items=tuple(one.text for one in inside if one.text.strip()))
        return Token(line, text)

    def _piece(self, plain: re.Pattern[str]) -> str:
        """Return the next piece of a word; `plain` is what has no meaning of its own here."""
        char = self._text[self._at]
        if char == "\\":
            escaped = self._take(self._at + 2)[1:]
            return "" if escaped == "\n" else escaped
        if char == "$":
            return self._dollar()
        if char == "`":
            return f"$({self._quoted('`')})"
        if plain is _PLAIN and char == "'":
            return self._quoted("'")
        if plain is _PLAIN and char == '"':
            return self._double()
        found = plain.match(self._text, self._at)
        return self._take(found.end() if found else self._at + 1)

    def _double(self) -> str:
        self._take(self._at + 1)
        pieces = []
        while self._at < len(self._text) and self._text[self._at] != '"':
            pieces.append(self._piece(_PLAIN_QUOTED))
        self._take(self._at + 1)
        return "".join(pieces)

    def _dollar(self) -> str:
        following = self._text[self._at + 1 : self._at + 2]
        if following in _GROUPS:
            self._take(self._at + 1)
            return "$" + self._group(following)
        found = _NAME.match(self._text, self._at)
        return self._take(found.end() if found else self._at + 1)

    def _quoted(self, quote: str) -> str:
        end = self._text.find(quote, self._at + 1)
        inside = self._take(len(self._text) if end < 0 else end + 1)[1:]
        return inside if end < 0 else inside[:-1]

    def _group(self, opening: str) -> str:
        """Return the text up to the bracket that closes this one."""
        depth = 0
        for found in _GROUPS[opening].finditer(self._text, self._at):
            if len(found[0]) == 1:
                depth += 1 if found[0] == opening else -1
            if not depth:
                return self._take(found.end())
        return self._take(len(self._text))

    def _skip_documents(self) -> None:
        for delimiter in self._here:
            while self._at < len(self._text):
                if self._take(self._end_of_line() + 1).strip("\t\n") == delimiter:
                    break
        self._here.clear()

    def _end_of_line(self) -> int:
        end = self._text.find("\n", self._at)
        return len(self._text) if end < 0 else end

    def _take(self, end: int) -> str:
        taken = self._text[self._at : end]
        self._line += taken.count("\n")
        self._at = end
        return taken

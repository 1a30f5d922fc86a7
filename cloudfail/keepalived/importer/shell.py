"""A notify script as far as it can be read without running it: commands, simple variables.

Assignments like `EIP=203.0.113.7`, positional arguments, line continuations, quotes, comments.
What a command substitution gives, nobody knows here: it stays as it is written.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

_ASSIGNED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_USED = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_DECLARING = frozenset({"export", "readonly", "local", "declare", "-x", "-r"})
_MANY_LINES = 20  # of one quoted text
_LONGEST = 8192
_PUNCTUATION = frozenset("();<>|&")


class Command(Struct, frozen=True):
    """One simple command; `line` counts from 1. `assigns` is a variable that it sets, if any."""

    line: int
    words: tuple[str, ...]
    assigns: str = ""

    def is_known(self, word: str) -> bool:
        return "$" not in word and "`" not in word


def commands_of(text: str, arguments: Sequence[str] = ()) -> Iterator[Command]:
    """Yield the commands, variables replaced where their value is known."""
    variables = {str(number): word for number, word in enumerate(arguments, start=1)}
    for line, tokens in _lines(text):
        for words in _simple(tokens):
            yield from _command(line, words, variables)


def _command(line: int, words: list[str], variables: dict[str, str]) -> Iterator[Command]:
    rest = [word for word in words if word not in _DECLARING] if words[0] in _DECLARING else words
    while rest and (found := _ASSIGNED.fullmatch(rest[0])):
        name, value = found.group(1), _expanded(found.group(2), variables)
        variables.pop(name, None)
        if "$" not in value and "`" not in value:
            variables[name] = value
        yield Command(line, (rest[0],), assigns=name)
        rest = rest[1:]
    if rest:
        yield Command(line, tuple(_expanded(word, variables) for word in rest))


def _expanded(word: str, variables: Mapping[str, str]) -> str:
    """Replace once: a value holds no unknown, and a long one is not worth the reading."""
    replaced = _USED.sub(lambda found: variables.get(found[1] or found[2], found[0]), word)
    return replaced if len(replaced) <= _LONGEST else word


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the tokens of each line, with the number of its first; a quote may span lines."""
    waiting, first = "", 0
    for number, raw in enumerate(text.splitlines(), start=1):
        first = first if waiting else number
        if raw.endswith("\\") and not raw.lstrip().startswith("#"):
            waiting += raw[:-1] + " "
            continue
        whole = waiting + raw
        tokens = _tokens(whole)
        if tokens is None and number - first < _MANY_LINES:
            waiting = whole + "\n"
            continue
        waiting = ""
        yield first, whole.split() if tokens is None else tokens
    if waiting:
        yield first, _tokens(waiting) or waiting.split()


def _tokens(line: str) -> list[str] | None:
    """None where a quote is not closed."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        return list(lexer)
    except ValueError:
        return None


def _simple(tokens: Sequence[str]) -> Iterator[list[str]]:
    """Yield the simple commands; without redirections, and without what is in `$(...)`."""
    words: list[str] = []
    redirected = False
    for token in _outside(tokens):
        if not _is_punctuation(token):
            if not redirected:
                words.append(token)
            redirected = False
        elif set(token) & set("<>"):
            redirected = True
            if words and words[-1].isdigit():
                words.pop()
        elif words:
            yield words
            words = []
    if words:
        yield words


def _outside(tokens: Sequence[str]) -> Iterator[str]:
    """Yield what is not within `$(...)`."""
    depth, before = 0, ""
    for token in tokens:
        if depth and _is_punctuation(token):
            depth = max(0, depth + token.count("(") - token.count(")"))
        elif not depth and before.endswith("$") and "(" in token and _is_punctuation(token):
            depth = max(0, token.count("(") - token.count(")"))
        elif not depth and token:
            yield token
        before = token


def _is_punctuation(token: str) -> bool:
    return bool(token) and not set(token) - _PUNCTUATION

"""Comments: `#` and `!` begin one anywhere outside `"` quotes, in the middle of a word too."""

from __future__ import annotations

import re
from typing import NamedTuple

_BLANK = " \t"
_SPECIAL = re.compile(r'[!#"\\]')


class Bare(NamedTuple):
    """A line without its comment; `open_quote`: keepalived says `Unterminated quote`."""

    text: str
    comment: str | None = None
    open_quote: bool = False


def decomment(line: str) -> Bare:
    r"""Take the comment off, twice as keepalived does (lib/parser.c; measured with 2.2.7).

    A first process reads the files and hands on what it read to the others, which take comments
    off again: `\#` is a `#` to the first, and the start of a comment to those that matter.
    A backslash that ends the line outlives the comment before it.
    """
    text = line.strip(_BLANK)
    if not _SPECIAL.search(text):
        return Bare(text)
    start, quote = _scan(text)
    last = text if start is None else line  # blanks after it stay until the comment is off
    end = "\\" if (len(last) - len(last.rstrip("\\"))) % 2 else ""
    kept = text[:start] if start is not None else text.removesuffix(end)
    comment = None if start is None else text[start:].lstrip("\\#!").strip(_BLANK)
    return Bare(kept.rstrip(_BLANK) + end, comment, quote)


def _scan(text: str) -> tuple[int | None, bool]:
    """Where the comment begins, and whether a quote is open at the end."""
    quote = False
    match = _SPECIAL.search(text)
    while match is not None:
        at = match.start()
        char = text[at]
        if char == '"':
            quote = not quote
        elif char == "\\":
            at += 1
            if not quote and text[at : at + 1] in ("#", "!"):
                return at - 1, False
        elif not quote:
            return at, False
        match = _SPECIAL.search(text, at + 1)
    return None, quote

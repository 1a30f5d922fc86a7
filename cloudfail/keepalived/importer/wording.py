"""A statement as text again: in one line for people, without secrets; or as it stood."""

from __future__ import annotations

import os
import re

from cloudfail.keepalived.syntax import Statement, Word
from cloudfail.keepalived.syntax.words import SCRIPT_KEYWORDS
from cloudfail.line import one_line

REDACTED = "********"
_LONGEST = 120
_SECRET = re.compile(r"auth_pass|.*passw.*|.*secret.*|key", re.IGNORECASE)
_BARE = re.compile(r"[^\s\"{}#!]+")
_ESCAPED = re.compile(r"[\"\\]|[^ -~\u00a0-\ud7ff\ue000-\U0010ffff]")


def line_of(statement: Statement) -> str:
    """Return one line of at most 120 characters: a block's first line, and how much is in it."""
    words: list[str] = []
    for word in statement.words:
        hidden = bool(words) and _SECRET.fullmatch(statement.words[len(words) - 1].text) is not None
        hidden = hidden or _follows_key(statement, len(words))
        words.append(REDACTED if hidden else _written(word, statement))
    text = one_line(" ".join(words))
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}..."
    if statement.children is None:
        return text
    size = _size(statement)
    lines = f"{size} line{'s' if size > 1 else ''} " if size else ""
    return f"{text} {{ {lines}}}"


def text_of(statement: Statement, indent: str = "") -> str:
    """Return the statement as keepalived reads it again, secrets as they stand."""
    lines: list[str] = []
    waiting: list[tuple[str, Statement | None]] = [(indent, statement)]
    while waiting:
        margin, one = waiting.pop()
        if one is None:
            lines.append(f"{margin}}}")
            continue
        first = margin + " ".join(_written(word, one) for word in one.words)
        lines.append(first if one.children is None else f"{first} {{")
        if one.children is not None:
            waiting.append((margin, None))
            waiting.extend((f"{margin}    ", child) for child in reversed(one.children))
    return "\n".join(lines)


def _follows_key(statement: Statement, index: int) -> bool:
    """`key 1 hex:...` of auth_hmac: the second word after it is the secret."""
    return index > 1 and statement.words[0].text == "key"


def _written(word: Word, statement: Statement) -> str:
    """Return the word as it is read again: only the line of a script has escapes."""
    text = word.text
    is_script = statement.keyword in SCRIPT_KEYWORDS
    if not word.quoted and _BARE.fullmatch(text) and not (is_script and _ESCAPED.search(text)):
        return text
    return f'"{_ESCAPED.sub(_escape, text) if is_script else text}"'


def _escape(found: re.Match[str]) -> str:
    if found[0] in {'"', "\\"}:
        return f"\\{found[0]}"
    return "".join(f"\\{byte:03o}" for byte in os.fsencode(found[0]))


def _size(statement: Statement) -> int:
    count, waiting = 0, list(statement.children or ())
    while waiting:
        count += 1
        waiting.extend(waiting.pop().children or ())
    return count

"""Words with both quotes and backslash escapes (lib/parser.c, alloc_strvec_quoted_escaped).

keepalived takes the line of a script apart like this, and then the command in it once more. Words
and errors are measured with 2.2.7.
"""

from __future__ import annotations

import string

from cloudfail.keepalived.syntax.tree import Word

_SPACE = " \t\n\v\f\r"
_OCTAL = "01234567"
_ESCAPES = {"a": "\a", "b": "\b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_ESCAPES["v"] = "\v"
_ASCII = 0x80
_NOTHING = Word("")


def escaped_words(text: str) -> tuple[Word, ...] | str:
    r"""Return the words, or why keepalived cannot take the text apart.

    A byte that `\xNN` or an octal escape makes comes as os.fsdecode would give it.
    """
    words: list[Word] = []
    at = _skip_space(text, 0)
    while at < len(text):
        word, at, problem = _word(text, at)
        if problem:
            return problem
        words.append(word)
        at = _skip_space(text, at)
    return tuple(words)


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _word(text: str, at: int) -> tuple[Word, int, str]:
    """Return one word, where it ends, and what is wrong with it.

    An open quote is an error only when text follows it: keepalived takes `a '` as `a` and an
    empty word.
    """
    made: list[str] = []
    quote, is_quoted, open_text = "", False, False
    while at < len(text):
        char = text[at]
        if char == "\\":
            if at + 1 == len(text):
                return _NOTHING, at, "it ends in a backslash with nothing behind it"
            escaped, at = _escape(text, at + 1)
            made.append(escaped)
            open_text = False
            continue
        if not quote and char in _SPACE:
            break
        quote, plain = _quoted(quote, char)
        made.append(plain)
        is_quoted = is_quoted or bool(quote)
        open_text = bool(quote and plain)
        at += 1
    if open_text:
        return _NOTHING, at, f"the closing {quote} is missing"
    return Word("".join(made).partition("\0")[0], is_quoted), at, ""


def _quoted(quote: str, char: str) -> tuple[str, str]:
    """Return the quote that is open after the character, and the text it adds."""
    if char == quote:
        return "", ""
    if not quote and char in "'\"":
        return char, ""
    return quote, char


def _escape(text: str, at: int) -> tuple[str, int]:
    """Read what follows a backslash."""
    char, following = text[at], text[at + 1 : at + 2]
    if char == "x" and following and following in string.hexdigits:
        digits = _run(text, at + 1, string.hexdigits)
        return _byte(int(digits, 16)), at + 1 + len(digits)
    if char == "c" and following:
        return chr(ord(following) & 0x1F), at + 2
    if char in _OCTAL:
        digits = _run(text[: at + 3], at, _OCTAL)
        return _byte(int(digits, 8)), at + len(digits)
    return _ESCAPES.get(char, char), at + 1


def _run(text: str, at: int, of: str) -> str:
    end = at
    while end < len(text) and text[end] in of:
        end += 1
    return text[at:end]


def _byte(value: int) -> str:
    low = value & 0xFF
    return chr(low) if low < _ASCII else chr(0xDC00 + low)

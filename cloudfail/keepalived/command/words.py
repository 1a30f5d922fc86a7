"""A command line as keepalived splits it into words, without a shell.

keepalived reads a script's line twice: once as a line of its file (the quotes that hold the whole
command together), and what that gives again, here (`lib/parser.c`, alloc_strvec_quoted_escaped;
words and errors measured with 2.2.7). Single and double quotes group, a backslash works inside
both.
"""

from __future__ import annotations

import re
import string

import msgspec

_SPACE = " \t\n\v\f\r"
_OCTAL = "01234567"
_ESCAPES = {"a": "\a", "b": "\b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_ESCAPES["v"] = "\v"
_ASCII = 0x80
# A redirection, a separator, a job, home, a variable, a substitution, a wildcard in a path.
_SHELL = re.compile(
    r"^\d*[<>]|^(\|\|?|&&?|;)$|;$|&$|^~|\$[A-Za-z_{(0-9@*#?]|`|^[*?]+$|^[^:]*/[^:]*\*"
)


class CommandError(msgspec.Struct, frozen=True):
    """Why keepalived cannot split the text: it then ignores the script."""

    message: str


def split(text: str) -> tuple[str, ...] | CommandError:
    r"""Return the words, at least one, as keepalived hands them to execve.

    A byte that `\xNN` or an octal escape makes comes as os.fsdecode would give it.
    """
    text = text.partition("\0")[0]
    words: list[str] = []
    at = _skip_space(text, 0)
    while at < len(text):
        read = _word(text, at)
        if isinstance(read, CommandError):
            return read
        word, at = read
        words.append(word.partition("\0")[0])
        at = _skip_space(text, at)
    return tuple(words) or CommandError("there is no command in it")


def is_passed_literally(word: str) -> bool:
    """Say whether the word has signs that a shell would act on, and keepalived does not."""
    return _SHELL.search(word) is not None


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _word(text: str, at: int) -> tuple[str, int] | CommandError:
    """Return one word and where it ends.

    An open quote is an error only when text follows it: keepalived takes `a '` as `a` and an
    empty word.
    """
    made: list[str] = []
    quote, open_text = "", False
    while at < len(text):
        char = text[at]
        if char == "\\":
            if at + 1 == len(text):
                return CommandError("it ends in a backslash with nothing behind it")
            escaped, at = _escape(text, at + 1)
            made.append(escaped)
            open_text = False
            continue
        if not quote and char in _SPACE:
            break
        quote, plain = _quoted(quote, char)
        made.append(plain)
        open_text = bool(quote and plain)
        at += 1
    if open_text:
        return CommandError(f"the closing {quote} is missing")
    return "".join(made), at


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

"""A line's words, the two ways in which keepalived takes a line apart (lib/parser.c).

Most keywords get `plain_words`: only `"` quotes, only at the start of a word, and nothing is
escaped. Keywords that name a script get `escaped_words`: both quotes anywhere, backslash escapes.
The command in a script's word is taken apart once more: cloudfail.keepalived.command.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from cloudfail.keepalived.syntax.escapes import escaped_words
from cloudfail.keepalived.syntax.tree import Word

# keepalived's white space is ASCII's only: str.split() would also split at U+00A0 or U+001C.
_BLANKS = r" \t\f\n\r\v"
# `${_RANDOM 1 5}` stays one word: what cannot be substituted is kept as text.
KEPT = r"\$\{_[A-Za-z0-9_]+(?: [A-Za-z0-9_ ]*)?\}"
_SIMPLE = re.compile(rf"[^{_BLANKS}]+")
_PLAIN = re.compile(rf'"([^"]*)("?)|((?:{KEPT}|[^{_BLANKS}"])+)')

# Their handlers read the line again with alloc_strvec_quoted_escaped().
NOTIFY = (
    *("notify_master", "notify_backup", "notify_fault", "notify_stop", "notify_deleted"),
    *("notify_master_rx_lower_pri", "notify"),
)
SCRIPT_KEYWORDS = frozenset(
    (
        *NOTIFY,
        *("lvs_notify_fifo_script", "misc_path", "notify_down", "notify_fifo_script", "notify_up"),
        *("quorum_down", "quorum_up", "regex", "script", "shutdown_script", "startup_script"),
        "vrrp_notify_fifo_script",
    )
)


class Split(NamedTuple):
    """`is_readable` is False for a script's line that keepalived cannot take apart."""

    words: tuple[Word, ...]
    is_readable: bool = True


def split_words(text: str) -> Split:
    """The words of a line as its keyword's handler gets them; none if nothing can be read."""
    if '"' not in text and "'" not in text and "\\" not in text and "$" not in text:
        return Split(tuple([Word(word) for word in _SIMPLE.findall(text)]))
    words = plain_words(text)
    if not words or words[0].text not in SCRIPT_KEYWORDS:
        return Split(words)
    escaped = escaped_words(text)
    return Split(words, is_readable=False) if isinstance(escaped, str) else Split(escaped)


def plain_words(text: str) -> tuple[Word, ...]:
    """What follows an unmatched quote is dropped, as keepalived does."""
    words = []
    for match in _PLAIN.finditer(text):
        quoted, end, bare = match.groups()
        if bare is not None:
            words.append(Word(bare))
        elif end:
            words.append(Word(quoted, quoted=True))
        else:
            break
    return tuple(words)

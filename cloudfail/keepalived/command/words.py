"""A command line as keepalived splits it into words, without a shell.

keepalived reads a script's line twice: once as a line of its file (the quotes that hold the whole
command together), and what that gives again, here; both in the same way. Single and double quotes
group, a backslash works inside both.
"""

from __future__ import annotations

import re

import msgspec

from cloudfail.keepalived.syntax.escapes import escaped_words

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
    words = escaped_words(text.partition("\0")[0])
    if isinstance(words, str):
        return CommandError(words)
    return tuple(word.text for word in words) or CommandError("there is no command in it")


def is_passed_literally(word: str) -> bool:
    """Say whether the word has signs that a shell would act on, and keepalived does not."""
    return _SHELL.search(word) is not None

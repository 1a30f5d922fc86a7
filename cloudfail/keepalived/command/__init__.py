"""The commands that keepalived runs as root: do they run, who may change what they do.

split(text)        the words keepalived makes of a command line
resolve(argv0)     the file it executes
examine(command)   everything that is wrong with it
"""

from __future__ import annotations

from cloudfail.keepalived.command.examine import Examiner, examine
from cloudfail.keepalived.command.resolve import DEFAULT_PATH, Resolved, resolve
from cloudfail.keepalived.command.weakness import Code, Effect, Weakness
from cloudfail.keepalived.command.words import CommandError, is_passed_literally, split

__all__ = [
    "DEFAULT_PATH",
    "Code",
    "CommandError",
    "Effect",
    "Examiner",
    "Resolved",
    "Weakness",
    "examine",
    "is_passed_literally",
    "resolve",
    "split",
]

"""Standard output: results, and what becomes of a command when nobody can take them."""

from __future__ import annotations

import sys

from cloudfail.cli.caller import CALLER
from cloudfail.cli.world import silence

LOST = 74  # sysexits: EX_IOERR
# What these did stands, whoever heard of it: their exit code tells that.
_ACTS = frozenset({"promote", "demote", "notify"})
_problems: list[str] = []
_losses: list[OSError] = []


def show(text: str, end: str = "\n") -> None:
    """Print a result. A closed pipe or a full disk never stops what is under way."""
    caller = CALLER.get()
    if caller is not None:
        caller.show(text + end)
        return
    try:
        print(text, end=end, flush=True)
    except OSError as error:
        _lose(error)


def finish(command: str, code: int) -> int:
    """Return the exit code: 74 when a result was asked for, and a full disk lost it.

    A reader that closed its end (`| head`) had enough: that is no error.
    """
    try:
        sys.stdout.flush()
    except OSError as error:
        _lose(error)
    _losses.clear()
    if not _problems:
        return code
    from cloudfail.cli import messages

    messages.say(f"standard output: {_problems[0]}; the result was not written whole")
    _problems.clear()
    return code if command in _ACTS else LOST


def is_lost() -> bool:
    """Say whether nobody takes the output any more."""
    return bool(_losses)


def _lose(error: OSError) -> None:
    _losses.append(error)
    if not isinstance(error, BrokenPipeError):
        _problems.append(error.strerror or str(error))
    silence(sys.stdout)

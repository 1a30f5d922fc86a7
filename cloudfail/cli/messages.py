"""What is said to people beside the result: standard error, and syslog when nobody watches."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

from cloudfail.cli.caller import CALLER
from cloudfail.cli.world import silence
from cloudfail.line import one_line
from cloudfail.logfmt import is_journal, logfmt

_FLUSH = 0.1


def say(sentence: str) -> None:
    """Tell one sentence: progress, a warning, an error."""
    sentence = one_line(sentence)
    _write(f"cloudfail: {sentence}")
    if not is_watched():
        _log(sentence)


def listed(text: str) -> None:
    """Show one of several lines that make up an answer, to whoever asked."""
    _write(text)


def say_in_handler(sentence: str) -> None:
    """Tell one sentence from a signal handler, which may have interrupted a `print`."""
    with contextlib.suppress(OSError):
        os.write(2, f"cloudfail: {sentence}\n".encode())
    if not is_watched():
        _log(sentence)


def fact(event: str, **fields: Any) -> None:
    """Log one fact as `key=value`: to syslog, or to systemd's journal; a terminal has `progress`.

    The agent has its own log of what it does for others.
    """
    if CALLER.get() is not None:
        return
    text = logfmt({"event": event, **fields})
    if sys.stderr.isatty():
        return
    if is_watched():
        _write(text)
    else:
        _log(text)


def progress(text: str) -> None:
    """Show how far it is, to a terminal only."""
    if CALLER.get() is None and sys.stderr.isatty():
        _write(f"  {text}")


def _write(text: str) -> None:
    """A standard error that is closed or full stops no promotion."""
    caller = CALLER.get()
    if caller is not None:
        caller.say(text)
        return
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        silence(sys.stderr)


def is_watched() -> bool:
    """Say whether a person sees standard error: a terminal, or systemd's journal.

    Whoever asked the agent sees to that itself.
    """
    return CALLER.get() is not None or sys.stderr.isatty() or is_journal()


def has_colour() -> bool:
    """Say whether the result may be coloured: on a terminal, unless NO_COLOR (no-color.org)."""
    caller = CALLER.get()
    if caller is not None:
        return caller.colour
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def flush() -> None:
    """Wait a moment until syslog has what was said; never longer than a tenth of a second."""
    logged = sys.modules.get("cloudfail.journal.system_log")
    if logged is not None:
        logged.SYSTEM_LOG.flush(_FLUSH)


def _log(text: str) -> None:
    # One thread of its own talks to syslog: a log socket that hangs must not stop a promotion.
    from cloudfail.journal.system_log import INFO, SYSTEM_LOG

    SYSTEM_LOG.post(INFO, text)

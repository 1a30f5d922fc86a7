"""`status --watch`: the same again and again, in place on a terminal, until Ctrl-C."""

from __future__ import annotations

import gc
import os
import sys
from argparse import Namespace
from collections.abc import Callable

from cloudfail.agent.control.client import Answer
from cloudfail.cli import messages, output
from cloudfail.cli.caller import CALLER, Caller
from cloudfail.cli.claims import has_claims
from cloudfail.cli.dispatch import report
from cloudfail.cli.handing_over import ask, instead
from cloudfail.clock import SystemClock
from cloudfail.errors import CloudfailError
from cloudfail.role.event import start_time

# Without line wrap, so that a line is a row: from the top, each row to its end, nothing below.
_BEGIN, _ROW, _END = "\x1b[?7l\x1b[H", "\x1b[K\n", "\x1b[J\x1b[?7h"
_CLEAR = "\x1b[2J"
_SELECTION = ("config", "instance", "provider", "node")
# What is looked at through other settings than the agent's is not what the agent sees.
_SETTINGS = ("to_private_ip", "interface_id", "region", "endpoint", "set")


def watch(args: Namespace, look: Callable[[Namespace], int]) -> int:
    """Show the status every `args.watch` seconds; return 0 at Ctrl-C, or when nobody reads it.

    The agent is asked each time; where none answers, `look` looks. What goes wrong is shown, and
    ends nothing.
    """
    gc.enable()  # `status` lives too briefly for it, this does not
    clock = SystemClock()
    in_place = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    try:
        if in_place:
            output.show(_CLEAR, end="")
        while True:
            told = _told(args, look)
            _paint(told) if in_place else _print(told)
            if output.is_lost():
                return 0
            clock.sleep(args.watch)
    except KeyboardInterrupt:
        return 0


def _told(args: Namespace, look: Callable[[Namespace], int]) -> Answer:
    if has_claims(args) or any(getattr(args, name) for name in _SETTINGS):
        return _looked(args, look)
    told = ask(_words(args))
    if isinstance(told, Answer):
        return told
    answer = _looked(args, look)
    why = f"cloudfail: {instead(told)}\n" if told.is_odd else ""
    return Answer(answer.exit_code, answer.stdout, why + answer.stderr)


def _looked(args: Namespace, look: Callable[[Namespace], int]) -> Answer:
    caller = Caller(colour=messages.has_colour(), started=start_time())
    token = CALLER.set(caller)
    try:
        code = look(args)
    except CloudfailError as error:
        code = report(_words(args), error)
    finally:
        CALLER.reset(token)
    return Answer(code, caller.shown, caller.said)


def _words(args: Namespace) -> list[str]:
    """Return the command as the agent is asked: once."""
    words = ["status", "--output", args.output, *(["--check"] if args.check else [])]
    for name in _SELECTION:
        if getattr(args, name):
            words += [f"--{name}", getattr(args, name)]
    return words


def _print(told: Answer) -> None:
    """Show one block after the other, an empty line between; errors go to standard error."""
    for line in told.stderr.splitlines():
        messages.listed(line)
    output.show(told.stdout)


def _paint(told: Answer) -> None:
    """Show it from the top of the screen on; what has no room is cut off."""
    rows = os.get_terminal_size(sys.stdout.fileno()).lines
    lines = (told.stdout + told.stderr).rstrip("\n").split("\n")
    shown = lines[: rows - 1] if rows else lines
    output.show(_BEGIN + "".join(line + _ROW for line in shown) + _END, end="")

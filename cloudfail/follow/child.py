"""Run one command, never through a shell: bounded in time and in what is kept of its words."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Mapping
from typing import IO

from cloudfail import process
from cloudfail.clock import Clock, Deadline, SystemClock
from cloudfail.follow.command import Command, Followed
from cloudfail.follow.words import Words

# What it may still do after SIGTERM; and how long what SIGKILL does not end is waited for.
GRACE_SECONDS = 2.0
_UNKILLABLE_SECONDS = 1.0
_POLL = 0.01


def run_command(
    command: Command, environ: Mapping[str, str], clock: Clock | None = None
) -> Followed:
    """Run it to its end, and say what came of it. Never raises for what the command does.

    It gets a session of its own, the root directory, no standard input. At its timeout the whole
    process group gets SIGTERM, and what is left of it SIGKILL after `GRACE_SECONDS`. Processes
    that it leaves behind in time are left alone.
    """
    clock = clock or SystemClock()
    began = clock.now()
    try:
        child = _start(command, environ)
    except OSError as error:
        return _followed(command, clock.now() - began, problem=_why(error))
    with contextlib.closing(Words(_pipe(child.stdout), _pipe(child.stderr))) as words:
        in_time = _wait(child, words, Deadline.after(clock, command.timeout))
        if not in_time:
            _end_group(child, words, clock)
        status = _reap(child)
        problem, code = _verdict(status, in_time=in_time)
        return _followed(
            command, clock.now() - began, exit_code=code, problem=problem, said=words.last
        )


def _start(command: Command, environ: Mapping[str, str]) -> process.Popen[bytes]:
    return process.Popen(
        command.argv,
        bufsize=0,
        cwd="/",
        env=environ,
        stdin=process.DEVNULL,
        stdout=process.PIPE,
        stderr=process.PIPE,
        start_new_session=True,
    )


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:  # pragma: no cover - Popen was asked for it
        raise AssertionError
    return stream


def _why(error: OSError) -> str:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "not found"  # the program, or the interpreter that its first line names
    if isinstance(error, PermissionError):
        return "not executable"
    return (error.strerror or str(error)).lower()


def _wait(child: process.Popen[bytes], words: Words, deadline: Deadline) -> bool:
    """Listen until it ends; say whether that was in time."""
    while not _is_over(child):
        if not deadline.left():
            return False
        _listen(words, deadline)
    words.take_the_rest()
    return True


def _listen(words: Words, deadline: Deadline) -> None:
    """Wait a moment, for its words as long as it may still say some."""
    moment = min(deadline.left(), _POLL)
    if words.are_over:
        deadline.clock.sleep(moment)
    else:
        words.listen(moment)


def _is_over(child: process.Popen[bytes]) -> bool:
    """Tell without reaping: as long as it is a zombie, nobody else gets its process group's id."""
    return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _end_group(child: process.Popen[bytes], words: Words, clock: Clock) -> None:
    """Ask the whole group to end, and end what does not: also children that outlive the first."""
    with contextlib.suppress(OSError):  # it may have become another user
        os.killpg(child.pid, signal.SIGTERM)
    deadline = Deadline.after(clock, GRACE_SECONDS)
    while deadline.left() and not (_is_over(child) and words.are_over):
        _listen(words, deadline)
    with contextlib.suppress(OSError):
        os.killpg(child.pid, signal.SIGKILL)


def _reap(child: process.Popen[bytes]) -> int | None:
    """Return its status as Popen does; None when not even SIGKILL ended it."""
    try:
        return child.wait(_UNKILLABLE_SECONDS)
    except process.TimeoutExpired:
        return None


def _verdict(status: int | None, *, in_time: bool) -> tuple[str, int | None]:
    if status is None:
        return "timed out, and could not be ended", None
    if not in_time:
        return "timed out", None
    if status < 0:
        return f"ended by {_signal_name(-status)}", None
    return "", status


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _followed(
    command: Command,
    seconds: float,
    *,
    exit_code: int | None = None,
    problem: str = "",
    said: str = "",
) -> Followed:
    return Followed(
        what=command.what,
        argv=command.argv,
        seconds=round(seconds, 3),
        exit_code=exit_code,
        problem=problem,
        said=said,
    )

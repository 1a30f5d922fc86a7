"""The processes of a node, found by their PID namespace; signalled by pid, never by name."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from cloudfail.clock import Clock


def of_namespace(first: int) -> tuple[int, ...]:
    """Return the pids, as seen here, of all processes in the PID namespace of process `first`."""
    wanted = _namespace(first)
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return tuple(pid for pid in pids if wanted and _namespace(pid) == wanted)


def command_line(pid: int) -> tuple[str, ...]:
    """Return the argv of a process; nothing when it is gone."""
    try:
        text = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ()
    return tuple(part.decode(errors="replace") for part in text.split(b"\0")[:-1])


def is_cloudfail(pid: int) -> bool:
    """Say whether the process is a cloudfail command; as a script it is its interpreter's word."""
    return any(Path(word).name == "cloudfail" for word in command_line(pid)[:2])


def children(pid: int) -> tuple[int, ...]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return ()
    return tuple(map(int, text.split()))


def descendants(pid: int) -> tuple[int, ...]:
    return tuple(p for child in children(pid) for p in (child, *descendants(child)))


def send(pids: tuple[int, ...], number: signal.Signals) -> int:
    """Signal them; return how many were still there."""
    sent = 0
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
            sent += 1
    return sent


def send_kill(pids: tuple[int, ...]) -> int:
    return send(pids, signal.SIGKILL)


def freeze(first: int, clock: Clock) -> None:
    """Stop every process of the namespace; again, until none was forked meanwhile."""
    until = clock.now() + 2.0
    while clock.now() < until:
        running = tuple(pid for pid in of_namespace(first) if _state(pid) not in "TtZX")
        if not running:
            return
        send(running, signal.SIGSTOP)
        clock.sleep(0.0005)


def _namespace(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/ns/pid").readlink())
    except OSError:
        return ""


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return "X"

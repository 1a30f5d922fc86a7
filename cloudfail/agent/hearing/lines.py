"""The lines that keepalived writes into its FIFO.

`INSTANCE "VI_1" MASTER 150`: kind, name (in quotes, nothing in it escaped), state, effective
priority (0 for a group). Each is one write(2) below PIPE_BUF, so lines never interleave, and a full
pipe loses whole lines (vrrp_notify.c `notify_fifo`, measured with 2.2.7).
"""

from __future__ import annotations

import enum
import re

import msgspec

from cloudfail.keepalived.notify import Kind
from cloudfail.line import one_line
from cloudfail.role import Role

LONGEST = 4096  # PIPE_BUF: keepalived writes no longer line
_SHOWN = 80
_KEPT = 8
_HIGHEST = 255
_LINE = re.compile(rb'(INSTANCE|GROUP) "([^\x00-\x1f\x7f]+)" ([A-Z_]+) ([0-9]{1,3})')


class State(enum.StrEnum):
    """keepalived's words.

    DELETED comes only with `notify_deleted` in the instance; without it a deleted instance is told
    as FAULT. The two of priority need `vrrp_notify_priority_changes`.
    """

    MASTER = "MASTER"
    BACKUP = "BACKUP"
    FAULT = "FAULT"
    STOP = "STOP"
    DELETED = "DELETED"
    MASTER_RX_LOWER_PRI = "MASTER_RX_LOWER_PRI"
    MASTER_PRIORITY = "MASTER_PRIORITY"
    BACKUP_PRIORITY = "BACKUP_PRIORITY"


# A deleted instance ends like a stopped one.
_ROLES = {**{State(role.value): role for role in Role}, State.DELETED: Role.STOP}


class FifoLine(msgspec.Struct, frozen=True):
    """What keepalived told of an instance or a group."""

    kind: Kind
    name: str
    state: State
    priority: int

    @property
    def role(self) -> Role | None:
        """The role that the line announces; None for one that says only something about it."""
        return _ROLES.get(self.state)


class Splitter:
    """Makes lines of what is read, however the bytes are cut. Never raises.

    A line that somebody else left without an end swallows nothing: keepalived's own, which follows
    on it, is found at its end.
    """

    def __init__(self) -> None:
        self._partial = b""
        self._junk: list[str] = []
        self._more = 0

    def feed(self, data: bytes) -> list[FifoLine]:
        """Return the lines that are whole now; the rest waits for its end."""
        *whole, self._partial = (self._partial + data).split(b"\n")
        found = [self._parsed(line[-LONGEST:]) for line in whole]
        self._partial = self._partial[-LONGEST:]
        return [line for line in found if line is not None]

    def take_rejected(self) -> list[str]:
        """Return what was no line since the last call, each fit for one line of a log.

        Some of it only, with the number of the others, when it is much.
        """
        taken, more = self._junk, self._more
        self._junk, self._more = [], 0
        return [*taken, f"and {more} more"] if more else taken

    def _parsed(self, raw: bytes) -> FifoLine | None:
        start = max(raw.rfind(b'INSTANCE "'), raw.rfind(b'GROUP "'), 0)
        line = _line(raw[start:])
        if line is None:
            self._reject(raw)
        elif start:
            self._reject(raw[:start])
        return line

    def _reject(self, raw: bytes) -> None:
        if not raw:
            return  # an empty line says nothing, not even something wrong
        if len(self._junk) == _KEPT:
            self._more += 1
            return
        text = one_line(raw[:_SHOWN].decode("utf-8", "backslashreplace"))
        self._junk.append(f"{text}..." if len(raw) > _SHOWN else text)


def _line(raw: bytes) -> FifoLine | None:
    match = _LINE.fullmatch(raw)
    if match is None:
        return None
    kind, name, state, priority = match.groups()
    try:
        line = FifoLine(Kind(kind.decode()), name.decode(), State(state.decode()), int(priority))
    except ValueError:  # a state that no keepalived says, a name that is no text
        return None
    return line if line.priority <= _HIGHEST else None

"""What a cloud can do to those who trust it."""

from __future__ import annotations

import enum


class Crash(BaseException):
    """The process died here."""


class Fault(enum.StrEnum):
    """What happens to the next call. A read takes the faults that a read can have."""

    OK = "ok"
    ERROR_BEFORE = "error-before"  # an error, nothing happened
    ERROR_AFTER = "error-after"  # an error, but it happened: the answer was lost
    CONFLICT = "conflict"  # the cloud saw another version: nothing happened
    IGNORED = "ignored"  # 200, and nothing happened
    STOLEN = "stolen"  # somebody else took it meanwhile: conflict
    TAKEN_AFTER = "taken-after"  # done, and taken away at once
    CRASH_BEFORE = "crash-before"
    CRASH_AFTER = "crash-after"
    STALE = "stale"  # a read shows the world before the last write
    STALER = "staler"  # a read shows the world three writes ago
    UNSAID = "unsaid"  # a read cannot say who holds anything


READ_FAULTS = frozenset(
    {Fault.ERROR_BEFORE, Fault.STALE, Fault.STALER, Fault.UNSAID, Fault.CRASH_BEFORE}
)
WRITE_FAULTS = frozenset(set(Fault) - {Fault.STALE, Fault.STALER, Fault.UNSAID})
WRITES_AGO = {Fault.STALE: 1, Fault.STALER: 3}

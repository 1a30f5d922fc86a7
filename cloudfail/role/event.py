"""Role events, in the order in which keepalived forked their processes."""

from __future__ import annotations

import enum
import os
import time
from pathlib import Path

import msgspec

_PROC = Path("/proc")
_PID_MAX = (1 << 15, 1 << 22)
TICKS = os.sysconf("SC_CLK_TCK")


class Role(enum.StrEnum):
    """What VRRP says that this node is."""

    MASTER = "MASTER"
    BACKUP = "BACKUP"
    FAULT = "FAULT"
    STOP = "STOP"


class Event(msgspec.Struct, frozen=True):
    """A role, and the process that keepalived started to tell it.

    keepalived starts its scripts in order and lets them overlap: the order of their starts is the
    order of the roles, whoever is scheduled first. `started` is in clock ticks since boot.
    """

    instance: str
    role: Role
    boot_id: str
    started: int
    pid: int

    @classmethod
    def of_this_process(cls, instance: str, role: Role) -> Event:
        return cls(instance, role, boot_id(), start_time(), os.getpid())

    @classmethod
    def of_process(cls, instance: str, role: Role, pid: int) -> Event:
        """Return what another process tells; one whose start nobody may read counts from now."""
        return cls(instance, role, boot_id(), start_time(pid), pid)

    def is_older_than(self, other: Event) -> bool:
        """Tell the order of two events of one instance; `other` is the one on record.

        An event is never older than a record of another boot. Within one tick (10 ms) pids
        decide, on the shorter way round, as the kernel hands them out in a circle.
        """
        if self.boot_id != other.boot_id:
            return False
        if self.started != other.started:
            return self.started < other.started
        circle = pid_circle(self.pid, other.pid)
        return 0 < (other.pid - self.pid) % circle < circle / 2


def boot_id() -> str:
    """Read the id of this boot; empty where /proc/sys is hidden (systemd's ProcSubset=pid)."""
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def start_time(pid: int | None = None) -> int:
    """Read when the kernel started a process (this one), in ticks since boot; it survives execve.

    Where nobody can tell, as without /proc: now.
    """
    started = started_at(pid)
    return int(boottime() * TICKS) if started is None else started


def started_at(pid: int | None = None) -> int | None:
    """Read it as `start_time` does; None where there is no such process, or it may not be read.

    Field 22 of /proc/PID/stat (proc(5)), counted from the last parenthesis, because the name in
    field 2 may hold parentheses and blanks.
    """
    try:
        stat = (_PROC / str(pid if pid is not None else "self") / "stat").read_bytes()
        return int(stat[stat.rindex(b")") + 1 :].split()[19])
    except (OSError, ValueError, IndexError):
        return None


def boottime() -> float:
    """Seconds since boot, suspended time included: the clock of `start_time`."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def pid_circle(*pids: int) -> int:
    """How many pids there are before the kernel starts again from the low ones."""
    try:
        return int((_PROC / "sys/kernel/pid_max").read_text())
    except (OSError, ValueError):
        return _PID_MAX[max(pids) >= _PID_MAX[0]]

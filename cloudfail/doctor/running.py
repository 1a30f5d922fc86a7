"""The keepalived that runs on this machine: its process, and what that was started with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from cloudfail.doctor.check import Machine

_PID_FILES = ("/run/keepalived.pid", "/run/keepalived/keepalived.pid", "/var/run/keepalived.pid")
_NAME = "keepalived"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_REPLACED = " (deleted)"
_STATE = "/run/cloudfail"


def running_pid(machine: Machine) -> int | None:
    """Return the process id of the running keepalived, by its pid file; None when it does not run.

    A pid file that was left behind may name a process of somebody else's by now.
    """
    for name in _PID_FILES:
        try:
            pid = int(machine.path(name).read_text())
            if Path(f"/proc/{pid}/comm").read_text().strip() == _NAME:
                return pid
        except (OSError, ValueError):
            continue
    return None


def is_replaced(pid: int) -> bool:
    """Say whether the program was upgraded since this process was started; False if not known."""
    try:
        return str(Path(f"/proc/{pid}/exe").readlink()).endswith(_REPLACED)
    except OSError:
        return False


def environment_of_keepalived(machine: Machine) -> Mapping[str, str]:
    """Return the running keepalived's environment, which its scripts inherit; else a service's."""
    pid = running_pid(machine)
    try:
        words = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") if pid else []
    except OSError:
        words = []
    pairs = [os.fsdecode(word).partition("=") for word in words if b"=" in word]
    return {name: value for name, _, value in pairs} or {"PATH": _PATH}


def state_directory(machine: Machine) -> Path:
    """Return where keepalived's scripts record the role: by its environment, not by ours."""
    return Path(environment_of_keepalived(machine).get("CLOUDFAIL_STATE_DIR") or _STATE)

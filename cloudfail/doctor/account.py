"""The user who runs keepalived's scripts: what a child process needs to be that user's."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Sequence
from typing import Any

from cloudfail import process
from cloudfail.clock import SystemClock
from cloudfail.doctor.check import Machine
from cloudfail.doctor.running import environment_of_keepalived

_UMASK = 0o177  # keepalived's, for every script it starts (lib/notify.c)


def user_and_group(machine: Machine) -> tuple[str, str]:
    """Return the two words of `script_user`; the group is empty where none is named."""
    user, _, group = machine.config.keepalived.script_user.partition(" ")
    return user, group


def is_known(user: str, group: str) -> bool:
    """Say whether there is such a user, and such a group where one is named."""
    try:
        pwd.getpwnam(user)
        return not group or bool(grp.getgrnam(group))
    except KeyError:
        return False


def may_become(user: str) -> bool:
    """Say whether this process may run something as that user, who must be known."""
    return os.geteuid() in {0, pwd.getpwnam(user).pw_uid}


def run_like_keepalived(
    machine: Machine, command: Sequence[str], seconds: float
) -> tuple[process.CompletedProcess[str], float]:
    """Run a command as keepalived would, and say how long it took.

    Its user with one group, umask, environment and directory, no terminal. Raises TimeoutExpired,
    OSError, and KeyError for a user or group that does not exist.
    """
    clock = SystemClock()
    began = clock.now()
    done = process.run(
        command,
        stdin=process.DEVNULL,
        stdout=process.DEVNULL,
        stderr=process.PIPE,
        text=True,
        errors="replace",
        check=False,
        timeout=seconds,
        cwd="/",
        env=dict(environment_of_keepalived(machine)),
        umask=_UMASK,
        **_identity(*user_and_group(machine)),
    )
    return done, clock.now() - began


def _identity(user: str, group: str) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam(user)
    gid = grp.getgrnam(group).gr_gid if group else account.pw_gid
    return {"user": account.pw_uid, "group": gid, "extra_groups": [gid]}

"""The API from where keepalived's scripts run: their user, umask, environment, no terminal."""

from __future__ import annotations

import grp
import os
import pwd
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cloudfail import process
from cloudfail.clock import SystemClock
from cloudfail.doctor.check import Case, Checks, Machine, failed, ok, warning
from cloudfail.doctor.installed import running_pid
from cloudfail.keepalived.command import Effect, examine

_UMASK = 0o177  # keepalived's, for every script it starts (lib/notify.c)
_SOON = 2.0
_PATIENCE = 20.0
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_UNSAFE = frozenset({Effect.DROPPED, Effect.FAILS, Effect.UNSAFE})


def check_script_user(case: Case) -> Checks:
    """Run the installed command as keepalived would, and time its way to the API and back."""
    machine, name = case.machine, case.instance.name
    settings = machine.config.keepalived
    subject = f"{name}: {settings.command} as {settings.script_user}"
    if not case.instance.claims:
        return
    user, _, group = settings.script_user.partition(" ")
    weak = [w for w in examine(settings.command, user, group) if w.effect in _UNSAFE]
    if weak:
        for weakness in weak:
            yield failed(subject, weakness.message, weakness.remedy)
        return
    if not _may_become(user):
        yield warning(subject, "not tried: only root can become another user", "run it as root")
        return
    yield from _try(case, subject, user, group)


def _try(case: Case, subject: str, user: str, group: str) -> Checks:
    machine = case.machine
    command = [machine.config.keepalived.command, "status", "--instance", case.instance.name]
    if machine.config.path is not None:
        command += ["--config", str(machine.config.path)]
    clock = SystemClock()
    began = clock.now()
    try:
        done = process.run(
            command,
            stdin=process.DEVNULL,
            stdout=process.DEVNULL,
            stderr=process.PIPE,
            text=True,
            errors="replace",
            check=False,
            timeout=_PATIENCE,
            cwd="/",
            env=dict(environment_of_keepalived(machine)),
            umask=_UMASK,
            **_identity(user, group),
        )
    except process.TimeoutExpired:
        yield failed(subject, f"no answer within {_PATIENCE:g} s", _REMEDY)
        return
    took = clock.now() - began
    if done.returncode:
        said = done.stderr.strip().splitlines()
        why = said[-1] if said else f"exit code {done.returncode}"
        yield failed(subject, f"`{shlex.join(command)}` failed: {why}", _REMEDY)
    elif took > _SOON:
        yield warning(subject, f"the API answered after {took:.1f} s", _REMEDY)
    else:
        yield ok(subject, f"the API answered after {took:.1f} s")


_REMEDY = "look for a proxy, DNS or credentials that only your own login has"


def environment_of_keepalived(machine: Machine) -> Mapping[str, str]:
    """Return the running keepalived's environment, which its scripts inherit; else a service's."""
    pid = running_pid(machine)
    try:
        words = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") if pid else []
    except OSError:
        words = []
    pairs = [os.fsdecode(word).partition("=") for word in words if b"=" in word]
    return {name: value for name, _, value in pairs} or {"PATH": _PATH}


def _may_become(user: str) -> bool:
    return os.geteuid() == 0 or pwd.getpwuid(os.geteuid()).pw_name == user


def _identity(user: str, group: str) -> dict[str, Any]:
    """Return what makes a child that user's, with one group alone, as keepalived does."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam(user)
    gid = grp.getgrnam(group).gr_gid if group else account.pw_gid
    return {"user": account.pw_uid, "group": gid, "extra_groups": [gid]}

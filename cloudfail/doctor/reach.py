"""The API from where keepalived's scripts run: their user, umask, environment, no terminal."""

from __future__ import annotations

import functools
import os
import shlex
from pathlib import Path

from cloudfail import process
from cloudfail.config import DEFAULT_PATH
from cloudfail.doctor.account import is_known, may_become, run_like_keepalived, user_and_group
from cloudfail.doctor.check import Case, Check, Checks, Machine, failed, ok, warning
from cloudfail.doctor.running import environment_of_keepalived, state_directory
from cloudfail.keepalived.command import Effect, Weakness, examine
from cloudfail.role.directory import StateDirectory

_SOON = 2.0
_GRACE = 10.0  # over the deadline that the command is given: it says better than we what hangs
_SECONDS = 5.0
_UNSAFE = frozenset({Effect.DROPPED, Effect.FAILS, Effect.UNSAFE})
_REMEDY = (
    "if the lines above are fine, then your own login has a proxy, DNS or credentials that "
    "keepalived's scripts do not have"
)


def check_command(machine: Machine) -> Checks:
    """Examine the installed command as keepalived would, and what it imports."""
    command = machine.config.keepalived.command
    weak = list(_weaknesses(machine, command))
    yield from weak
    if not weak:
        yield ok(command, f"is safe to run as {machine.config.keepalived.script_user}")


def check_hooks(machine: Machine) -> Checks:
    """Hooks run as the script user, too, though not by keepalived."""
    members = machine.site.members if machine.site else ()
    commands = {shlex.join(hook.command) for one in members for hook in one.instance.vrrp.hooks}
    weak = [check for command in sorted(commands) for check in _weaknesses(machine, command)]
    yield from weak
    if commands and not weak:
        yield ok("hooks", f"{len(commands)} commands, each safe to run")


def check_directories(machine: Machine) -> Checks:
    """Journal and roles are written by the script user; without them nothing is known afterwards."""
    user, group = user_and_group(machine)
    if not is_known(user, group):
        return  # which check_command has said
    if not may_become(user):
        for what in ("journal", "roles"):
            yield warning(what, f"not tried: only root can become {user}", "run it as root")
        return
    journal = machine.config.journal.path
    yield _writable(machine, "journal", journal if journal.exists() else journal.parent)
    state = state_directory(machine)
    refused = _refused(state)
    yield failed("roles", refused) if refused else _writable(machine, "roles", state)


def _writable(machine: Machine, what: str, path: Path) -> Check:
    user, _ = user_and_group(machine)
    place = _existing(path)
    done, _ = run_like_keepalived(machine, ["/usr/bin/test", "-w", str(place)], _SECONDS)
    if done.returncode == 0:
        return ok(what, f"{user} may write into {place}")
    remedy = f"chown {user} {place}" if place == path else "systemd-tmpfiles --create"
    return failed(what, f"{user} may not write into {place}", remedy)


def check_script_user(case: Case) -> Checks:
    """Run the installed command as keepalived would, and time its way to the API and back."""
    machine = case.machine
    user, _ = user_and_group(machine)
    command = machine.config.keepalived.command
    subject = f"{command} as {user}"
    if not case.instance.claims or list(_weaknesses(machine, command)):
        return  # which check_command has said
    if not may_become(user):
        yield warning(subject, "not tried: only root can become another user", "run it as root")
        return
    yield from _config_they_read(machine)
    words = [command, "status", "--instance", case.instance.name]
    words += ["--deadline", f"{case.deadline:g}"]
    try:
        done, took = run_like_keepalived(machine, words, case.deadline + _GRACE)
    except process.TimeoutExpired as error:
        yield failed(subject, f"no answer within {error.timeout:g} s", _REMEDY)
        return
    if done.returncode:
        said = done.stderr.strip().splitlines()
        why = said[-1] if said else f"exit code {done.returncode}"
        yield failed(subject, f"`{shlex.join(words)}` failed: {why}", _REMEDY)
    elif took > _SOON:
        yield warning(subject, f"the API answered after {took:.1f} s, not within 2 s", _REMEDY)
    else:
        yield ok(subject, f"the API answered after {took:.1f} s")


def _weaknesses(machine: Machine, command: str) -> Checks:
    """What others than root see is not what keepalived sees: a warning then."""
    user, group = user_and_group(machine)
    security = machine.config.keepalived.enable_script_security
    say = failed if os.geteuid() == 0 else warning
    for weakness in _examined(command, user, group, security, machine.root):
        if weakness.effect in _UNSAFE:
            yield say(shlex.split(command)[0], weakness.message, weakness.remedy)


@functools.lru_cache(maxsize=64)
def _examined(
    command: str,
    user: str,
    group: str,
    security: bool,  # noqa: FBT001 - part of the cache's key
    root: Path,
) -> tuple[Weakness, ...]:
    """Everything that a Python imports is looked at: once is enough."""
    return examine(command, user, group, script_security=security, root=root)


def _config_they_read(machine: Machine) -> Checks:
    """The generated notify lines name no file: the usual one counts, or keepalived's variable."""
    theirs = environment_of_keepalived(machine).get("CLOUDFAIL_CONFIG") or str(DEFAULT_PATH)
    ours = machine.config.path
    if ours is not None and ours.resolve() != Path(theirs).resolve():
        yield failed(
            "configuration",
            f"{ours} was looked at, and keepalived's scripts read {theirs}",
            f"install it as {theirs}",
        )


def _refused(directory: Path) -> str:
    """Say why no role is kept there, though it could be written: others can write, too."""
    try:
        with StateDirectory(directory).opened():
            return ""
    except FileNotFoundError:
        return ""
    except OSError as error:
        return str(error)


def _existing(path: Path) -> Path:
    """Return the directory, or the nearest one above it in which it would be made."""
    return next(one for one in (path, *path.parents) if one.exists())

"""May others than root change what root runs? keepalived's rule, and the stricter one for imports."""

from __future__ import annotations

import grp
import pwd
import shlex
import stat
from collections.abc import Callable, Iterable

import msgspec

from cloudfail.keepalived.command.tree import Step, Tree
from cloudfail.keepalived.command.weakness import Code, Effect, Weakness


class Fault(msgspec.Struct, frozen=True):
    """Why an object is not root's alone."""

    code: Code
    path: str
    message: str
    remedy: str

    def weakness(self, effect: Effect, code: Code | None = None, before: str = "") -> Weakness:
        """Return it as what it means for a command; `before` says what the object is for it."""
        return Weakness(
            code=code or self.code,
            effect=effect,
            path=self.path,
            message=f"{before}{self.message}",
            remedy=self.remedy,
        )


def fault_of(step: Step, *, sticky: bool = True) -> Fault | None:
    """Return what is wrong with one object, by keepalived's rule (lib/notify.c, check_security).

    `sticky`: a directory with the sticky bit may be writable, as for keepalived. False where a
    new name in it is as bad as a changed one: Python imports what it finds.
    """
    path, mode = step.path, step.status.st_mode
    if not step.status.st_uid and not mode & (stat.S_IWGRP | stat.S_IWOTH):
        return None  # by far the most
    quoted = shlex.quote(path)
    if step.status.st_uid:
        owner = _name(pwd.getpwuid, step.status.st_uid)
        return Fault(
            Code.NOT_ROOT_OWNED,
            path,
            f"{path} belongs to {owner}, not to root",
            f"`chown -h root {quoted}`",
        )
    if stat.S_ISLNK(mode) or (sticky and stat.S_ISDIR(mode) and mode & stat.S_ISVTX):
        return None
    shown = f"mode {stat.S_IMODE(mode):04o}"
    if step.status.st_gid and mode & stat.S_IWGRP:
        group = _name(grp.getgrgid, step.status.st_gid)
        return Fault(
            Code.GROUP_WRITABLE,
            path,
            f"{path} is writable by group {group} ({shown})",
            f"`chmod g-w {quoted}`",
        )
    if mode & stat.S_IWOTH:
        return Fault(
            Code.WORLD_WRITABLE,
            path,
            f"{path} is writable by everybody ({shown})",
            f"`chmod o-w {quoted}`",
        )
    return None


def faults_of(steps: Iterable[Step]) -> tuple[Fault, ...]:
    return tuple(fault for step in steps if (fault := fault_of(step)))


def way_faults(tree: Tree, path: str) -> tuple[Fault, ...]:
    """Return the faults of every directory, link and file on the way to `path`.

    Of a path that ends nowhere: also whether others could make it, in the last directory there is.
    """
    way = tree.walk(path)
    found = faults_of(dict.fromkeys(way.steps))
    if not way.error or not stat.S_ISDIR(way.status.st_mode):
        return found
    made = fault_of(way.last, sticky=False)
    return (*found, made) if made and made not in found else found


def _name(find: Callable[[int], tuple[object, ...]], number: int) -> str:
    try:
        return f"{find(number)[0]} ({number})"
    except (KeyError, OverflowError):
        return str(number)

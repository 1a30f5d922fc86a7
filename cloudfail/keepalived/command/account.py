"""Who runs a script: the user and group of its line, or keepalived's default."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import stat
from pathlib import Path

import msgspec

from cloudfail.keepalived.command.weakness import Code, Effect, Weakness

_SETUID = stat.S_ISUID | stat.S_IXUSR
_SETGID = stat.S_ISGID | stat.S_IXGRP
DEFAULT_USER = "keepalived_script"


class Account(msgspec.Struct, frozen=True):
    """A script runs with one group only: keepalived sets no supplementary ones."""

    name: str
    uid: int
    gid: int
    home: str = "/"

    def may_execute(self, status: os.stat_result) -> bool:
        """Say whether the mode lets it run the file (or search the directory)."""
        if self.uid == 0:
            return bool(status.st_mode & 0o111)
        return bool(status.st_mode & self._bits(status) & 0o111)

    def may_search(self, status: os.stat_result) -> bool:
        return self.uid == 0 or self.may_execute(status)

    def may_read(self, status: os.stat_result) -> bool:
        return self.uid == 0 or bool(status.st_mode & self._bits(status) & 0o444)

    def is_privileged(self, status: os.stat_result) -> bool:
        """Say whether keepalived protects the file: root's uid or gid runs it, or it is setuid."""
        mode = status.st_mode
        return (
            self.uid == 0
            or self.gid == 0
            or (status.st_uid == 0 and mode & _SETUID == _SETUID)
            or (status.st_gid == 0 and mode & _SETGID == _SETGID)
        )

    def _bits(self, status: os.stat_result) -> int:
        if self.uid == status.st_uid:
            return stat.S_IRWXU
        return stat.S_IRWXG if self.gid == status.st_gid else stat.S_IRWXO


ROOT = Account("root", 0, 0, "/root")


def account_of(
    user: str, group: str = "", *, script_security: bool = True, root: Path = Path("/")
) -> Account | Weakness:
    """Return who runs the script, or why keepalived drops it. Names only, as keepalived.

    No user is keepalived's default: keepalived_script where it exists, else root, or with
    enable_script_security nobody at all.
    """
    found = _user(user or DEFAULT_USER, root)
    if found is None and user:
        return _dropped(
            Code.USER_UNKNOWN,
            f'there is no user "{user}" (words outside the quotes are taken as user and group)',
            "create the user, or put the whole command into one pair of quotes",
        )
    if found is None and script_security:
        return _dropped(
            Code.NO_DEFAULT_USER,
            f"no user is given, and the default {DEFAULT_USER} does not exist",
            "add `script_user root` to global_defs",
        )
    account = found or ROOT
    if not group:
        return account
    gid = _gid(group, root)
    if gid is None:
        return _dropped(
            Code.GROUP_UNKNOWN, f'there is no group "{group}"', "create it, or leave it out"
        )
    return msgspec.structs.replace(account, gid=gid)


def _dropped(code: Code, message: str, remedy: str) -> Weakness:
    return Weakness(code=code, effect=Effect.DROPPED, path="", message=message, remedy=remedy)


def _user(name: str, root: Path) -> Account | None:
    if root == Path("/"):
        with contextlib.suppress(KeyError, ValueError):
            found = pwd.getpwnam(name)
            return Account(name, found.pw_uid, found.pw_gid, found.pw_dir)
        return None
    for fields in _lines(root / "etc/passwd", 7):
        if fields[0] == name and fields[2].isdecimal() and fields[3].isdecimal():
            return Account(name, int(fields[2]), int(fields[3]), fields[5])
    return ROOT if name == ROOT.name else None


def _gid(name: str, root: Path) -> int | None:
    if root == Path("/"):
        with contextlib.suppress(KeyError, ValueError):
            return grp.getgrnam(name).gr_gid
        return None
    for fields in _lines(root / "etc/group", 4):
        if fields[0] == name and fields[2].isdecimal():
            return int(fields[2])
    return 0 if name == ROOT.name else None


def _lines(path: Path, width: int) -> list[list[str]]:
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return []
    return [fields for line in text.splitlines() if len(fields := line.split(":")) == width]

"""Whose FIFO it is, and who reads it: what is said when it cannot be used."""

from __future__ import annotations

import os
import pwd
import stat
from pathlib import Path

from cloudfail.errors import ConfigError

_LOCKS = Path("/proc/locks")
_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_NAMES = {
    stat.S_IFREG: "a file",
    stat.S_IFDIR: "a directory",
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFSOCK: "a socket",
}


def check(path: Path, status: os.stat_result) -> None:
    """Raises ConfigError for what is no FIFO, belongs to another user, or lets others write.

    As root, root's own is taken, and that of the user whose directory it lies in. Who can write
    into it can tell that this node is master.
    """
    if not stat.S_ISFIFO(status.st_mode):
        what = _NAMES.get(stat.S_IFMT(status.st_mode), "something else")
        raise ConfigError(f"{path} is {what}, no FIFO: remove it, and a FIFO is made in its place")
    if status.st_uid not in _owners(path):
        me = user_name(os.geteuid())
        raise ConfigError(
            f"{path} belongs to user {user_name(status.st_uid)}, and this is user {me}: chown {me} "
            f"it, and let keepalived.conf say `vrrp_notify_fifo {path} {me}`"
        )
    if status.st_mode & _OTHERS:
        raise ConfigError(f"{path} can be written by other users: chmod 0600 it")


def reader_of(status: os.stat_result) -> str:
    """Name the process that holds the lock, by /proc/locks (proc(5)); where it is hidden: another."""
    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}"
    there = f"{device}:{status.st_ino}"
    try:
        lines = _LOCKS.read_text(encoding="ascii").splitlines()
    except OSError:
        lines = []
    for line in lines:
        words = line.split()
        if words[1] == "FLOCK" and words[5] == there:
            return f"process {words[4]}"
    return "another process"


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _owners(path: Path) -> set[int]:
    me = os.geteuid()
    return {me} if me else {me, path.parent.stat().st_uid}

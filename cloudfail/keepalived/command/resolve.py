"""From argv[0] to the file that keepalived executes (`lib/notify.c`, 2.2.7).

keepalived resolves links when it reads its configuration, and executes the target. Where the base
name of the link differs, the target's directory is looked at for a file of the link's name: only if
that is the same file is the name kept.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from pathlib import Path

import msgspec

from cloudfail.keepalived.command.account import ROOT, Account
from cloudfail.keepalived.command.tree import Tree, Way
from cloudfail.keepalived.command.weakness import Code, Effect, Weakness

# systemd's default for a service; where PATH is unset, keepalived uses the shorter confstr(_CS_PATH).
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Resolved(msgspec.Struct, frozen=True):
    """`path` is what is executed, and becomes argv[0]; `real` is the file itself, without links.

    `written` is the path before links were followed, `searched` the directories of PATH that were
    looked through for a bare name, the one of the hit last.
    """

    path: str
    real: str
    written: str
    status: os.stat_result
    way: Way
    searched: tuple[str, ...] = ()


def resolve(
    argv0: str,
    path: str = DEFAULT_PATH,
    *,
    account: Account = ROOT,
    symlink_paths: bool = False,
    root: Path = Path("/"),
) -> Resolved | Weakness:
    """Return the file, or why keepalived drops the script.

    `symlink_paths` is the option `use_symlink_paths` (2.3.0 and newer): the link is executed.
    A relative path is taken from `/`, where the daemon runs.
    """
    tree = Tree.at(root)
    searched: tuple[str, ...] = ()
    written = argv0
    if "/" not in argv0:
        searched = search(tree, argv0, path, account)
        if not searched:
            return _missing(argv0, f"{argv0!r} is nowhere in PATH ({path})")
        written = posixpath.join(searched[-1], argv0)
    way = tree.walk(written, account)
    if way.error == errno.EACCES:
        return _unreachable(written, way, account)
    if way.error:
        return _missing(written, f"{written} cannot be found: {os.strerror(way.error)}")
    executed = written if symlink_paths else _executed(tree, written, way)
    return Resolved(executed, way.real, written, way.status, way, searched)


def search(tree: Tree, name: str, path: str, account: Account) -> tuple[str, ...]:
    """Return the directories of PATH that exist, up to the one with the program; () without it."""
    seen: list[str] = []
    if not name:
        return ()
    for directory in path.split(":"):
        if not directory.startswith("/") or tree.walk(directory, account).error:
            continue
        seen.append(directory)
        way = tree.walk(posixpath.join(directory, name), account)
        if way.error or not stat.S_ISREG(way.status.st_mode):
            continue
        if account.may_execute(way.status):
            return tuple(seen)
    return ()


def _executed(tree: Tree, written: str, way: Way) -> str:
    name = posixpath.basename(written)
    beside = posixpath.join(posixpath.dirname(way.real), name)
    if not name or beside == way.real:
        return way.real
    other = tree.walk(beside)
    same = not other.error and os.path.samestat(other.status, way.status)
    return beside if same else way.real


def _missing(path: str, message: str) -> Weakness:
    return Weakness(
        code=Code.MISSING,
        effect=Effect.DROPPED,
        path=path,
        message=message,
        remedy="install it, or correct the path; keepalived runs on without the script",
    )


def _unreachable(path: str, way: Way, account: Account) -> Weakness:
    closed = way.last.path
    return Weakness(
        code=Code.UNREACHABLE_FOR_USER,
        effect=Effect.DROPPED,
        path=path,
        message=f"{account.name} cannot reach {path}: {closed} is closed to it",
        remedy=f"let {account.name} search {closed}, put the script elsewhere, or run it as root",
    )

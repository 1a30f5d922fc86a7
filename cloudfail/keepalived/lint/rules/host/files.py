"""Files that keepalived.conf names: FIFOs, tracked files, keys."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from cloudfail.keepalived.command import Weakness
from cloudfail.keepalived.command.account import Account, account_of
from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import ERROR, INFO, WARNING, Hit, HostRule
from cloudfail.keepalived.lint.rules.host.examined import default_account
from cloudfail.keepalived.syntax import Statement
from cloudfail.keepalived.version import Version

_OWNED_FIFO = Version(2, 4)
_HMAC = Version(2, 4)
_FIFOS = ("vrrp_notify_fifo", "notify_fifo", "lvs_notify_fifo")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def _fifos(conf: NodeConf) -> Iterator[Statement]:
    for keyword in _FIFOS:
        line = conf.get_global(keyword)
        if line is not None and line.value.startswith("/"):
            yield line


def _foreign_fifo(conf: NodeConf, version: Version, root: Path) -> Iterator[Hit]:
    for line in _fifos(conf) if version >= _OWNED_FIFO else ():
        found = _status(root, line.value)
        owner = _owner(conf, line, root)
        if found is None or not stat.S_ISFIFO(found.st_mode) or isinstance(owner, Weakness):
            continue
        if found.st_uid not in (0, owner.uid):
            yield Hit(
                line.place,
                f"{line.value} belongs to uid {found.st_uid}, neither to root nor to {owner.name}",
            )


def _no_fifo(conf: NodeConf, version: Version, root: Path) -> Iterator[Hit]:
    del version
    for line in _fifos(conf):
        found = _status(root, line.value)
        if found is not None and not stat.S_ISFIFO(found.st_mode):
            yield Hit(line.place, f"{line.value} is there, and is no FIFO")
        elif found is None and not _is_directory(root, line.value):
            yield Hit(line.place, f"{line.value}: there is no such directory to make it in")


def _fifo_user(conf: NodeConf, version: Version, root: Path) -> Iterator[Hit]:
    del version
    for line in _fifos(conf):
        owner = _owner(conf, line, root)
        if len(line.args) > 1 and isinstance(owner, Weakness):
            yield Hit(line.place, f"{line.keyword}: {owner.message.partition(' (')[0]}")


def _owner(conf: NodeConf, line: Statement, root: Path) -> Account | Weakness:
    user, group = (*line.args[1:3], "", "")[:2]
    return account_of(user, group, root=root) if user else default_account(conf, root)


def _no_directory(conf: NodeConf, version: Version, root: Path) -> Iterator[Hit]:
    del version
    for name, line in _tracked(conf):
        if not _is_directory(root, line.value):
            yield Hit(line.place, f"{name}: the directory of {line.value} is not there")


def _no_file(conf: NodeConf, version: Version, root: Path) -> Iterator[Hit]:
    del version
    for name, line in _tracked(conf):
        if _is_directory(root, line.value) and _status(root, line.value) is None:
            yield Hit(line.place, f"{name}: {line.value} is not there")


def _tracked(conf: NodeConf) -> Iterator[tuple[str, Statement]]:
    """Files that keepalived does not make itself."""
    for block in conf.track_files:
        line = block.first("file")
        if line is not None and line.value.startswith("/") and not block.has("init_file"):
            yield block.value, line


def _open_key(conf: NodeConf, version: Version, root: Path) -> Iterator[Hit]:
    for instance in conf.instances if version >= _HMAC else ():
        for block in instance.all("auth_hmac"):
            for line in block.find("key"):
                path = line.args[1].removeprefix("file:") if len(line.args) > 1 else ""
                found = _status(root, path) if path.startswith("/") else None
                if found is not None and found.st_mode & _OTHERS:
                    mode = stat.S_IMODE(found.st_mode)
                    yield Hit(line.place, f"{path} has mode {mode:04o}: others may read the key")


def _status(root: Path, path: str) -> os.stat_result | None:
    try:
        return (root / path.lstrip("/")).stat()
    except (OSError, ValueError):
        return None


def _is_directory(root: Path, path: str) -> bool:
    found = _status(root, path.rpartition("/")[0] or "/")
    return found is not None and stat.S_ISDIR(found.st_mode)


def _fifo(rest: str = "") -> str:
    return f"global_defs {{\n  vrrp_notify_fifo /run/cloudfail/vrrp.fifo {rest}".rstrip() + "\n}\n"


_BRAKE = "track_file brake {\n  file /run/cloudfail/brake\n}\n"
_KEY = "vrrp_instance VI_1 {\n  auth_hmac {\n    key 1 file:/etc/keepalived/hmac.key\n  }\n}\n"

RULES = (
    HostRule(
        code="KA214",
        title="A FIFO of somebody else's",
        severity=ERROR,
        why="From 2.4.0 on keepalived uses a FIFO that exists only if root or the user of its line owns "
        "it: `is not a fifo we own - not using`. No event reaches the reader.",
        remedy="name its owner behind the path, or let the owner of the file be that of the line",
        example=_fifo("root root"),
        version=_OWNED_FIFO,
        check=_foreign_fifo,
    ),
    HostRule(
        code="KA215",
        title="No FIFO can be there",
        severity=ERROR,
        why="Without the directory: `Unable to create vrrp_notify fifo`, and keepalived runs on without. "
        "Where a file has its name, events are written into that file, from its first byte on, and no "
        "reader is told (both measured with 2.2.7).",
        remedy="make the directory at boot, by tmpfiles.d beneath /run; remove what has the FIFO's name",
        example=_fifo("root root"),
        check=_no_fifo,
    ),
    HostRule(
        code="KA216",
        title="A FIFO of a user that is not there",
        severity=ERROR,
        why="`Invalid user/group for vrrp_ fifo (null) - ignoring`: keepalived runs on without the FIFO "
        "(measured with 2.2.7).",
        remedy="create the user, or write one that is there",
        example=_fifo("cloudfall"),
        repaired=_fifo("root"),
        check=_fifo_user,
    ),
    HostRule(
        code="KA217",
        title="A tracked file without its directory",
        severity=WARNING,
        why="`Track file directory for brake does not exist - removing`: what is written to the file later "
        "has no effect until keepalived is reloaded (measured with 2.2.7).",
        remedy="make the directory before keepalived starts, by tmpfiles.d beneath /run",
        example=_BRAKE,
        check=_no_directory,
    ),
    HostRule(
        code="KA218",
        title="A tracked file that is not there yet",
        severity=INFO,
        why="It counts as 0 until somebody writes a number to it; keepalived sees that at once (measured with "
        "2.2.7).",
        remedy="create it with 0 in it, or add init_file",
        example=_BRAKE,
        check=_no_file,
    ),
    HostRule(
        code="KA219",
        title="A key that others may read",
        severity=WARNING,
        why="Who knows the key of auth_hmac can take the role away. keepalived 2.4 warns of a file that "
        "its group or others may read, and uses it.",
        remedy="chmod 0600 the file, owner root",
        example=_KEY,
        version=Version(2, 4, 2),
        check=_open_key,
    ),
)

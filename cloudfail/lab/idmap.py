"""The ids that an ordinary user may map, and what is missing when there are none."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path

import msgspec

from cloudfail.errors import ConfigError

NEEDED = 1000  # keepalived sets groups and users: one mapped id would not do


class Ranges(msgspec.Struct, frozen=True, kw_only=True):
    """Own id -> 0, a subordinate range -> 1 and up; the arguments of newuidmap and newgidmap."""

    uid: int
    gid: int
    uids: tuple[int, int]
    gids: tuple[int, int]

    @property
    def uid_map(self) -> list[str]:
        return _words(self.uid, self.uids)

    @property
    def gid_map(self) -> list[str]:
        return _words(self.gid, self.gids)


def _words(own: int, borrowed: tuple[int, int]) -> list[str]:
    first, count = borrowed
    return ["0", str(own), "1", "1", str(first), str(count)]


def of_this_user(subuid: Path = Path("/etc/subuid"), subgid: Path = Path("/etc/subgid")) -> Ranges:
    """Find what this user may map. Raises ConfigError that names the package or line missing."""
    for tool in ("newuidmap", "newgidmap"):
        if shutil.which(tool) is None:
            raise ConfigError(
                f"{tool} is missing, and an ordinary user's lab needs it: install the package "
                "uidmap, run the lab as root, or `lab run` with --simulate"
            )
    uid, gid = os.getuid(), os.getgid()
    name = _user_name(uid)
    return Ranges(
        uid=uid, gid=gid, uids=_granted(subuid, name, uid), gids=_granted(subgid, name, uid)
    )


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _granted(table: Path, name: str, uid: int) -> tuple[int, int]:
    for line in table.read_text().splitlines() if table.exists() else ():
        who, _, rest = line.partition(":")
        first, _, count = rest.partition(":")
        if who in {name, str(uid)} and count.isdigit() and int(count) >= NEEDED:
            return int(first), int(count)
    grant = "--add-subuids" if table.name == "subuid" else "--add-subgids"
    raise ConfigError(
        f"{table} grants {name} no range of {NEEDED} ids: as root, `usermod {grant} "
        f"100000-165535 {name}`; or run the lab as root, or `lab run` with --simulate"
    )

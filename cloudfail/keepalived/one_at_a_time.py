"""`flock` before the command that keepalived runs for each lower advert.

keepalived starts one process an advert: ten a second for as long as a one-way partition lasts at
0.1 s, hundreds at once when a frozen machine goes on and reads what came meanwhile. Each but the
first would say what that one does not know yet; flock(1) ends it in a thousandth of a second, and
leaves no trace of it. So the first lets go, and looks for the last time a settled second after that:
whatever was ended meanwhile is looked at as late as if it had run, and what comes later runs itself.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

_FLOCK = "/usr/bin/flock"
_OPTIONS = ("-n", "-F", "-E", "0")  # util-linux 2.32: never wait, become the command, 0 if it runs
_END = ".lower-advert"
# Where the script's user can make a file, and nobody of less power put another in its place.
_BEGINNINGS = {"root": "/run/cloudfail-", "cloudfail": "/run/cloudfail/"}
_OPEN_FILES = Path("/proc/self/fd")
_REMOVED = " (deleted)"  # proc(5), of a file that was removed meanwhile


def words(user: str, instance: str) -> tuple[str, ...]:
    """Return what to write before the command; nothing for a user of whom no directory is known."""
    if user not in _BEGINNINGS:
        return ()
    return (_FLOCK, *_OPTIONS, f"{_BEGINNINGS[user]}{instance}{_END}")


def without(argv: Sequence[str]) -> tuple[str, ...]:
    """Return the command itself."""
    before = len(_OPTIONS) + 2
    is_locked = PurePosixPath(argv[0]).name == "flock" and tuple(argv[1 : before - 1]) == _OPTIONS
    return tuple(argv[before:] if is_locked and len(argv) > before else argv)


def let_go() -> bool:
    """Let the next lower advert start a process; say whether this one kept it from that so far."""
    is_held = False
    with suppress(OSError):
        for file in _OPEN_FILES.iterdir():
            with suppress(OSError):
                # PTH115: a quarter of Path's time
                if os.readlink(file).removesuffix(_REMOVED).endswith(_END):  # noqa: PTH115
                    os.close(int(file.name))
                    is_held = True
    return is_held

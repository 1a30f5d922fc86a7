"""Set the process's world up: keepalived starts scripts with somebody else's.

keepalived 2.2.7 gives its scripts umask 0177 (a directory made under it cannot be entered), its
own environment (HOME of another user, perhaps no PATH), /dev/null as standard streams, and its
own working directory (lib/notify.c).
"""

from __future__ import annotations

import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def prepare() -> None:
    """Make umask, PATH, HOME, working directory and standard streams usable."""
    os.umask(0o022)
    _open_streams()
    if not os.environ.get("PATH"):
        os.environ["PATH"] = SEARCH_PATH
    if not _is_own(os.environ.get("HOME", "")):
        os.environ["HOME"] = _home()
    try:
        os.getcwd()  # noqa: PTH109 - pathlib would be imported for this alone
    except OSError:
        os.chdir("/")


def silence(stream: TextIO) -> None:
    """Throw away what a stream still holds: Python would try again at its end, and exit 120."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)
    stream.flush()


def _open_streams() -> None:
    """A closed stream would give its number to the next socket, and Python None to print to."""
    for number, name, flags in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, flags, closefd=False))
    # A name that the locale cannot write must not end a promotion.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _is_own(home: str) -> bool:
    """A directory of the user this process runs as; credentials are looked for beneath it."""
    try:
        return bool(home) and os.stat(home).st_uid == os.geteuid()  # noqa: PTH116
    except OSError:
        return False


def _home() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return "/"

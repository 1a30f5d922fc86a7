"""The socket's place in the file system: made whole, at once, and never another's."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from pathlib import Path

from cloudfail.errors import ConfigError

_BACKLOG = 1024
_MODE = 0o660
_PROBE_SECONDS = 0.5


def listen(path: Path) -> socket.socket:
    """Listen at a path; what a dead agent left there is replaced.

    The socket is for its owner and the group of its directory, from the first moment on. Raises
    ConfigError when something else is there, or another agent answers.
    """
    try:
        _check_place(path)
        return _listen(path)
    except OSError as error:
        raise ConfigError(
            f"agent.socket {path}: {error.strerror or error}; its directory has to exist, and to "
            "be writable for the agent"
        ) from error


def inode(path: Path) -> tuple[int, int] | None:
    """Say which file is there; None when there is none, or nobody may know."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _check_place(path: Path) -> None:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(status.st_mode):
        raise ConfigError(f"agent.socket {path} is there, and is no socket; remove it")
    if _is_answered(path):
        raise ConfigError(
            f"agent.socket {path}: another agent answers there; end it, or name another socket"
        )


def _is_answered(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PROBE_SECONDS)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return False
        except (BlockingIOError, TimeoutError):
            return True  # so many ask that one more has to wait
    return True


def _listen(path: Path) -> socket.socket:
    """Rename it to its place when it is ready: nobody meets one that is open to others, or deaf."""
    fresh = path.with_name(f".{os.getpid()}")
    fresh.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        listener.bind(str(fresh))
        fresh.chmod(_MODE)
        with contextlib.suppress(PermissionError):
            os.chown(fresh, -1, path.parent.stat().st_gid)
        listener.listen(_BACKLOG)
        fresh.rename(path)
    except BaseException:
        listener.close()
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise
    return listener

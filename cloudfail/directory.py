"""Directories and files with an exact mode and owner: keepalived starts commands under umask 0177."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path


def make_directory(path: Path, mode: int) -> None:
    """Make the directory and its missing parents, each with `mode`, whatever the umask.

    Nobody sees it with the mode that the umask would give (0600 under keepalived: not to be
    entered). What exists stays as it is; only a directory that is still empty may be replaced by
    another process that makes it at the same moment. Raises OSError.
    """
    if path.is_dir():
        return
    make_directory(path.parent, mode)
    draft = path.with_name(f".{path.name}.{threading.get_native_id()}")
    with contextlib.suppress(FileNotFoundError):
        draft.rmdir()  # a process of that number died here
    draft.mkdir()
    try:
        draft.chmod(mode)
        draft.rename(path)
    except OSError:
        draft.rmdir()
        if not path.is_dir():
            raise


def give_to_owner(fd: int, directory: os.stat_result) -> None:
    """As root, give a new file to the user that its directory was given to: the agent's.

    Otherwise what root's one-shot makes could not be written by the agent. Raises OSError.
    """
    if os.geteuid() == 0 and os.fstat(fd).st_uid != directory.st_uid:
        os.fchown(fd, directory.st_uid, directory.st_gid)

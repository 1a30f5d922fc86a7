"""Directories made with an exact mode: keepalived starts commands under umask 0177."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def make_directory(path: Path, mode: int) -> None:
    """Make the directory and its missing parents, each with `mode`, whatever the umask.

    Nobody sees it with the mode that the umask would give (0600 under keepalived: not to be
    entered). What exists stays as it is. Raises OSError.
    """
    if path.is_dir():
        return
    make_directory(path.parent, mode)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.mkdir()
    try:
        draft.chmod(mode)
        draft.rename(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.rmdir()
        if not path.is_dir():
            raise

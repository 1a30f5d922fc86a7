"""Reading the journal, whatever state a crash or a full disk left it in."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from cloudfail.journal.entry import Entry, decode
from cloudfail.journal.file import rotated


class Reading(msgspec.Struct, frozen=True):
    """The entries, oldest first, and how many lines were torn or garbage."""

    entries: tuple[Entry, ...]
    skipped: int = 0


def read(path: Path, *, instance: str | None = None, limit: int | None = None) -> list[Entry]:
    """Read the journal and its rotated files, oldest first; `limit` keeps the newest ones.

    A missing file is an empty journal. Raises OSError when a file may not be read.
    """
    return list(scan(path, instance=instance, limit=limit).entries)


def scan(path: Path, *, instance: str | None = None, limit: int | None = None) -> Reading:
    """Read like `read`, and count what was skipped."""
    found: list[Entry] = []
    skipped = 0
    for line in _lines(path):
        entry = decode(line)
        if entry is None:
            skipped += 1
        elif instance is None or entry.instance == instance:
            found.append(entry)
    newest = found if limit is None else found[max(0, len(found) - limit) :]
    return Reading(tuple(newest), skipped)


def _lines(path: Path) -> Iterator[bytes]:
    """Give all lines that are not blank.

    Files are opened newest first: one that is rotated meanwhile is met again, and not missed.
    """
    with contextlib.ExitStack() as stack:
        files: dict[tuple[int, int], BinaryIO] = {}
        for name in itertools.chain([path], (rotated(path, n) for n in itertools.count(1))):
            try:
                file: BinaryIO = stack.enter_context(name.open("rb"))
            except FileNotFoundError:
                if name == path:  # between the two renames of a rotation
                    continue
                break
            status = os.fstat(file.fileno())
            files.setdefault((status.st_dev, status.st_ino), file)
        for file in reversed(files.values()):
            yield from (line for line in file if line.strip())

"""A copy of the tree, and one rule after another broken in it, and mended."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("cloudfail", "providers", "tests", "pyproject.toml", "README.md", "LICENSE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """A safety rule broken once: in `file`, `before` becomes `after`; one of `tests` must fail.

    `rule` is its number in the list of docs/explanation/safety-rules.md. `file` is a file or a
    folder, in which `before` must stand exactly once: code that moved on takes its mutation along,
    or the suite says so.
    """

    name: str
    rule: int
    file: str
    before: str
    after: str
    tests: tuple[str, ...]


class StaleMutationError(AssertionError):
    """The code has changed under a mutation: it would prove nothing any more."""


def copy_of_the_tree(place: Path) -> Path:
    """Copy what the tests need; nothing that runs there can reach back into this tree."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            # With times, and so with bytecode that is as good there as here.
            shutil.copytree(source, place / name, ignore=shutil.ignore_patterns(".*", "mutation"))
        else:
            shutil.copy(source, place / name)
    return place


@contextlib.contextmanager
def broken(mutation: Mutation, tree: Path) -> Iterator[None]:
    """Apply the mutation to a copy, and take it back."""
    file = _place(mutation, tree)
    times, text = file.stat(), file.read_text(encoding="utf-8")
    # Broken and whole may be of one second and one length, which is what bytecode goes by.
    Path(importlib.util.cache_from_source(str(file))).unlink(missing_ok=True)
    file.write_text(text.replace(mutation.before, mutation.after), encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(text, encoding="utf-8")
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def _place(mutation: Mutation, tree: Path) -> Path:
    """Return the one file that has the text. Raises StaleMutationError."""
    place = tree / mutation.file
    files = sorted(place.rglob("*.py")) if place.is_dir() else [place] if place.exists() else []
    texts = {file: file.read_text(encoding="utf-8") for file in files}
    found = sum(text.count(mutation.before) for text in texts.values())
    if found != 1:
        raise StaleMutationError(
            f"{mutation.name}: {mutation.file} has the text to break {found} times, not once; "
            f"adapt the mutation to the code:\n{mutation.before}"
        )
    return next(file for file, text in texts.items() if mutation.before in text)

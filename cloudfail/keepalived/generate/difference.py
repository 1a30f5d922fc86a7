"""What is installed against what would be written: secrets redacted."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import msgspec

from cloudfail.errors import ConfigError
from cloudfail.keepalived.generate.files import REDACTED, GeneratedFile
from cloudfail.keepalived.generate.keepalived_conf import HEADER, include_pattern
from cloudfail.keepalived.generate.site import Site

_SECRET = re.compile(r"(?m)^(\s*(?:auth_pass|key\s+\d+)\s+).*$")


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One file that is to be written; or, without `file`, one that is to be removed.

    `before` is its text now, None where there is none. `path` is where it is on this machine.
    """

    path: Path
    file: GeneratedFile | None = None
    before: str | None = None
    mode_before: int | None = None

    @property
    def word(self) -> str:
        if self.file is None:
            return "removed"
        return "new" if self.before is None else "changed"


def changes_of(site: Site, files: Sequence[GeneratedFile], root: Path) -> tuple[Change, ...]:
    """Return what differs beneath `root`, in the order of the files; nothing when all is equal.

    Files that an earlier generation left where keepalived.conf includes them count as to be
    removed: keepalived would read an instance that is not configured any more. Raises ConfigError
    for a file that cannot be read.
    """
    found = [change for file in files if (change := _change(file, root)) is not None]
    return (*found, *_leftovers(site, files, root))


def diff_of(change: Change) -> str:
    """Return a unified diff; a line with a secret shows neither the old nor the new one."""
    after = change.file.text if change.file else ""
    name = str(change.path)
    lines = list(
        difflib.unified_diff(
            _shown(change.before or "", "old").splitlines(),
            _shown(after, "new").splitlines(),
            name if change.before is not None else "/dev/null",
            name if change.file else "/dev/null",
            lineterm="",
        )
    )
    modes = _modes(change)
    return "\n".join([*modes, *_with_stars(lines)])


def _with_stars(lines: Sequence[str]) -> list[str]:
    return [line.replace(f"{REDACTED} old", REDACTED).replace(f"{REDACTED} new", REDACTED)
            for line in lines]  # fmt: skip


def _shown(text: str, which: str) -> str:
    """Keep two secrets apart, so that a change of one shows as a change."""
    return _SECRET.sub(rf"\g<1>{REDACTED} {which}", text)


def _modes(change: Change) -> list[str]:
    if change.file is None or change.mode_before in (None, change.file.mode):
        return []
    return [f"{change.path}: mode {change.mode_before:04o} -> {change.file.mode:04o}"]


def _change(file: GeneratedFile, root: Path) -> Change | None:
    path = beneath(root, file.path)
    before = _read(path)
    if before is None:
        return Change(path=path, file=file)
    mode = path.stat().st_mode & 0o7777
    if before == file.text and mode == file.mode:
        return None
    return Change(path=path, file=file, before=before, mode_before=mode)


def _leftovers(site: Site, files: Sequence[GeneratedFile], root: Path) -> Iterator[Change]:
    pattern = include_pattern(site)
    if not (pattern and site.members):
        return
    kept = {beneath(root, file.path) for file in files}
    directory = beneath(root, str(PurePosixPath(pattern).parent))
    for path in sorted(directory.iterdir()) if directory.is_dir() else ():
        if path in kept or not fnmatch(path.name, PurePosixPath(pattern).name):
            continue
        text = _read(path)
        if text is not None and text.startswith(HEADER):
            yield Change(path=path, before=text, mode_before=path.stat().st_mode & 0o7777)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(
            f"{path}: {error.strerror}; it must be a file that this user may read (run it as root)"
        ) from error


def beneath(root: Path, path: str) -> Path:
    """Return where an absolute path of the node is beneath `root`."""
    return root / path.lstrip("/")

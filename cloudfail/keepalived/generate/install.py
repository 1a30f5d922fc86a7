"""Put the files in place: tested first, each replaced in one step, with a backup of what was there."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from cloudfail.clock import wall_clock
from cloudfail.errors import ConfigError
from cloudfail.keepalived.generate.difference import Change, beneath, check_inside
from cloudfail.keepalived.generate.keepalived_conf import include_patterns
from cloudfail.keepalived.generate.site import Site

# Not beneath /var/lib/cloudfail, which belongs to the agent: root must not write where it is led.
BACKUPS = "/var/backups/cloudfail"
_PRIVATE = 0o700


def install(site: Site, changes: Sequence[Change], root: Path) -> Path | None:
    """Make the changes; return the directory with what was there before, None when nothing was.

    Each file appears whole or not at all. When one cannot be written, those before it are put back
    as they were; raises ConfigError that says so.
    """
    with _reported():
        _make_include_directories(site, root)
    if not changes:
        return None
    with _reported():
        backup = _back_up(changes, root)
        staged = _stage_all(changes)
    _make_all(changes, staged)
    return backup


def _make_all(changes: Sequence[Change], staged: Mapping[Path, Path]) -> None:
    """Make the changes, or none of them: also Ctrl-C between two puts the first back."""
    begun = 0
    try:
        for change in changes:
            begun += 1
            _make(change, staged)
    except BaseException as error:
        _discard(staged.values())
        if not isinstance(error, OSError):
            _put_back(changes[:begun])
            raise
        left = _put_back(changes[: begun - 1])
        state = f"could not be put back: {', '.join(left)}" if left else "all is as it was"
        raise ConfigError(
            f"{changes[begun - 1].path}: {error.strerror}; {state}. Make the path writable (run it "
            "as root)"
        ) from error


def _stage_all(changes: Sequence[Change]) -> dict[Path, Path]:
    """Write all new files beside the old ones: a full disk is found out before anything changes."""
    staged: dict[Path, Path] = {}
    try:
        for change in changes:
            if change.file is not None:
                staged[change.path] = _stage(change.path, change.file.text, change.file.mode)
    except BaseException:
        _discard(staged.values())
        raise
    return staged


def _make(change: Change, staged: Mapping[Path, Path]) -> None:
    if change.file is None:
        change.path.unlink(missing_ok=True)
        return
    staged[change.path].replace(change.path)


def replace(path: Path, text: str, mode: int, owner: tuple[int, int] | None = None) -> None:
    """Write a file so that a reader sees the old one or the new one, and a crash leaves one of them.

    Its owner is this process, or, where this is root, another user and group.
    """
    staged = _stage(path, text, mode)
    try:
        if owner is not None and os.geteuid() == 0:
            os.chown(staged, *owner)
        staged.replace(path)
    except BaseException:
        _discard([staged])
        raise


def _stage(path: Path, text: str, mode: int) -> Path:
    """Write a file beside its place, under another name."""
    _check_place(path)
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            os.fchmod(handle, mode)
            file.write(text)
            file.flush()
            os.fsync(handle)
    except BaseException:
        _discard([Path(name)])
        raise
    return Path(name)


def _check_place(path: Path) -> None:
    """Renaming onto /dev/null would take it away from the whole machine. Raises OSError."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return  # nothing is there, or writing says why it cannot be
    if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
        raise OSError(errno.EEXIST, "is there, and no file", str(path))


def _discard(staged: Iterable[Path]) -> None:
    for path in staged:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _put_back(made: Sequence[Change]) -> list[str]:
    """Undo in reverse; return the paths for which that failed."""
    left = []
    for change in reversed(made):
        try:
            if change.before is None:
                change.path.unlink(missing_ok=True)
            else:
                replace(change.path, change.before, change.mode_before or 0, change.owner_before)
        except OSError:
            left.append(str(change.path))
    return left


def _back_up(changes: Sequence[Change], root: Path) -> Path | None:
    """Copy what will be replaced or removed; secrets may be among it: only the owner may read."""
    old = [change for change in changes if change.before is not None]
    if not old:
        return None
    base = beneath(root, BACKUPS)
    check_inside(base, root)
    base.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    base.chmod(_PRIVATE)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(wall_clock()))
    directory = Path(tempfile.mkdtemp(prefix=f"{stamp}-", dir=base))
    for change in old:
        replace(
            directory / change.path.relative_to(root), change.before or "", change.mode_before or 0
        )
    return directory


def _make_include_directories(site: Site, root: Path) -> None:
    """Spare keepalived the complaint about an include whose directory is not there."""
    for pattern in include_patterns(site) if site.members else ():
        directory = beneath(root, str(PurePosixPath(pattern).parent))
        check_inside(directory, root)
        directory.mkdir(parents=True, exist_ok=True)


@contextlib.contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"{error.filename or BACKUPS}: {error.strerror}; nothing was changed. Make the path "
            "writable (run it as root)"
        ) from error

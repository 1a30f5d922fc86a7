"""What is installed against what would be written: secrets redacted."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

import msgspec

from cloudfail.errors import ConfigError
from cloudfail.keepalived.generate.agent import UNIT_FILE
from cloudfail.keepalived.generate.files import PRIVATE, REDACTED, GeneratedFile
from cloudfail.keepalived.generate.keepalived_conf import HEADER, include_pattern
from cloudfail.keepalived.generate.site import Site

# Wherever it stands, also behind a # or a brace: what is there before was written by people.
_SECRET = re.compile(r"(?m)\b((?:auth_pass|key[ \t]+\d+)[ \t]+)(\S.*)$")
_MARKED = re.compile(rf"{re.escape(REDACTED)} \d+$")
# What some configurations of a node need and others do not.
_OF_HOST = (
    UNIT_FILE,
    "/etc/sysctl.d/60-cloudfail.conf",
    "/etc/polkit-1/rules.d/60-cloudfail.rules",
    "/etc/systemd/network/60-cloudfail-lo.network",
    "/etc/network/interfaces.d/cloudfail-lo",
)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One file that is to be written; or, without `file`, one that is to be removed.

    `before` is its text now, None where there is none; `owner_before` its user and group. `path`
    is where it is on this machine.
    """

    path: Path
    file: GeneratedFile | None = None
    before: str | None = None
    mode_before: int | None = None
    owner_before: tuple[int, int] = (0, 0)

    @property
    def word(self) -> str:
        if self.file is None:
            return "removed"
        return "new" if self.before is None else "changed"


def changes_of(site: Site, files: Sequence[GeneratedFile], root: Path) -> tuple[Change, ...]:
    """Return what differs beneath `root`, in the order of the files; nothing when all is equal.

    Files that an earlier generation left count as to be removed: keepalived would read an instance
    that is not configured any more, polkit allow what nobody needs. Raises ConfigError for a file
    that cannot be read, is a symbolic link, or lies outside of `root` by one.
    """
    if not root.is_dir():
        raise ConfigError(f"{root}: no such directory; name the one where the image is mounted")
    found = [change for file in files if (change := _change(file, root)) is not None]
    return (*found, *_leftovers(site, files, root))


def diff_of(change: Change) -> str:
    """Return a unified diff; a line with a secret shows neither the old nor the new one."""
    after = change.file.text if change.file else ""
    name = str(change.path)
    known: dict[str, int] = {}
    lines = difflib.unified_diff(
        _marked(change.before or "", known).splitlines(),
        _marked(after, known).splitlines(),
        name if change.before is not None else "/dev/null",
        name if change.file else "/dev/null",
        lineterm="",
    )
    return "\n".join([*_modes(change), *(_MARKED.sub(REDACTED, line) for line in lines)])


def _marked(text: str, known: dict[str, int]) -> str:
    """Number the secrets in place of them, so that another one shows as a change, and only then."""
    return _SECRET.sub(
        lambda found: f"{found[1]}{REDACTED} {known.setdefault(found[2], len(known))}", text
    )


def _modes(change: Change) -> Iterator[str]:
    if change.file is None or change.mode_before is None:
        return
    if change.mode_before != change.file.mode:
        yield f"{change.path}: mode {change.mode_before:04o} -> {change.file.mode:04o}"
    if _is_strangers(change.owner_before):
        yield f"{change.path}: owner {change.owner_before[0]} -> 0"


def _is_strangers(owner: tuple[int, int]) -> bool:
    """Say whether somebody else could change what root installs."""
    return os.geteuid() == 0 and owner[0] != 0


def _change(file: GeneratedFile, root: Path) -> Change | None:
    path = beneath(root, file.path)
    _check_link(path, root)
    before = _read(path)
    if before is None:
        return Change(path=path, file=file)
    mode, owner = _mode_and_owner(path)
    if before == file.text and mode == file.mode and not _is_strangers(owner):
        return None
    return Change(path=path, file=file, before=before, mode_before=mode, owner_before=owner)


def _check_link(path: Path, root: Path) -> None:
    """A link would be lost to a file; one out of an image leads onto this machine."""
    if path.is_symlink():
        raise ConfigError(
            f"{path}: is a symbolic link to {path.readlink()}, and would be replaced by a file; "
            "remove the link first"
        )
    check_inside(path.parent, root)


def check_inside(directory: Path, root: Path) -> None:
    """Raise ConfigError for a directory that a link leads out of the image, onto this machine."""
    if not directory.resolve().is_relative_to(root.resolve()):
        raise ConfigError(f"{directory}: leads out of {root}; name the directory itself")


def _leftovers(site: Site, files: Sequence[GeneratedFile], root: Path) -> Iterator[Change]:
    kept = {beneath(root, file.path) for file in files}
    for path, header in (*_of_keepalived(site, root), *_of_host(root)):
        if path in kept or path.is_symlink() or not path.is_file():
            continue
        check_inside(path.parent, root)
        text = _read(path)
        if text is not None and header in text.partition("\n")[0]:
            mode, owner = _mode_and_owner(path)
            yield Change(path=path, before=text, mode_before=mode, owner_before=owner)


def _of_keepalived(site: Site, root: Path) -> Iterator[tuple[Path, str]]:
    """Yield where files of instances can be: what is included, and secrets."""
    if not site.members:
        return
    for pattern in (include_pattern(site), f"{site.config.keepalived.directory}/secret/*.conf"):
        directory = beneath(root, str(PurePosixPath(pattern).parent))
        for path in sorted(directory.iterdir()) if pattern and directory.is_dir() else ():
            if fnmatch(path.name, PurePosixPath(pattern).name):
                yield path, HEADER


def _of_host(root: Path) -> Iterator[tuple[Path, str]]:
    return ((beneath(root, path), "Generated by cloudfail") for path in _OF_HOST)


def _mode_and_owner(path: Path) -> tuple[int, tuple[int, int]]:
    try:
        found = path.stat()
    except FileNotFoundError:  # another install removed it just now
        return PRIVATE, (os.geteuid(), os.getegid())
    return found.st_mode & 0o7777, (found.st_uid, found.st_gid)


def _read(path: Path) -> str | None:
    try:
        if path.is_fifo():  # to open it would wait for ever
            raise ConfigError(
                f"{path}: is a FIFO, and would be replaced by a file; remove it first"
            )
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(
            f"{path}: {error.strerror}; it must be a file that this user may read (run it as root)"
        ) from error


def beneath(root: Path, path: str) -> Path:
    """Return where an absolute path of the node is beneath `root`."""
    return root / path.lstrip("/")

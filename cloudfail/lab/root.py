"""The file tree that the lab and its nodes live in: the host's, with the lab's own corners.

The root is a tmpfs that belongs to the lab's uid 0, so that keepalived's check of the owners on a
script's path holds for an ordinary user too, and so that nothing is ever written to the host.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from cloudfail.errors import ConfigError
from cloudfail.lab import kernel

HOST = "/.host"  # the machine's own root, below the lab's
HOME = "/cloudfail-lab"  # what belongs to the lab alone
VENV = f"{HOME}/venv"
COMMAND = f"{VENV}/bin/cloudfail"

_OWN = frozenset({"proc", "sys", "run", "tmp", "etc", "var", "dev", "lost+found"})
_FREE = ("/mnt", "/media", "/srv", "/boot", "/opt")
_LAUNCHER = "#!{python}\nfrom cloudfail.cli.main import entry\nentry()\n"


def needed_paths() -> tuple[Path, ...]:
    """Directories that this Python runs from: they must be visible wherever cloudfail runs."""
    found = {Path(sys.prefix), Path(sys.base_prefix), Path(__file__).parents[2]}
    found |= {Path(entry) for entry in sys.path if entry and Path(entry).is_dir()}
    found |= {path.resolve() for path in found}
    return tuple(
        path for path in sorted(found) if not any(other in found for other in path.parents)
    )


def build(extra: Iterable[Path] = ()) -> None:
    """Move this mount namespace onto a new root; `extra` are host directories to keep in place."""
    kernel.private_mounts()
    kept = (*needed_paths(), *extra)
    base = _mount_point(kept)
    kernel.mount("tmpfs", base, "mode=755")
    for entry in sorted(Path("/").iterdir()):
        if entry.name not in _OWN and not entry.name.startswith(".") and str(entry) != base:
            _keep(entry, Path(base) / entry.name)
    for name in ("proc", "sys", "run", "tmp", HOST.lstrip("/"), HOME.lstrip("/")):
        (Path(base) / name).mkdir()
    kernel.bind("/sys", f"{base}/sys")
    kernel.mount("proc", f"{base}/proc")
    kernel.pivot_root(base, base + HOST)
    for name in ("etc", "dev"):
        mirror(name)
    mirror("var", own=("lib",))
    mirror("var/lib")
    for own in ("/etc/cloudfail", "/etc/sysctl.d", "/var/lib/cloudfail"):
        Path(own).mkdir(exist_ok=True)
    show(kept)
    _install()


def show(paths: Iterable[Path]) -> None:
    """Bind those of the host's directories that the tree does not show at their usual place."""
    for path in paths:
        source = Path(HOST + str(path))
        if path.exists() or not source.is_dir():
            continue
        path.mkdir(parents=True, exist_ok=True)
        kernel.bind(str(source), str(path))


def mirror(name: str, own: tuple[str, ...] = ()) -> None:
    """Make `/name` a directory of the lab's, with a link to each of the host's entries in it."""
    target, source = Path("/") / name, Path(HOST) / name
    target.mkdir(exist_ok=True)
    if not source.is_dir():
        return
    for entry in source.iterdir():
        if entry.name not in own and entry.name != "cloudfail":
            (target / entry.name).symlink_to(entry)
    for part in own:
        (target / part).mkdir()


def _keep(source: Path, target: Path) -> None:
    if source.is_symlink():
        target.symlink_to(source.readlink())
    elif source.is_dir():
        target.mkdir()
        kernel.bind(str(source), str(target))


def _mount_point(kept: Iterable[Path]) -> str:
    needed = tuple(kept)
    for candidate in map(Path, _FREE):
        if candidate.is_dir() and not any(path.is_relative_to(candidate) for path in needed):
            return str(candidate)
    raise ConfigError(f"the lab needs one of the directories {', '.join(_FREE)} as a mount point")


def _install() -> None:
    """Install the command in a virtual environment, as pip would, in directories of uid 0."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = Path(VENV) / "lib" / version / "site-packages"
    site.mkdir(parents=True)
    (Path(VENV) / "bin").mkdir()
    python = Path(VENV) / "bin" / "python"
    python.symlink_to(Path(sys.base_prefix) / "bin" / version)
    (Path(VENV) / "pyvenv.cfg").write_text(
        f"home = {sys.base_prefix}/bin\ninclude-system-site-packages = false\n"
    )
    borrowed = [entry for entry in sys.path if entry.endswith("-packages")]
    lines = [f"import site; site.addsitedir({entry!r})" for entry in borrowed]
    (site / "lab.pth").write_text("\n".join([*lines, str(Path(__file__).parents[2])]) + "\n")
    command = Path(COMMAND)
    command.write_text(_LAUNCHER.format(python=python))
    for directory in (Path(HOME), Path(VENV), command.parent):
        directory.chmod(0o755)
    command.chmod(0o755)

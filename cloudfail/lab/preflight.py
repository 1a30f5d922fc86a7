"""Can the lab run here, and as whom: what is missing, and what to do about it."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from cloudfail.errors import ConfigError, ProviderMissingError
from cloudfail.lab import idmap, root, sandbox
from cloudfail.lab.cloud.clouds import kind_of
from cloudfail.lab.terrain import terrain_of

_TOOLS = (("keepalived", "keepalived"), ("ip", "iproute2"), ("nsenter", "util-linux"))
_SYSTEM = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def check_provider(provider: str) -> None:
    """Raise as `check_cloud`, and UsageError for a cloud that nothing is rehearsed on."""
    check_cloud(provider)
    terrain_of(provider)


def check_cloud(provider: str) -> None:
    """Raise UsageError for a cloud that has no embedded twin, ConfigError without the extra."""
    kind = kind_of(provider)
    if importlib.util.find_spec(kind.package) is None:
        raise ProviderMissingError(
            f"the embedded {kind.title} needs {kind.package}: pip install 'cloudfail[lab]'"
        )


def is_inside() -> bool:
    """Say whether this process runs in the lab's own namespaces."""
    return sandbox.INSIDE in os.environ and Path(root.HOST).is_dir() and Path(root.HOME).is_dir()


def widen_path() -> None:
    """An ordinary user's PATH often lacks the directories that keepalived and ip are in."""
    parts = os.environ.get("PATH", "").split(":")
    os.environ["PATH"] = ":".join([*parts, *(part for part in _SYSTEM if part not in parts)])


def ranges(
    which: Callable[[str], str | None] = shutil.which, uid: int | None = None
) -> idmap.Ranges | None:
    """Return what an ordinary user maps, None for root; ConfigError that says what is missing."""
    missing = [package for tool, package in _TOOLS if which(tool) is None]
    if missing:
        raise ConfigError(
            f"the lab runs real keepalived nodes, and needs the packages {' '.join(missing)}: "
            f"apt-get install {' '.join(missing)}; or `lab run` with --simulate"
        )
    if (os.geteuid() if uid is None else uid) == 0:
        return None
    return idmap.of_this_user()


def enter(command: Sequence[str], keep: Sequence[Path] = ()) -> int:
    """Run the command in a new sandbox and return its exit code."""
    widen_path()
    return sandbox.run(command, ranges(), keep)

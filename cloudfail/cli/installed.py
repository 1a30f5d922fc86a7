"""What is installed beside cloudfail: SDKs of an extra, by the package's own metadata."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import metadata

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def sdk_versions(distribution: str, extra: str) -> Mapping[str, str]:
    """Return each package that an extra installs, with its version; empty if it is missing.

    `extra` may be the extra's name, or what pip is told: `cloudfail[aws]`.
    """
    name = extra.partition("[")[2].rstrip("]") or extra
    try:
        requirements = metadata.requires(distribution) or []
    except metadata.PackageNotFoundError:
        return {}
    wanted = [text for text in requirements if _is_of(text, name)]
    names = [found.group() for text in wanted if (found := _NAME.match(text))]
    return {package: version_of(package) for package in names if package != distribution}


def version_of(distribution: str) -> str:
    """Return a package's version; empty when it is not installed."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def pip_line(distribution: str, extra: str) -> str:
    """Return the command that installs what a provider needs."""
    what = extra if "[" in extra or not extra else f"{distribution}[{extra}]"
    return f"pip install '{what or distribution}'"


def _is_of(requirement: str, extra: str) -> bool:
    marker = requirement.partition(";")[2]
    return re.search(rf"extra\s*==\s*['\"]{re.escape(extra)}['\"]", marker) is not None

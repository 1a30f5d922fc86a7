"""Which keepalived: the one installed here, or the one a configuration is meant for."""

from __future__ import annotations

import os
import re
import shutil

import msgspec

from cloudfail import process
from cloudfail.errors import ConfigError, UsageError

_SECONDS = 5.0
# /usr/sbin, where keepalived is, is not in everybody's path.
_ALSO = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_WRITTEN = re.compile(r"v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?")


class Version(msgspec.Struct, frozen=True, order=True):
    """Ordered as keepalived's tags are; the text is the tag without its v, like 2.2.7."""

    major: int
    minor: int
    patch: int = 0

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


OLDEST = Version(2, 0)
# Of 2.4 every patch counts as known.
NEWEST = Version(2, 4)
_SUPPORTED = f"{OLDEST.major}.{OLDEST.minor} to {NEWEST.major}.{NEWEST.minor}"


def parse_version(text: str) -> Version:
    """Read 2.2, 2.2.7 or v2.2.7; UsageError for anything else."""
    found = _WRITTEN.fullmatch(text.strip())
    if not found:
        raise UsageError(
            f"{text!r} is not a version of keepalived; write it like 2.2.7 or 2.4,"
            " as `keepalived --version` prints it"
        )
    return _version(found)


def check_supported(version: Version) -> None:
    """Raise ConfigError for a version whose options cloudfail does not know."""
    if version < OLDEST:
        raise ConfigError(
            f"keepalived {version} is too old: cloudfail supports {_SUPPORTED};"
            " install a newer keepalived"
        )
    if (version.major, version.minor) > (NEWEST.major, NEWEST.minor):
        raise ConfigError(
            f"keepalived {version} is newer than this cloudfail knows ({_SUPPORTED});"
            f" update cloudfail, or name {NEWEST} to use only options that it had"
        )


def installed_version() -> Version | None:
    """Ask the keepalived of this machine, in PATH or where packages put it; None without one."""
    found = re.search(rf"^Keepalived {_WRITTEN.pattern}", _printed(), re.MULTILINE)
    return _version(found) if found else None


def installed_features() -> frozenset[str]:
    """Name what keepalived was built with: LVS, VRRP_VMAC, JSON, ... ; empty without one.

    Without LVS there is no -P; without VRRP_VMAC, use_vmac is an unknown keyword.
    """
    found = re.search(r"^Config options:(.*)$", _printed(), re.MULTILINE)
    return frozenset(found.group(1).split()) if found else frozenset()


def _version(found: re.Match[str]) -> Version:
    major, minor, patch = found.groups(default="0")
    return Version(int(major), int(minor), int(patch))


def find_keepalived() -> str:
    """Return the path of the installed keepalived; empty without one."""
    return shutil.which("keepalived", path=f"{os.environ.get('PATH', '')}:{_ALSO}") or ""


def _printed() -> str:
    try:
        asked = process.run(
            [find_keepalived() or "keepalived", "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, process.TimeoutExpired):
        return ""
    return f"{asked.stderr}\n{asked.stdout}"

"""Would keepalived's scripts run in this sandbox? Tried, not guessed."""

from __future__ import annotations

from pathlib import Path

from cloudfail import process
from cloudfail.errors import ConfigError
from cloudfail.lab import root, sandbox


def check_scripts(command: str = root.COMMAND) -> None:
    """Do what keepalived does before it runs a script: check owners, set groups and user.

    With a single mapped uid setgroups is refused, and keepalived drops every script without a
    word. Raises ConfigError that says so.
    """
    for part in (Path(command), *Path(command).parents):
        status = part.stat()
        if status.st_uid != 0 or status.st_mode & 0o022:
            raise ConfigError(
                f"{part} is not root's alone in the lab, so keepalived would run no script; "
                f"{sandbox.REMEDY}"
            )
    try:
        done = process.run(
            [command, "version"],
            user=0,
            group=0,
            extra_groups=[0],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    except (OSError, process.TimeoutExpired) as exc:
        raise ConfigError(
            f"a script cannot be run as keepalived would ({exc}): more than one uid must be "
            f"mapped, install the package uidmap; {sandbox.REMEDY}"
        ) from exc
    if done.returncode:
        raise ConfigError(f"cloudfail does not run in the lab: {done.stderr.strip()}")

"""The commands of a file, looked at on the machine: who runs them, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

from cloudfail.keepalived.command import Code, Examiner, Weakness
from cloudfail.keepalived.command.account import Account, account_of
from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import Hit
from cloudfail.keepalived.lint.view import Command
from cloudfail.keepalived.version import Version

_SYMLINKS = Version(2, 3)
# argv[0] stays as it is written, and its path is checked (measured with 2.3.3 and 2.3.4).
_KEPT = Version(2, 3, 3)
Check = Callable[[NodeConf, Version, Path], Iterator[Hit]]


def check(*codes: Code) -> Check:
    """Return a check that yields each command with one of these weaknesses."""

    def found(conf: NodeConf, version: Version, root: Path) -> Iterator[Hit]:
        for command, weakness in weaknesses(conf, version, root):
            if weakness.code in codes:
                yield Hit(command.place, f"{command}: {weakness.message}", weakness.remedy)

    return found


@lru_cache(maxsize=4)
def weaknesses(
    conf: NodeConf, version: Version, root: Path
) -> tuple[tuple[Command, Weakness], ...]:
    """Examine every command once per conf: a file that is read again is looked at again.

    Those that an unknown script_user would run are left out: that line is the mistake.
    """
    examiner = Examiner(
        root,
        script_security=conf.has_global("enable_script_security"),
        symlink_paths=version >= _KEPT
        or (version >= _SYMLINKS and conf.is_global_on("use_symlink_paths")),
        whole_paths=version >= _KEPT,
    )
    default = script_user(conf)
    is_known = isinstance(default_account(conf, root), Account)
    return tuple(
        (command, weakness)
        for command in conf.commands
        if command.user or is_known or not default[0]
        for weakness in examiner.examine(command.text, *_who(command, default))
    )


def script_user(conf: NodeConf) -> tuple[str, str]:
    """Return user and group of script_user, or two empty words."""
    line = conf.get_global("script_user")
    user, group = (*(line.args if line else ()), "", "")[:2]
    return user, group


def default_account(conf: NodeConf, root: Path) -> Account | Weakness:
    """Return who runs what names no user."""
    security = conf.has_global("enable_script_security")
    return account_of(*script_user(conf), script_security=security, root=root)


def _who(command: Command, default: tuple[str, str]) -> tuple[str, str]:
    return (command.user, command.group) if command.user else default

"""Which commands follow a role, in which order, and what came of one."""

from __future__ import annotations

import shlex

import msgspec

from cloudfail.config.vrrp.model import Argv, Services, Vrrp
from cloudfail.journal.entry import redact
from cloudfail.role import Role


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """`what` is "service" or "hook"; `timeout` is in seconds."""

    what: str
    argv: Argv
    timeout: float

    @property
    def is_hook(self) -> bool:
        return self.what == "hook"


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a command.

    `exit_code` is None when it did not end by itself; then `problem` says what happened: "timed
    out", "not found", "not executable", "ended by SIGKILL". `said` are the last words of its
    standard error (or else output), in one line.
    """

    what: str
    argv: Argv
    seconds: float
    exit_code: int | None = None
    problem: str = ""
    said: str = ""

    @property
    def text(self) -> str:
        """Return the command as a person would write it, secrets blanked out."""
        return redact(shlex.join(self.argv))

    @property
    def error(self) -> str:
        """Say what went wrong; empty when nothing did."""
        if self.exit_code == 0:
            return ""
        what = self.problem or f"exit code {self.exit_code}"
        return f"{what}: {self.said}" if self.said else what


def commands_for(vrrp: Vrrp, role: Role) -> tuple[Command, ...]:
    """Return what follows the role, in order.

    MASTER: services start in the order of the file, then its hooks run. Any other role: services
    stop in reverse order, then its hooks run: a service must not answer for an address that is
    gone, however long a hook takes.
    """
    hooks = tuple(
        Command(what="hook", argv=hook.command, timeout=hook.timeout)
        for hook in vrrp.hooks
        if hook.on == role
    )
    return (*_systemctl(vrrp.services, role), *hooks)


def _systemctl(services: Services, role: Role) -> tuple[Command, ...]:
    """With STOP nothing is waited for: keepalived ends its scripts after a second."""
    verb: Argv = ("start",) if role is Role.MASTER else ("stop",)
    if role is Role.STOP:
        verb = ("stop", "--no-block")
    units = services.master if role is Role.MASTER else tuple(reversed(services.master))
    return tuple(
        Command(what="service", argv=("systemctl", *verb, unit), timeout=services.timeout)
        for unit in units
    )

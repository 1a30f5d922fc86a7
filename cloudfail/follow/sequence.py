"""Follow one change of role: its commands in order, each in the newest role's turn."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from cloudfail.clock import Clock, SystemClock
from cloudfail.config.vrrp.model import Vrrp
from cloudfail.errors import SupersededError
from cloudfail.follow.child import GRACE_SECONDS, run_command
from cloudfail.follow.command import Command, Followed, commands_for
from cloudfail.follow.turn import Turn
from cloudfail.journal import Journal
from cloudfail.role import Role

Runner = Callable[[Command, Mapping[str, str], Clock], Followed]

SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# keepalived ends the scripts of a STOP after a second (lib/notify.c): the stops come first.
_STOP_PATIENCE = 0.3
_MARGIN = 5.0


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """The change of role to follow; `generation` as `RoleStore.record` gave it, 0: unrecorded.

    With MASTER the caller has verified that every claim is held.
    """

    instance: str
    role: Role
    generation: int


class Following(msgspec.Struct, frozen=True, kw_only=True):
    """What was done, in order; `skipped` says why the rest was not begun."""

    commands: tuple[Followed, ...] = ()
    skipped: str = ""

    @property
    def failed(self) -> tuple[Followed, ...]:
        return tuple(one for one in self.commands if one.error)


def follow(  # noqa: PLR0913 - keyword only: each is a thing that a test replaces
    move: Move,
    vrrp: Vrrp,
    directory: Path,
    journal: Journal,
    *,
    stopped: Callable[[], str] = str,
    clock: Clock | None = None,
    run: Runner = run_command,
) -> Following:
    """Run what follows the role. A command that fails stops none of the others.

    `directory` is the state directory, that of the RoleStore; `stopped` says which signal came,
    if any. Hooks run once for each change of role; services are started, or stopped, each time.
    """
    clock = clock or SystemClock()
    turn = Turn(directory, move.instance, move.role, move.generation, clock=clock, stopped=stopped)
    commands, done = commands_for(vrrp, move.role), list[Followed]()
    environ = environment(move)
    try:
        with turn.taken(_patience(move.role, vrrp)):
            hooks = turn.hooks_are_due()
            for command in (one for one in commands if hooks or not one.is_hook):
                turn.check(command)
                done.append(run(command, environ, clock))
                _write_down(journal, move, done[-1])
            turn.hooks_have_run()
    except SupersededError as error:
        return Following(commands=tuple(done), skipped=str(error))
    return Following(commands=tuple(done))


def environment(move: Move) -> dict[str, str]:
    """Return the environment of a command: this process's own, and what it is run for."""
    environ = {**os.environ, "CLOUDFAIL_INSTANCE": move.instance, "CLOUDFAIL_ROLE": move.role.value}
    environ["PATH"] = environ.get("PATH") or SEARCH_PATH
    return environ


def _patience(role: Role, vrrp: Vrrp) -> float:
    """Return how long another role's commands may take: all of them, each to its timeout."""
    if role is Role.STOP:
        return _STOP_PATIENCE
    most = max(_longest(commands_for(vrrp, other)) for other in Role)
    return most + _MARGIN


def _longest(commands: Sequence[Command]) -> float:
    return sum(command.timeout + GRACE_SECONDS for command in commands)


def _write_down(journal: Journal, move: Move, one: Followed) -> None:
    journal.write(
        one.what,
        role=move.role.value,
        summary=one.text,
        duration_ms=round(one.seconds * 1000, 1),
        exit_code=one.exit_code,
        error=one.error,
    )

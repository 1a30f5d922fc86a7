"""Run the services and hooks that follow the role, and tell each to journal, log and terminal."""

from __future__ import annotations

from contextlib import closing

from cloudfail.cli import messages
from cloudfail.cli.stop import Stopper
from cloudfail.config import Config, Instance
from cloudfail.follow import Followed, Following, Move, follow
from cloudfail.journal import FileJournal
from cloudfail.role import default_directory


def follow_role(
    config: Config, instance: Instance, move: Move, stopper: Stopper, *, run_id: str, node: str = ""
) -> Following:
    """Run what follows. Once a signal came, `stopper` says so: nothing more is started then."""
    settings = config.journal
    journal = FileJournal(
        settings.path,
        run_id=run_id,
        instance=instance.name,
        generation=move.generation,
        node=node,
        max_bytes=settings.max_bytes,
        keep=settings.keep,
    )
    with closing(journal):
        following = follow(
            move, instance.vrrp, default_directory(), journal, stopped=lambda: stopper.stopped
        )
        if following.skipped:
            journal.write("superseded", role=move.role.value, error=following.skipped)
    if journal.problem:
        messages.say(journal.problem)
    for one in following.commands:
        _log(instance.name, run_id, one)
    return following


def _log(instance: str, run_id: str, one: Followed) -> None:
    messages.fact(
        one.what,
        instance=instance,
        run=run_id,
        text=one.text,
        seconds=one.seconds,
        exit_code=one.exit_code,
        error=one.error,
    )
    if one.error:
        messages.say(f"{instance}: {one.what} {one.text}: {one.error}")

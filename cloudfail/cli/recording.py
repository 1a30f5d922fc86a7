"""Put a role on record that asks for no claim: BACKUP, FAULT, STOP."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

from cloudfail.cli import messages
from cloudfail.cli.document import document, print_document
from cloudfail.cli.followed import exit_code, fields, show_followed
from cloudfail.cli.output import show
from cloudfail.config import Config
from cloudfail.errors import ConfigError
from cloudfail.journal import FileJournal
from cloudfail.role import Event, Role, RoleStore, default_directory
from cloudfail.run import new_run_id

if TYPE_CHECKING:
    from cloudfail.follow import Following

Follow = Callable[[str, int], "Following"]


def record(
    args: Namespace, config: Config, instance: str, role: Role, follow: Follow | None = None
) -> int:
    """Record it; a running promotion stops before its next mutating call. Returns the exit code.

    `follow` runs what follows the role, by run id and generation; generation 0 when the role
    could not be recorded. Raises what `put_on_record` raises.
    """
    run_id = new_run_id()
    generation = _put_on_record(instance, role, run_id, follow)
    _write_down(config, instance, role, run_id, generation)
    following = follow(run_id, generation) if follow is not None else None
    code = exit_code(0, following)
    text = recorded_text(instance, role)
    if getattr(args, "output", "") == "json":
        print_document(
            document(
                args.command,
                instance=instance,
                role=role.value,
                generation=generation,
                run_id=run_id,
                message=text,
                **fields(following),
                exit_code=code,
            )
        )
    else:
        show(text)
        show_followed(following)
    messages.fact("role", instance=instance, role=role.value, generation=generation, text=text)
    return code


def recorded_text(instance: str, role: Role) -> str:
    return (
        f"{instance}: role {role} recorded; a running promotion stops before its next call. "
        "Nothing is released: the new master takes it over, and a release would race with that"
    )


def _put_on_record(instance: str, role: Role, run_id: str, follow: Follow | None) -> int:
    """A role that cannot be recorded still stops its services: that is the safe direction."""
    try:
        return put_on_record(instance, role)
    except ConfigError:
        if follow is not None:
            follow(run_id, 0)
        raise


def put_on_record(instance: str, role: Role) -> int:
    """Record the role; return its generation.

    Raises SupersededError when a newer role is on record, ConfigError when none can be recorded.
    """
    store = RoleStore(default_directory())
    generation = store.record(Event.of_this_process(instance, role))
    recorded = store.current(instance)
    if recorded is None or recorded.generation < generation:
        raise ConfigError(
            f"{instance}: role {role} could not be recorded, so that a running promotion is not "
            f"stopped: {store.problem.partition(';')[0]}; make the directory usable, or end the "
            "promotion by SIGTERM"
        )
    if store.problem:
        messages.say(store.problem)
    return generation


def _write_down(config: Config, instance: str, role: Role, run_id: str, generation: int) -> None:
    settings = config.journal
    journal = FileJournal(
        settings.path,
        run_id=run_id,
        instance=instance,
        generation=generation,
        max_bytes=settings.max_bytes,
        keep=settings.keep,
    )
    with closing(journal):
        journal.write("note", role=role.value, text="role recorded, nothing released")
    if journal.problem:
        messages.say(journal.problem)

"""Put a role on record that asks for no claim: BACKUP, FAULT, STOP."""

from __future__ import annotations

from argparse import Namespace
from contextlib import closing

from cloudfail.cli import messages
from cloudfail.cli.document import document, print_document
from cloudfail.cli.output import show
from cloudfail.config import Config
from cloudfail.errors import ConfigError
from cloudfail.journal import FileJournal
from cloudfail.role import Event, Role, RoleStore, default_directory
from cloudfail.run import new_run_id


def record(args: Namespace, config: Config, instance: str, role: Role) -> int:
    """Record it; a running promotion stops before its next mutating call. Returns 0.

    Raises what `put_on_record` raises.
    """
    generation = put_on_record(instance, role)
    run_id = new_run_id()
    _write_down(config, instance, role, run_id, generation)
    text = (
        f"{instance}: role {role} recorded; a running promotion stops before its next call. "
        "Nothing is released: the new master takes it over, and a release would race with that"
    )
    if getattr(args, "output", "") == "json":
        print_document(
            document(
                args.command,
                instance=instance,
                role=role.value,
                generation=generation,
                run_id=run_id,
                exit_code=0,
            )
        )
    else:
        show(text)
    messages.fact("role", instance=instance, role=role.value, generation=generation, text=text)
    return 0


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

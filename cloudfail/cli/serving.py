"""Be master of an instance that owns nothing in the cloud: only services and hooks follow."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from cloudfail.cli import messages
from cloudfail.cli.document import document, print_document
from cloudfail.cli.followed import exit_code, fields, show_followed
from cloudfail.cli.following import follow_role
from cloudfail.cli.output import show
from cloudfail.cli.stop import Stopper
from cloudfail.config import Config, Instance
from cloudfail.follow import Move
from cloudfail.role import Event, Role, RoleStore, default_directory
from cloudfail.run import new_run_id


def serve(args: Namespace, config: Config, instance: Instance, stopper: Stopper) -> int:
    """Record MASTER, and run what follows it. Raises SupersededError when a newer role is there."""
    stopper.begin()
    store = RoleStore(default_directory())
    generation = store.record(Event.of_this_process(instance.name, Role.MASTER))
    if store.problem:
        messages.say(store.problem)
    run_id = new_run_id()
    move = Move(instance=instance.name, role=Role.MASTER, generation=generation)
    following = follow_role(config, instance, move, stopper, run_id=run_id)
    code = exit_code(0, following)
    text = f"{instance.name}: role MASTER recorded; it claims nothing in the cloud"
    if args.output == "json":
        told: dict[str, Any] = {
            "role": Role.MASTER.value,
            "generation": generation,
            "run_id": run_id,
            "message": text,
        }
        print_document(
            document(args.command, instance=instance.name, **told, **fields(following),
                     exit_code=code)
        )  # fmt: skip
    else:
        show(text)
        show_followed(following)
    messages.fact(
        "role", instance=instance.name, role=Role.MASTER.value, generation=generation, text=text
    )
    return code

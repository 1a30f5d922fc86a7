"""Stop a running promotion of this node before its next mutating call. Releases nothing.

What this node holds stays here until the new master takes it: releasing would race with that,
on two machines, and leave the claims with nobody. keepalived calls it as notify_backup.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from cloudfail.cli import parser as flags


def configure(parser: ArgumentParser) -> None:
    flags.add_selection(parser)
    flags.add_claims(parser)
    flags.add_output(parser)
    flags.add_debug(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    from cloudfail.cli.recording import record
    from cloudfail.cli.target import find_instance
    from cloudfail.role import Role

    config, instance = find_instance(args)
    return record(args, config, instance.name, Role.BACKUP)

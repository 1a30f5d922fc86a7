"""Let the agent of this node read its configuration again; a bad one leaves the old in use."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from cloudfail.cli import parser as flags


def configure(parser: ArgumentParser) -> None:
    flags.add_output(parser)
    flags.add_debug(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Raises UnreachableError when no agent answers."""
    from cloudfail.cli.handing_over import order

    return order(["reload", "--output", args.output])

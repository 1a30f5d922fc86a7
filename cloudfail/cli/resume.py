"""Let the agent of this node work again, after `pause`: it looks at once."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from cloudfail.cli import parser as flags


def configure(parser: ArgumentParser) -> None:
    flags.add_instances(parser)
    flags.add_output(parser)
    flags.add_debug(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Raises UnreachableError when no agent answers."""
    from cloudfail.cli.handing_over import order

    return order(["resume", *flags.instance_words(args), "--output", args.output])

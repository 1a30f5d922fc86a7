"""Let the agent of this node move and repair nothing, until `resume`; across restarts too.

Its metrics and `status` say so, and it raises an alarm: nobody fails over to a node that is paused.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from cloudfail.cli import parser as flags


def configure(parser: ArgumentParser) -> None:
    flags.add_instances(parser)
    parser.add_argument(
        "--why",
        metavar="TEXT",
        type=flags.filled,
        help="the reason, for others to read",
    )
    flags.add_output(parser)
    flags.add_debug(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Raises UnreachableError when no agent answers."""
    from cloudfail.cli.handing_over import order

    why = ["--why", args.why] if args.why else []
    return order(["pause", *flags.instance_words(args), *why, "--output", args.output])

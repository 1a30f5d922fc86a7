"""Give the role to a peer, as for maintenance of this node: planned, and with proof.

The agent lets keepalived go to FAULT, waits until a peer masters and holds every claim, and ends
the FAULT. When no peer's advert comes within a master-down interval it takes the role back.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from cloudfail.cli import parser as flags


def configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--instance",
        metavar="NAME",
        type=flags.filled,
        help="the vrrp_instance; default: the only one",
    )
    flags.add_output(parser)
    flags.add_debug(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Raises UnreachableError when no agent answers."""
    from cloudfail.cli.handing_over import order

    named = ["--instance", args.instance] if args.instance else []
    return order(["handover", *named, "--output", args.output])

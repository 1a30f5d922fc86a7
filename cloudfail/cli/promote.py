"""Make this node own every claim of an instance, and prove it by reading back.

As it stands in keepalived.conf:      notify_master "/usr/bin/cloudfail promote --provider aws"
Without a file:                       cloudfail promote --provider aws --public-ip 203.0.113.7
Look first:                           cloudfail promote --dry-run
Apply exactly what was reviewed:      cloudfail promote --expect DIGEST
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import TYPE_CHECKING

from cloudfail.cli import parser as flags

if TYPE_CHECKING:
    from cloudfail.outcome import Order

_DIGEST = 16
OUTPUTS = ("text", "json", "markdown", "shell")


def configure(parser: ArgumentParser) -> None:
    flags.add_selection(parser)
    flags.add_claims(parser)
    group = parser.add_argument_group("how")
    group.add_argument(
        "--dry-run", action="store_true", help="print the plan, write nothing; exit 0 or 2"
    )
    group.add_argument(
        "--check",
        action="store_true",
        help="with --dry-run: ask the cloud whether it would work (permissions, slots, egress)",
    )
    group.add_argument(
        "--expect",
        metavar="DIGEST",
        type=digest,
        help="apply only the plan of this digest",
    )
    group.add_argument("--force", action="store_true", help="take from strangers too")
    flags.add_deadline(parser)
    flags.add_output(parser, OUTPUTS)
    flags.add_debug(parser)
    parser.set_defaults(run=run)


def digest(text: str) -> str:
    """Take what `plan` prints as digest: an empty one would apply any plan."""
    if len(text) != _DIGEST or not all(char in "0123456789abcdef" for char in text):
        raise ArgumentTypeError(f'"{text}" is no digest: {_DIGEST} hex digits, as `plan` prints it')
    return text


def run(args: Namespace) -> int:
    """Exit 0: every claim is held and verified. Otherwise the worst claim's exit code."""
    check_flags(args)
    if args.dry_run:
        from cloudfail.cli import plan

        return plan.run(args)
    return _promote(args)


def check_flags(args: Namespace) -> None:
    """Raises UsageError for flags that do not go together."""
    from cloudfail.errors import UsageError

    if args.dry_run:
        if args.expect:
            raise UsageError("--expect belongs to a promotion: leave out --dry-run")
    elif args.check or args.output in {"markdown", "shell"}:
        which = "--check" if args.check else f"--output {args.output}"
        raise UsageError(f"{which} belongs to a plan: add --dry-run")


def order_of(args: Namespace) -> Order:
    """Say what was asked for: what is forced or reviewed always looks anew."""
    from cloudfail.outcome import Order

    reviewed = args.expect or ""
    return Order(force=args.force, expect=reviewed, join=not (args.force or reviewed))


def _promote(args: Namespace) -> int:
    from cloudfail.cli.looks import Looks
    from cloudfail.cli.stop import Stopper
    from cloudfail.cli.target import find_target

    with Stopper() as stopper:
        target = find_target(args)
        looks = Looks(args, target.config, target.instance, target, stopper, mates=False)
        order = order_of(args)
        if looks.look(order) and not order.expect:
            looks.look_until_settled(order)
        ended = looks.ended
    from cloudfail.cli.result import tell

    return tell(args.command, target, ended, as_json=args.output == "json")

"""Say who holds each claim now: mine, a peer, nobody, a stranger, or unknown. Changes nothing.

Where the agent answers it shows what it saw last, when that was, for how long role and holding have
disagreed (DRIFT), what the wire proves of the role, and where the time of the last failover went.

With --check, one line for Nagios, Icinga and the like, and their exit codes:
  0 OK        as master this node holds every claim; otherwise one peer holds them all
  1 WARNING   held in part here and in part elsewhere; held here though the role is not MASTER;
              something will stop this node from taking a claim; or it is paused
  2 CRITICAL  the role is MASTER and a claim is elsewhere; or nobody or a stranger holds one
  3 UNKNOWN   the cloud, or this machine's configuration, did not say
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from cloudfail.cli import parser as flags
from cloudfail.cli.asking import asking
from cloudfail.cli.document import document, error_document, holding_value, print_document
from cloudfail.cli.monitor import UNKNOWN, WARNING, Verdict, in_line, judge, warning
from cloudfail.cli.output import show
from cloudfail.cli.paused import pause_of
from cloudfail.cli.table import coloured, render_table
from cloudfail.cli.target import find_target
from cloudfail.errors import CloudfailError
from cloudfail.model import Holding, Node
from cloudfail.role import RoleStore, default_directory
from cloudfail.target import Target


def configure(parser: ArgumentParser) -> None:
    flags.add_selection(parser)
    flags.add_claims(parser)
    parser.add_argument("--check", action="store_true", help="one line and exit code for Nagios")
    parser.add_argument(
        "--watch",
        metavar="SECONDS",
        nargs="?",
        const=2.0,
        type=flags.seconds,
        help="show it again and again, every 2 s or so many, until Ctrl-C",
    )
    flags.add_deadline(parser)
    flags.add_output(parser)
    flags.add_debug(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Exit 0 whoever holds what; with --check, the exit codes of the module's text."""
    if args.watch:
        from cloudfail.cli.watching import watch

        return watch(args, _once)
    return _once(args)


def _once(args: Namespace) -> int:
    try:
        target = find_target(args)
        node, holdings = _look(target)
    except CloudfailError as error:
        if not args.check:
            raise
        line = in_line(f"CLOUDFAIL UNKNOWN - {error}")
        if args.output == "json":
            print_document({**error_document("status", error), "verdict": "unknown",
                            "message": line, "exit_code": UNKNOWN})  # fmt: skip
        else:
            show(line)
        return UNKNOWN
    name, role, paused = target.instance.name, _role(target.instance.name), pause_of(target)
    verdict = judge(name, role, holdings)
    if paused and verdict.code < WARNING:
        verdict = warning(name, paused, verdict)
    if args.output == "json":
        _print_json(target, node, holdings, verdict, role, code=verdict.code if args.check else 0)
    elif args.check:
        show(verdict.line)
    else:
        _print_table(target, node, holdings, role)
        if paused:
            show(f"paused: {paused.removeprefix('paused ')}")
    return verdict.code if args.check else 0


def _look(target: Target) -> tuple[Node, tuple[Holding, ...]]:
    ask = asking(target)
    reader = target.build()
    node = ask(reader.identify)
    return node, tuple(ask(lambda: reader.observe(target.instance.claims)))


def _role(instance: str) -> str:
    recorded = RoleStore(default_directory()).current(instance)
    return recorded.role.value if recorded else ""


def _print_table(target: Target, me: Node, holdings: tuple[Holding, ...], role: str) -> None:
    node = f", node {target.node_name}" if target.node_name else ""
    show(f"instance {target.instance.name}{node}, role {role or 'not recorded'}")
    rows = [
        (str(one.claim), one.owner.value, target.whereabouts(one, me), one.holder, one.remark)
        for one in holdings
    ]
    head, *lines = render_table(("CLAIM", "OWNER", "NODE", "HOLDER", "OBSTACLE"), rows).splitlines()
    show(head)
    for line, one in zip(lines, holdings, strict=True):
        show(coloured(line, one.owner))


def _print_json(
    target: Target,
    node: Node,
    holdings: tuple[Holding, ...],
    verdict: Verdict,
    role: str,
    *,
    code: int,
) -> None:
    print_document(
        document(
            "status",
            instance=target.instance.name,
            provider=target.spec.name,
            node={"name": target.node_name, "ref": node.ref},
            role=role,
            verdict=verdict.word.lower(),
            message=verdict.line,
            holdings=[holding_value(one, target.holder_name(one, node)) for one in holdings],
            agent=None,
            exit_code=code,
        )
    )

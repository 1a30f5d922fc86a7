"""Rehearse a failover on this machine: an embedded cloud, and real keepalived nodes.

  cloudfail lab run kill-master         watch one, with a verdict
  cloudfail lab list                    the scenarios
  cloudfail lab up                      leave it running: lab exec, kill, cut, heal, status, down
  cloudfail lab cloud aws --port 4566   the embedded cloud alone, for other tools

As root, or as an ordinary user (package uidmap); in a plain container add --simulate.
"""

from __future__ import annotations

import argparse
from typing import Any

from cloudfail.cli import parser as flags

_ADVERT = 1.0
_CLAIMS = ("public-ip", "forwarding-rule", "private-ip", "route", "standing-route")


def add_parser(commands: Any) -> None:
    """Register `lab` and its own commands; nothing heavy is imported for that."""
    lab = commands.add_parser(
        "lab",
        help="rehearse a failover on this machine",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    lab.set_defaults(run=_without_command(lab))
    actions = lab.add_subparsers(dest="action", metavar="COMMAND", title="commands")
    _add_run(actions)
    _add_list(actions)
    _add_cloud(actions)
    _add_up(actions)
    _add_deeds(actions)


def _without_command(lab: argparse.ArgumentParser) -> Any:
    def run(_: argparse.Namespace) -> int:
        lab.error("which command? run, list, up, cloud, ...")

    return run


def _add_run(actions: Any) -> None:
    run = actions.add_parser("run", help="play one scenario, and judge it")
    run.add_argument("scenario", metavar="SCENARIO", help="see `cloudfail lab list`")
    _add_setup(run)
    run.add_argument(
        "--claim",
        choices=_CLAIMS,
        action="append",
        default=[],
        help="what the master must own; repeatable; default: public-ip, on Google Cloud "
        "forwarding-rule, on Azure route",
    )
    _add_agent(run)
    run.add_argument(
        "--simulate", action="store_true", help="play VRRP's events instead of running keepalived"
    )
    flags.add_output(run)
    flags.add_debug(run)
    run.set_defaults(run=_run)


def _add_setup(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--provider", default="aws", metavar="NAME", help="aws, gcp or azure; default: aws"
    )
    parser.add_argument(
        "--latency",
        type=_not_negative,
        default=0.0,
        metavar="MS",
        help="delay every answer of the cloud's API; default: 0",
    )
    parser.add_argument(
        "--advert-int",
        type=flags.seconds,
        default=_ADVERT,
        metavar="SECONDS",
        help="VRRP's advertisement interval, 0.1 and more; default: 1",
    )


def _add_list(actions: Any) -> None:
    listing = actions.add_parser("list", help="list the scenarios")
    flags.add_output(listing)
    listing.set_defaults(run=_list)


def _add_cloud(actions: Any) -> None:
    cloud = actions.add_parser("cloud", help="run the embedded cloud alone")
    cloud.add_argument(
        "words",
        nargs=argparse.REMAINDER,
        metavar="PROVIDER ...",
        help="aws, gcp or azure; `cloudfail lab cloud aws --help` lists its options",
    )
    cloud.set_defaults(run=_cloud)


def _add_up(actions: Any) -> None:
    up = actions.add_parser("up", help="start a lab, and leave it running")
    _add_setup(up)
    up.add_argument("--nodes", type=int, choices=(2, 3), default=2, help="default: 2")
    _add_agent(up)
    _add_name(up)
    up.set_defaults(run=_deed)


def _add_deeds(actions: Any) -> None:
    deeds = {
        "down": ("end it", ""),
        "status": ("who is master, and who holds what", ""),
        "kill": ("kill a node, without a last word", "node"),
        "boot": ("boot a dead node, and start keepalived", "node"),
        "freeze": ("stop everything on a node", "node"),
        "thaw": ("let a frozen node go on", "node"),
        "cut": ("cut a node's link; with two nodes: what they send each other", "nodes"),
        "heal": ("undo every cut", ""),
        "logs": ("what keepalived and cloudfail logged on a node", "node"),
        "exec": ("run a command on a node: lab exec a -- ip addr", "command"),
    }
    for name, (summary, takes) in deeds.items():
        deed = actions.add_parser(name, help=summary)
        _add_name(deed)
        if name == "status":
            flags.add_output(deed)
        if takes == "nodes":
            deed.add_argument("node", metavar="NODE", nargs="+")
            deed.add_argument(
                "--one-way", action="store_true", help="only what the first sends to the second"
            )
        elif takes:
            deed.add_argument("node", metavar="NODE")
        if takes == "command":
            deed.add_argument("words", nargs=argparse.REMAINDER, metavar="-- COMMAND")
        deed.set_defaults(run=_deed)


def _add_agent(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--agent", action="store_true", help="with the resident agent on the nodes")


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", default="lab", help="which lab, when there are several")


def _not_negative(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 60_000:  # noqa: PLR2004 - a minute
        raise argparse.ArgumentTypeError(f'"{text}" is not a number of milliseconds, like 50')
    return value


def _run(args: argparse.Namespace) -> int:
    from cloudfail.cli.lab_run import run

    return run(args)


def _list(args: argparse.Namespace) -> int:
    from cloudfail.cli.lab_run import list_scenarios

    return list_scenarios(args)


def _cloud(args: argparse.Namespace) -> int:
    from cloudfail.errors import UsageError
    from cloudfail.lab.cloud.main import serve
    from cloudfail.lab.preflight import check_cloud

    if not args.words:
        raise UsageError("which cloud? for example: cloudfail lab cloud aws --port 4566")
    check_cloud(args.words[0])
    return serve(args.words)


def _deed(args: argparse.Namespace) -> int:
    from cloudfail.cli.lab_up import deed

    return deed(args)

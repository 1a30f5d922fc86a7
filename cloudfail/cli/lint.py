"""Find the known mistakes in keepalived.conf, before they cost an outage.

cloudfail lint                          /etc/keepalived/keepalived.conf of this machine
cloudfail lint a.conf b.conf            the files of both nodes: compared with each other too
ssh b cat /etc/keepalived/keepalived.conf | cloudfail lint --no-host -
cloudfail lint --output github a.conf   annotations on the lines of a pull request
cloudfail lint --explain KA012          why a finding is one, and what to do
A comment `# cloudfail: ignore KA012 REASON` on its line, or above it, takes a finding away;
`# cloudfail: ignore-file KA001 REASON`, once, all of a file.
Exit code 0; 1: a finding of --fail-on or worse is left; 78: a file cannot be read.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from cloudfail import identity
from cloudfail.cli import messages
from cloudfail.cli import parser as flags
from cloudfail.cli.lint_output import ORDER, print_github, print_json, print_text
from cloudfail.cli.lint_rules import explain, list_rules
from cloudfail.keepalived.lint import NodeConf, confs_of, confs_of_text, lint
from cloudfail.keepalived.lint.origin import is_for_another
from cloudfail.keepalived.lint.rule import MEASURED
from cloudfail.keepalived.version import (
    Version,
    check_supported,
    installed_version,
    parse_version,
)
from cloudfail.model import Address, Severity

DEFAULT = "/etc/keepalived/keepalived.conf"
OUTPUTS = ("text", "json", "github")
FOUND = 1


def configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        type=flags.filled,
        help=f"one per node, - for standard input; default: {DEFAULT}",
    )
    flags.add_output(parser, OUTPUTS)
    parser.add_argument(
        "--fail-on",
        choices=[str(one) for one in reversed(ORDER)],
        default=str(Severity.WARNING),
        help="exit 1 for a finding of this severity or worse; default: warning",
    )
    parser.add_argument(
        "--keepalived-version",
        metavar="VERSION",
        type=flags.filled,
        help=f"2.0 to 2.4; default: the installed one, else {MEASURED}",
    )
    _add_modes(parser)
    flags.add_debug(parser)
    parser.set_defaults(run=run)


def _add_modes(parser: ArgumentParser) -> None:
    host = parser.add_mutually_exclusive_group()
    host.add_argument(
        "--host",
        action="store_true",
        default=None,
        help="look at this machine's scripts too; default: for its own file",
    )
    host.add_argument("--no-host", dest="host", action="store_false", help="look at the files only")
    about = parser.add_mutually_exclusive_group()
    about.add_argument("--explain", metavar="CODE", type=flags.filled, help="explain one code")
    about.add_argument("--list", action="store_true", help="list all codes")


def run(args: Namespace) -> int:
    if args.list:
        return list_rules(args.output)
    if args.explain:
        return explain(args.explain.upper(), args.output)
    confs = [conf for name in _once(args.files or [DEFAULT]) for conf in _confs(name)]
    version = _version(args.keepalived_version)
    found = lint(confs, version, host=_for_this_machine(confs, host=args.host))
    failed = any(ORDER.index(one.severity) >= ORDER.index(Severity(args.fail_on)) for one in found)
    code = FOUND if failed else 0
    if args.output == "json":
        print_json(confs, version, found, code)
    elif args.output == "github":
        print_github(confs, found)
    else:
        print_text(confs, found)
    return code


def _once(names: Sequence[str]) -> Iterable[str]:
    """A file that two names lead to is one node."""
    return {os.path.realpath(name): name for name in names}.values()


def _confs(name: str) -> tuple[NodeConf, ...]:
    if name != "-":
        return confs_of(Path(name))
    text = sys.stdin.buffer.read().decode(errors="replace")
    return confs_of_text(text, "standard input", Path())


def _version(text: str | None) -> Version:
    if text:
        version = parse_version(text)
    else:
        installed = installed_version()
        if installed is None:
            messages.say(
                f"keepalived is not installed here: taking it for {MEASURED}; "
                "say which one it is with --keepalived-version"
            )
        version = installed or MEASURED
    check_supported(version)
    return version


def _for_this_machine(confs: Sequence[NodeConf], *, host: bool | None) -> list[NodeConf]:
    if host is not None:
        return list(confs) if host else []
    local = identity.local_addresses()
    skipped = [conf for conf in confs if is_for_another(conf, local)]
    for name in dict.fromkeys(conf.file for conf in skipped):
        messages.say(f"{name} is of another node: its scripts are not looked at here; see --host")
    return _here([conf for conf in confs if conf not in skipped], local)


def _here(confs: Sequence[NodeConf], local: Collection[Address]) -> list[NodeConf]:
    """Of several nodes' files only this machine's is held against it; a file alone is taken for it."""
    if len({conf.file for conf in confs}) <= 1:
        return list(confs)
    mine = [conf for conf in confs if any(one.source in local for one in conf.instances)]
    if not mine:
        messages.say("no unicast_src_ip is this machine's: scripts are not looked at; see --host")
    return mine

"""Look at this node before it has to take over: configuration, cloud, keepalived, adverts.

cloudfail doctor                  one screen: ok, warning or failed, and what to do
cloudfail doctor --no-cloud       nothing is asked of the cloud's API
cloudfail doctor --output json    for monitoring; exit code 1 when something failed

Run it as root: it tries what keepalived's scripts may do, and listens for VRRP.
"""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from cloudfail.cli import parser as flags
from cloudfail.cli.document import document, print_document
from cloudfail.cli.messages import has_colour
from cloudfail.cli.output import show
from cloudfail.cli.target import Wanted, find_target
from cloudfail.config import DEFAULT_PATH, Config, ConfiguredNode, Instance, examine
from cloudfail.config.problems import suggest
from cloudfail.doctor import DEADLINE, Case, Check, Machine, Options, Status
from cloudfail.doctor import examine as examine_node
from cloudfail.doctor.check import failed, ok, warning
from cloudfail.errors import CloudfailError, ConfigError
from cloudfail.keepalived.generate import Site, names_of, node_here, site_of
from cloudfail.keepalived.version import Version, installed_version
from cloudfail.line import one_line
from cloudfail.target import Target

FAILED = 1
_MARKS = {
    Status.OK: ("ok     ", "32"),
    Status.WARNING: ("warning", "33"),
    Status.FAILED: ("FAILED ", "31"),
}
_NOTHING_ELSE = warning("everything else", "not looked at: it waits for a valid configuration")


def configure(parser: ArgumentParser) -> None:
    flags.add_selection(parser)
    flags.add_settings(parser)
    group = parser.add_argument_group("what to leave out")
    group.add_argument("--no-cloud", action="store_true", help="ask nothing of the cloud's API")
    group.add_argument(
        "--no-adverts", action="store_true", help="do not listen for VRRP, three intervals long"
    )
    parser.add_argument(
        "--deadline",
        metavar="SECONDS",
        type=flags.seconds,
        default=DEADLINE,
        help=f"how long each question to the cloud may take; default: {DEADLINE:g}",
    )
    flags.add_output(parser)
    flags.add_debug(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Exit 0: nothing failed (warnings or not); 1: something did."""
    report = _Report(live=args.output != "json")
    for check in _checks(args):
        report.take(check)
    if args.output == "json":
        _print_json(report)
    else:
        show(report.summary)
    return report.exit_code


class _Report:
    """Shows each check as it is made: some take seconds."""

    def __init__(self, *, live: bool) -> None:
        self.checks: list[Check] = []
        self._live = live

    def take(self, check: Check) -> None:
        self.checks.append(check)
        if self._live:
            show(_line(check))

    def count(self, status: Status) -> int:
        return sum(check.status is status for check in self.checks)

    @property
    def exit_code(self) -> int:
        return FAILED if self.count(Status.FAILED) else 0

    @property
    def summary(self) -> str:
        counts = (f"{self.count(status)} {status.value}" for status in Status)
        return f"doctor: {', '.join(counts)}"


def _line(check: Check) -> str:
    mark, colour = _MARKS[check.status]
    shown = f"\x1b[{colour}m{mark}\x1b[0m" if has_colour() else mark
    of = f"{check.instance}: " if check.instance else ""
    text = one_line(f"{of}{check.subject}: {check.message}")
    remedy = f"\n         -> {one_line(check.remedy)}" if check.remedy else ""
    return f"{shown}  {text}{remedy}"


def _print_json(report: _Report) -> None:
    checks = [
        {
            "instance": check.instance,
            "subject": check.subject,
            "status": check.status.value,
            "message": check.message,
            "remedy": check.remedy,
        }
        for check in report.checks
    ]
    counts = {status.value: report.count(status) for status in Status}
    print_document(document("doctor", checks=checks, counts=counts, exit_code=report.exit_code))


def _checks(args: Namespace) -> Iterator[Check]:
    path = Path(args.config or os.environ.get("CLOUDFAIL_CONFIG") or DEFAULT_PATH)
    try:
        config, problems = examine(path)
    except ConfigError as error:
        yield failed("configuration", str(error))
        yield _NOTHING_ELSE
        return
    for problem in problems:
        where = ": ".join(part for part in (problem.source, problem.key) if part)
        yield failed("configuration", f"{where}: {problem.message}", problem.remedy)
    if not problems:
        yield ok("configuration", f"{path} is valid")
    if any(not problem.provider for problem in problems):
        yield _NOTHING_ELSE
        return
    yield from _of_config(args, config)


def _of_config(args: Namespace, config: Config) -> Iterator[Check]:
    wanted = Wanted.of(args, os.environ)
    version = installed_version()
    name, site = "", None
    try:
        name = _node(wanted.node, config)
        site = _site(config, name, version)
    except ConfigError as error:
        yield failed("node", str(error))
    machine = Machine(config=config, site=site, version=version, environ=dict(os.environ))
    instances = _instances(wanted, config, name)
    if not instances:
        yield failed("instance", *_no_instance(wanted, config, name))
    cases: list[Case] = []
    for instance in instances:
        me = next((node for node in instance.nodes if node.name == name), None)
        try:
            cases.append(_case(args, machine, instance, me))
        except CloudfailError as error:
            cases.append(Case(machine=machine, instance=instance, me=me))
            yield replace(failed("configuration", str(error)), instance=instance.name)
    options = Options(cloud=not args.no_cloud, wire=not args.no_adverts)
    yield from examine_node(machine, cases, options)


def _node(wanted: str, config: Config) -> str:
    """Return which node this is; empty where none are configured. Raises ConfigError."""
    names = names_of(config)
    if not names:
        return ""
    name = wanted or node_here(config)
    if name not in names:
        raise ConfigError(f'no node is named "{name}"; {suggest(name, names)}')
    return name


def _site(config: Config, name: str, version: Version | None) -> Site | None:
    return site_of(config, name, version) if name and version else None


def _instances(wanted: Wanted, config: Config, name: str) -> list[Instance]:
    """Return those asked for; otherwise those that this node is a member of."""
    found = list(config.instances.values())
    if wanted.provider:
        found = [one for one in found if one.provider == wanted.provider]
    if wanted.instance:
        return [one for one in found if one.name == wanted.instance]
    return [
        one
        for one in found
        if not (name and one.nodes) or any(node.name == name for node in one.nodes)
    ]


def _no_instance(wanted: Wanted, config: Config, name: str) -> tuple[str, str]:
    of = f" of provider {wanted.provider}" if wanted.provider else ""
    if wanted.instance:
        return f'there is none named "{wanted.instance}"{of}', suggest(
            wanted.instance, config.instances
        )
    return f"there is none{of} for node {name or 'any'}", "add [instance.NAME]"


def _case(args: Namespace, machine: Machine, instance: Instance, me: ConfiguredNode | None) -> Case:
    """Return what the checks of an instance need. Raises CloudfailError."""
    plain = Case(machine=machine, instance=instance, me=me, deadline=args.deadline)
    if not instance.claims or (instance.nodes and me is None):
        return plain  # which node this is has failed already
    target = find_target(Namespace(**{**vars(args), "instance": instance.name}))
    return _of_target(machine, target, me)


def _of_target(machine: Machine, target: Target, me: ConfiguredNode | None) -> Case:
    return Case(
        machine=machine,
        instance=target.instance,
        me=me,
        build=target.build,
        name_of=target.whereabouts,
        deadline=target.deadline,
        endpoint=getattr(target.settings, "endpoint", "") or "",
    )

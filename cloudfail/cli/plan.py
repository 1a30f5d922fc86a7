"""Say what promote would do, and do nothing: no lock, no role, no journal, no write.

Exit codes: 0 nothing to do; 2 changes pending; 77 nothing can be done (a stranger holds it, or
something stands in the way), or --check found that it would fail; 75 the cloud did not say.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

import msgspec

from cloudfail.cli import parser as flags
from cloudfail.cli.output import show
from cloudfail.cli.promote import OUTPUTS
from cloudfail.cli.target import find_target
from cloudfail.model import Finding, Owner, Plan, Severity
from cloudfail.target import Target

PENDING = 2
REFUSED = 77
UNSAID = 75


def configure(parser: ArgumentParser) -> None:
    flags.add_selection(parser)
    flags.add_claims(parser)
    group = parser.add_argument_group("how")
    group.add_argument(
        "--check",
        action="store_true",
        help="ask the cloud whether it would work (permissions, slots, egress)",
    )
    group.add_argument("--force", action="store_true", help="plan to take from strangers too")
    flags.add_deadline(parser)
    flags.add_output(parser, OUTPUTS)
    flags.add_debug(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    target = find_target(args)
    plan, checked = _look(target, force=args.force, check=args.check)
    shown = msgspec.structs.replace(plan, findings=(*plan.findings, *checked))
    code = exit_code(plan, checked)
    render(args.output, target, shown, code)
    return code


def exit_code(plan: Plan, checked: Sequence[Finding] = ()) -> int:
    """Say it by number, as the module's text does."""
    if any(finding.severity is Severity.ERROR for finding in checked):
        return REFUSED
    if plan.steps:
        return PENDING
    if not plan.blocked:
        return 0
    owners = {holding.owner for holding in plan.holdings if not holding.obstacle}
    unsaid = Owner.UNKNOWN in owners and Owner.STRANGER not in owners
    return UNSAID if unsaid and not any(one.obstacle for one in plan.holdings) else REFUSED


def render(output: str, target: Target, plan: Plan, code: int) -> None:
    """Print the plan in one of the formats."""
    if output == "json":
        from cloudfail.cli.document import print_document
        from cloudfail.cli.render_json import plan_document

        print_document(plan_document(target, plan, code))
        return
    if output == "markdown":
        from cloudfail.cli.render_markdown import render_plan
    elif output == "shell":
        from cloudfail.cli.render_shell import render_plan
    else:
        from cloudfail.cli.render_text import render_plan
    show(render_plan(target, plan), end="")


def _look(target: Target, *, force: bool, check: bool) -> tuple[Plan, Sequence[Finding]]:
    from cloudfail.cli.asking import asking
    from cloudfail.planner import build_plan

    ask = asking(target)
    reader = target.build()
    plan = ask(
        lambda: build_plan(
            reader,
            target.instance.claims,
            instance=target.instance.name,
            rules=target.rules(force=force),
        )
    )
    return plan, ask(lambda: reader.check(plan.lanes)) if check else ()

"""A plan as the vendor's commands, for a person to paste."""

from __future__ import annotations

import shlex

from cloudfail.cli.render_text import finding_line
from cloudfail.model import Plan
from cloudfail.target import Target


def render_plan(target: Target, plan: Plan) -> str:
    """Return a POSIX shell script: it stops at the first command that fails."""
    lines = [
        "#!/bin/sh",
        _comment(f"cloudfail plan {plan.digest}: instance {plan.instance}, to {plan.node.ref}"),
        *(_comment(finding_line(finding)) for finding in plan.findings),
        "set -eu",
    ]
    lines += exports(target, plan)
    if not plan.steps:
        why = "nothing can be done now" if plan.blocked else "nothing to do"
        lines += ["", f"# {why}"]
    for lane in plan.lanes:
        for step in lane.steps:
            lines += ["", _comment(step.summary), shlex.join(target.spec.render(step))]
    return "\n".join(lines) + "\n"


def exports(target: Target, plan: Plan) -> list[str]:
    """Return the lines that make the commands reach the same cloud; none without steps."""
    if not plan.steps:
        return []
    variables = target.spec.environment(target.settings, plan.node)
    return [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]


def _comment(text: str) -> str:
    """A line break in a text of the cloud's must not begin a command."""
    return "# " + " ".join(text.split())

"""A plan for a person at a terminal."""

from __future__ import annotations

from cloudfail.cli.table import coloured
from cloudfail.line import one_line
from cloudfail.model import Finding, Holding, Plan
from cloudfail.target import Target


def render_plan(target: Target, plan: Plan) -> str:
    """Return who holds what, the steps, and what stands in the way."""
    me = f"{target.node_name} ({plan.node.ref})" if target.node_name else plan.node.ref
    lines = [f"instance {plan.instance}, this node is {me}", "", "now:"]
    lines += [
        f"  {holding_line(holding, target.whereabouts(holding, plan.node))}"
        for holding in plan.holdings
    ]
    lines += ["", *_steps(plan)]
    if plan.findings:
        lines += ["", "findings:", *(f"  {finding_line(finding)}" for finding in plan.findings)]
    lines += ["", f"digest {plan.digest}"]
    return "\n".join(lines) + "\n"


def holding_line(holding: Holding, name: str = "") -> str:
    """Return `public-ip 203.0.113.7: peer (b, eni-0b)`."""
    holder = ", ".join(part for part in (name, holding.holder) if part)
    owner = coloured(holding.owner.value, holding.owner)
    why = f"; {one_line(holding.remark)}" if holding.remark else ""
    return f"{holding.claim}: {owner}" + (f" ({holder})" if holder else "") + why


def finding_line(finding: Finding) -> str:
    remedy = f"; {finding.remedy}" if finding.remedy else ""
    return one_line(f"{finding.severity.value}: {finding.subject}: {finding.message}{remedy}")


def _steps(plan: Plan) -> list[str]:
    if not plan.steps:
        what = "what is left cannot be done now" if plan.blocked else "nothing to do"
        return [f"steps: none, {what}"]
    lines = ["steps, one lane beside the other:"]
    for lane in plan.lanes:
        lines.append(f"  {lane.key}")
        lines += [f"    {step.call}: {step.summary}" for step in lane.steps]
    return lines

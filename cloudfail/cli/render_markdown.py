"""A plan as a page of a runbook."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from cloudfail.cli.render_shell import exports
from cloudfail.cli.render_text import finding_line
from cloudfail.model import Holding, Owner, Plan, Severity, Step
from cloudfail.target import Target


def render_plan(target: Target, plan: Plan) -> str:
    """Return who holds what, each step with its result, how to check, and how to go back."""
    node = target.node_name or plan.node.name or plan.node.ref
    parts = [
        f"# Move {plan.instance} to {node}" if plan.steps else f"# {plan.instance} on {node}",
        "",
        f"Cloud: {target.spec.name}. Network interface: `{plan.node.ref}`. Plan: `{plan.digest}`.",
        "",
        *_now(target, plan),
        *_findings(plan),
        *_steps(target, plan),
        *_check(target),
        *_back(target, plan),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _now(target: Target, plan: Plan) -> Iterator[str]:
    yield from ("## Who holds what now", "", "| claim | owner | holder |", "|---|---|---|")
    for holding in plan.holdings:
        holder = f"`{holding.holder}`" if holding.holder else ""
        who = f"{target.whereabouts(holding, plan.node)} {holder}".strip()
        yield f"| {_cell(str(holding.claim))} | {holding.owner.value} | {who} |"
    yield ""


def _findings(plan: Plan) -> Iterator[str]:
    harmless = {Severity.OK, Severity.INFO}
    parts = (
        ("What stands in the way", [one for one in plan.findings if one.severity not in harmless]),
        ("What was checked", [one for one in plan.findings if one.severity in harmless]),
    )
    for title, findings in parts:
        if findings:
            yield from (f"## {title}", "", *(f"* {finding_line(one)}" for one in findings), "")


def _steps(target: Target, plan: Plan) -> Iterator[str]:
    yield from ("## Steps", "")
    if not plan.steps:
        yield "Nothing can be done now." if plan.blocked else "Nothing to do."
        yield ""
        return
    force = "--force " if target.forced else ""
    yield "On that node, all at once and verified; it changes nothing if the world moved since:"
    yield from ("", *_code(f"cloudfail promote {target.again} {force}--expect {plan.digest}"), "")
    yield "Expected result: exit code 0, and `taken and verified`."
    yield from ("", "Or by hand, from anywhere that may write, in this order:", "")
    before = exports(target, plan)
    if before:
        yield from (*_code("\n".join(before)), "")
    for number, step in enumerate(plan.steps, 1):
        yield from _step(target, step, number, plan.node.ref)


def _step(target: Target, step: Step, number: int, ref: str) -> Iterator[str]:
    yield f"### {number}. {step.summary}"
    yield from ("", *_code(shlex.join(target.spec.render(step))), "")
    what = ", ".join(map(str, step.claims))
    result = "nobody holds it" if step.releases else f"`{ref}` holds it"
    yield f"Expected result: the command exits 0, and {result} ({what})."
    if step.destroys:
        kept = ", ".join(f"{name} = {value}" for name, value in step.destroys.items())
        yield f"Write down first, it cannot be read afterwards: {kept}."
    yield ""


def _check(target: Target) -> Iterator[str]:
    yield from ("## How to check", "")
    yield from _code(f"cloudfail status {target.again}")
    yield from ("", "Every claim says `mine` on the node it was moved to, `peer` elsewhere.", "")
    yield from (*_code(f"cloudfail plan {target.again}"), "")
    yield from ("Exit code 0: nothing is left to do.", "")


def _back(target: Target, plan: Plan) -> Iterator[str]:
    yield from ("## How to go back", "")
    moved = {claim for step in plan.steps for claim in step.claims}
    before = [holding for holding in plan.holdings if holding.claim in moved]
    if not before:
        yield "Nothing changes, so there is nothing to go back from."
        return
    yield "A move is undone by a move. Let keepalived make the node that held it before master"
    yield "again; otherwise this node takes it back at its next promotion. Or, on that node:"
    yield from ("", *_code(f"cloudfail promote {target.elsewhere}"), "")
    yield from (
        f"* {_origin(holding, target.whereabouts(holding, plan.node))}" for holding in before
    )


def _origin(holding: Holding, name: str) -> str:
    if holding.owner is Owner.NOBODY:
        return f"{holding.claim}: nobody held it; there is nothing to go back to"
    holder = f"{name} (`{holding.holder}`)" if name else f"`{holding.holder}`"
    return f"{holding.claim}: it was with {holder}"


def _code(text: str) -> Iterator[str]:
    yield from ("```sh", text, "```")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")

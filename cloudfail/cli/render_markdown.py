"""A plan as a page of a runbook."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from cloudfail.cli.again import arguments_of
from cloudfail.cli.render_shell import exports
from cloudfail.cli.render_text import finding_line
from cloudfail.cli.target import Target
from cloudfail.model import Holding, Owner, Plan, Step


def render_plan(target: Target, plan: Plan) -> str:
    """Return who holds what, each step with its result, how to check, and how to go back."""
    names = target.names(plan.node)
    parts = [
        f"# Move {plan.instance} to {names.get(plan.node.ref) or plan.node.ref}",
        "",
        f"Cloud: {target.spec.name}. Network interface: `{plan.node.ref}`. Plan: `{plan.digest}`.",
        "",
        *_now(plan, names),
        *_findings(plan),
        *_steps(target, plan),
        *_check(target),
        *_back(plan, names),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _now(plan: Plan, names: Mapping[str, str]) -> Iterator[str]:
    yield from ("## Who holds what now", "", "| claim | owner | holder |", "|---|---|---|")
    for holding in plan.holdings:
        holder = f"`{holding.holder}`" if holding.holder else ""
        name = names.get(holding.holder, "")
        yield f"| {_cell(str(holding.claim))} | {holding.owner.value} | {name} {holder} |"
    yield ""


def _findings(plan: Plan) -> Iterator[str]:
    if plan.findings:
        yield from ("## What stands in the way", "")
        yield from (f"* {finding_line(finding)}" for finding in plan.findings)
        yield ""


def _steps(target: Target, plan: Plan) -> Iterator[str]:
    yield from ("## Steps", "")
    if not plan.steps:
        yield from ("Nothing to do.", "")
        return
    yield "All at once, and verified, by cloudfail on that node:"
    yield from ("", *_code(f"cloudfail promote {arguments_of(target)} --expect {plan.digest}"), "")
    yield from ("Or by hand, in this order:", "")
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
    yield from _code(f"cloudfail status {arguments_of(target)}")
    yield from ("", "Every claim says `mine` on the node it was moved to, `peer` elsewhere.", "")


def _back(plan: Plan, names: Mapping[str, str]) -> Iterator[str]:
    yield from ("## How to go back", "")
    moved = {claim for step in plan.steps for claim in step.claims}
    before = [holding for holding in plan.holdings if holding.claim in moved]
    if not before:
        yield "Nothing changes, so there is nothing to go back from."
        return
    yield "A move is undone by a move: run `cloudfail promote` on the node that held it before,"
    yield "and let keepalived make that node master, or this node takes it again."
    yield ""
    yield from (f"* {_origin(holding, names)}" for holding in before)


def _origin(holding: Holding, names: Mapping[str, str]) -> str:
    if holding.owner is Owner.NOBODY:
        return f"{holding.claim}: nobody held it; there is nothing to go back to"
    name = names.get(holding.holder, "")
    holder = f"{name} (`{holding.holder}`)" if name else f"`{holding.holder}`"
    return f"{holding.claim}: it was with {holder}"


def _code(text: str) -> Iterator[str]:
    yield from ("```sh", text, "```")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")

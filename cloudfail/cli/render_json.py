"""A plan for scripts: one stable document."""

from __future__ import annotations

from typing import Any

from cloudfail.cli.document import document, finding_value, holding_value
from cloudfail.model import Lane, Plan, to_json
from cloudfail.target import Target


def plan_document(target: Target, plan: Plan, code: int) -> dict[str, Any]:
    """Return everything that is known of the plan; `command` is the vendor's argv of a step."""
    return document(
        "plan",
        instance=plan.instance,
        provider=target.spec.name,
        node={"name": target.node_name, "ref": plan.node.ref, "facts": to_json(plan.node.facts)},
        digest=plan.digest,
        forced=target.forced,
        pending=len(plan.steps),
        blocked=plan.blocked,
        holdings=[holding_value(one, target.holder_name(one, plan.node)) for one in plan.holdings],
        environment=dict(target.spec.environment(target.settings, plan.node)),
        lanes=[_lane_value(target, lane) for lane in plan.lanes],
        findings=[finding_value(finding) for finding in plan.findings],
        exit_code=code,
    )


def _lane_value(target: Target, lane: Lane) -> dict[str, Any]:
    steps = [
        {
            "call": step.call,
            "summary": step.summary,
            "stage": step.stage,
            "claims": [str(claim) for claim in step.claims],
            "params": to_json(step.params),
            "conditions": to_json(step.conditions),
            "command": list(target.spec.render(step)),
        }
        for step in lane.steps
    ]
    return {"key": lane.key, "steps": steps}

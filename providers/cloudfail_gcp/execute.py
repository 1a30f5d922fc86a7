"""Doing a step: one mutating call, and the operation that it begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cloudfail.errors import ProviderError
from cloudfail.model import Step

from cloudfail_gcp.waiting import Operations


def execute(operations: Operations, step: Step) -> None:
    """Send the step's request, and wait. Safe to repeat. Raises what `Writer.execute` allows."""
    do = _HANDLERS.get(step.call)
    if do is None:
        raise ProviderError(
            f"Google Cloud has no step {step.call!r}: the plan was made by another provider"
        )
    do(operations, step)


def _set_target(operations: Operations, step: Step) -> None:
    params = step.params
    request = {
        "project": params["project"],
        "region": params["region"],
        "forwarding_rule": params["forwardingRule"],
        "target_reference_resource": {"target": params["target"]},
    }
    operations.run(step.call, request, str(params["forwardingRule"]))


_HANDLERS: Mapping[str, Callable[[Operations, Step], None]] = {
    "forwardingRules.setTarget": _set_target,
}

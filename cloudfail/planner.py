"""Decide what to do. Reads only: it is given no Writer, so a dry run cannot write."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cloudfail import guard
from cloudfail.errors import ProviderError
from cloudfail.guard import Rules
from cloudfail.model import Claim, Holding, Lane, Node, Plan, Step
from cloudfail.provider import Reader


def build_plan(
    reader: Reader,
    claims: Sequence[Claim],
    *,
    instance: str,
    rules: Rules | None = None,
    apart: bool = False,
) -> Plan:
    """Look once, and say what would make this node own every claim.

    `apart` plans each claim by itself: a batch that the cloud refused as a whole is taken apart,
    so that one bad claim does not stop the others. Raises what `Reader` raises.
    """
    node = reader.identify()
    seen = _observe(reader, claims)
    judged = tuple(guard.judge(holding, rules or Rules()) for holding in seen)
    lanes = _apart(reader, judged, node) if apart else tuple(reader.steps(judged, node))
    return Plan(
        instance=instance,
        node=node,
        holdings=judged,
        lanes=lanes,
        findings=guard.findings(judged),
    )


def _observe(reader: Reader, claims: Sequence[Claim]) -> tuple[Holding, ...]:
    holdings = tuple(reader.observe(claims))
    if [holding.claim for holding in holdings] != list(claims):
        raise ProviderError(
            f"the provider answered {len(holdings)} holdings for {len(claims)} claims, or in "
            "another order: this is a bug in the provider"
        )
    return holdings


def _apart(reader: Reader, holdings: tuple[Holding, ...], node: Node) -> tuple[Lane, ...]:
    """Plan claim by claim; one lane an object still holds: its claims then run in turn."""
    merged: dict[str, list[Step]] = {}
    for holding in holdings:
        for lane in reader.steps((holding,), node):
            steps = merged.setdefault(lane.key, [])
            first = steps[-1].stage + 1 if steps else 0
            steps.extend(
                msgspec.structs.replace(step, stage=first + step.stage) for step in lane.steps
            )
    return tuple(Lane(key=key, steps=tuple(steps)) for key, steps in merged.items())

"""Decide what to do. Reads only: it is given no Writer, so a dry run cannot write."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import msgspec

from cloudfail import guard
from cloudfail.errors import ProviderError, in_our_words
from cloudfail.guard import Rules
from cloudfail.model import Claim, Holding, Lane, Node, Owner, Plan, PublicIp, Step
from cloudfail.provider import Reader


def build_plan(
    reader: Reader,
    claims: Sequence[Claim],
    *,
    instance: str,
    rules: Rules | None = None,
    apart: bool = False,
    leave: Collection[Claim] = (),
) -> Plan:
    """Look once, and say what would make this node own every claim.

    `apart` plans each claim by itself: a batch that the cloud refused as a whole is taken apart,
    so that one bad claim does not stop the others. Claims to `leave` are looked at, but get no
    step: their last write has not settled. Raises what `Reader` raises, and ProviderError for
    what is a bug in it.
    """
    with in_our_words("look"):
        node = reader.identify()
        seen = _observe(reader, claims)
        judged = tuple(guard.judge(holding, rules or Rules()) for holding in seen)
        usable = tuple(_unplanned(h) if h.claim in leave else h for h in judged)
        lanes = _apart(reader, usable, node) if apart else tuple(reader.steps(usable, node))
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


def _unplanned(holding: Holding) -> Holding:
    if holding.owner is Owner.MINE:
        return holding
    return msgspec.structs.replace(holding, owner=Owner.UNKNOWN)


def _stuck_beneath(public: Holding, holdings: tuple[Holding, ...]) -> Iterator[Holding]:
    """Yield the private-ip that a public-ip sits on, when it will not come here: no step follows."""
    for holding in holdings:
        if isinstance(public.claim, PublicIp) and public.claim.sits_on(holding.claim):
            moves = holding.owner in {Owner.PEER, Owner.NOBODY} and not holding.obstacle
            if not moves:
                yield holding


def _apart(reader: Reader, holdings: tuple[Holding, ...], node: Node) -> tuple[Lane, ...]:
    """Plan claim by claim; one lane an object still holds: its claims then run in turn.

    Private addresses come first: a public one may sit on them.
    """
    merged: dict[str, list[Step]] = {}
    for holding in sorted(holdings, key=lambda holding: isinstance(holding.claim, PublicIp)):
        for lane in reader.steps((holding, *_stuck_beneath(holding, holdings)), node):
            steps = merged.setdefault(lane.key, [])
            first = steps[-1].stage + 1 if steps else 0
            steps.extend(
                msgspec.structs.replace(step, stage=first + step.stage) for step in lane.steps
            )
    return tuple(Lane(key=key, steps=tuple(steps)) for key, steps in merged.items())

"""A move of each kind by an agent with its plan prepared: the calls it takes, and the gap."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.records import Call

from bench.report import Section, Target
from bench.resident import Resident, resident
from bench.scene import MASTER, Mark, arrivals, unowned_seconds
from bench.slow import FEW, SLOW, SLOWED, SlowScene

NOTICED = 0.02  # until the agent has the line, before anybody looks at the cloud's records


class Move(msgspec.Struct, frozen=True):
    """One move. Calls are counted; times are milliseconds since the line in the FIFO.

    `before` are the reads before the first change, `between` those until the last, `proof` the
    rest; `proven` is when the agent said so; `gap` is how long nobody had it.
    """

    before: int
    changes: int
    waits: int
    between: int
    proof: int
    first: float
    here: float
    proven: float
    gap: float

    @property
    def calls(self) -> int:
        return self.before + self.changes + self.waits + self.between + self.proof


def section(
    stage: SlowScene,
    rounds: int,
    held_to: Callable[[str, Move], Iterable[Target]],
    notes: Sequence[str],
) -> Section:
    """Return what a move of each kind takes where the agent has its plan prepared."""
    found = {kind: middle(moves(stage, kind, min(rounds, FEW))) for kind in stage.kinds}
    return Section(
        "moves",
        "A move of each kind by the agent",
        (
            *("kind", "reads before", "changes", "waits", "reads after"),
            *("first change", "here", "proven", "gap"),
        ),
        tuple(_row(kind, move) for kind, move in found.items()),
        targets=tuple(target for kind, move in found.items() for target in held_to(kind, move)),
        notes=(
            f"{SLOWED}; ms since the line in the FIFO; of the gap (nobody has it) the worst",
            *notes,
        ),
    )


def _row(kind: str, m: Move) -> tuple[str | float, ...]:
    counts = (m.before, m.changes, m.waits, m.between + m.proof)
    return (kind, *counts, m.first, m.here, m.proven, m.gap)


def moves(stage: SlowScene, kind: str, rounds: int) -> Sequence[Move]:
    """Let an agent of its own take the claim, again and again, with slow calls and operations."""
    with resident(stage, [stage.kinds[kind].owned]) as agent:
        return [_move(stage, agent) for _ in range(rounds)]


def middle(found: Sequence[Move]) -> Move:
    """Return the medians of the times; of the calls and of the gap the worst."""
    return Move(
        **{name: max(getattr(one, name) for one in found) for name in (*_COUNTS, "gap")},
        **{name: statistics.median(getattr(one, name) for one in found) for name in _TIMES},
    )


_COUNTS = ("before", "changes", "waits", "between", "proof")
_TIMES = ("first", "here", "proven")


def _move(stage: SlowScene, agent: Resident) -> Move:
    stage.cloud.faults = Faults()
    stage.give(MASTER)
    agent.stand_by()
    mark = Mark(stage)
    stage.cloud.faults = SLOW
    told = agent.say("MASTER")
    time.sleep(NOTICED)
    agent.until_ended()
    ended = time.monotonic()
    calls = [call for call in mark.calls() if not call.operation.endswith(stage.asides)]
    return Move(
        **_counted(calls, stage.waits),
        first=(next(call.t for call in calls if call.mutating) - told) * 1000,
        here=(max(arrivals(mark.changes(), stage.standby).values()) - told) * 1000,
        proven=(ended - told) * 1000,
        gap=unowned_seconds(mark.changes(), ended) * 1000,
    )


def _counted(calls: Sequence[Call], waiting: str) -> Mapping[str, int]:
    writes = [number for number, call in enumerate(calls) if call.mutating]
    waits = [number for number, call in enumerate(calls) if call.operation.endswith(waiting)]
    if not writes:
        raise RuntimeError(f"nothing was moved: {calls}")
    reads = [n for n in range(len(calls)) if n not in writes and n not in waits]
    return {
        "before": sum(n < writes[0] for n in reads),
        "changes": len(writes),
        "waits": len(waits),
        "between": sum(writes[0] < n < waits[-1] for n in reads),
        "proof": sum(n > waits[-1] for n in reads),
    }

"""A move of each kind by an agent with its plan prepared: the calls it takes, and the gap."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

import msgspec
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.records import Call

from bench.crowd import ADVERT_INT
from bench.gcp.stage import KINDS, GcpStage
from bench.resident import Owned, Resident, resident
from bench.scene import MASTER, arrivals, unowned_seconds

LATENCY_MS, OPERATION_MS = 50.0, 1000.0
SLOW = Faults(latency_ms=LATENCY_MS, operation_ms=OPERATION_MS)
NOTICED = 0.02  # until the agent has the line, before anybody looks at the cloud's records


def owned(kind: str) -> Owned:
    """keepalived's word is believed for an interval without an advert: there are none here."""
    return Owned("edge", 51, KINDS[kind].table, f"advert_int = {ADVERT_INT}\n")


class Move(msgspec.Struct, frozen=True):
    """One move. Calls are counted; times are milliseconds since the line in the FIFO.

    `before` are the reads before the first change, `between` those until the last, `proof` the
    rest; `gap` is how long nobody had it.
    """

    before: int
    changes: int
    waits: int
    between: int
    proof: int
    first: float
    here: float
    gap: float

    @property
    def calls(self) -> int:
        return self.before + self.changes + self.waits + self.between + self.proof


def moves(stage: GcpStage, kind: str, rounds: int) -> Sequence[Move]:
    """Let an agent of its own take the claim, again and again, with slow calls and operations."""
    with resident(stage, [owned(kind)]) as agent:
        return [_move(stage, agent) for _ in range(rounds)]


def middle(found: Sequence[Move]) -> Move:
    """Return the medians of the times; of the calls and of the gap the worst."""
    return Move(
        **{name: max(getattr(one, name) for one in found) for name in _COUNTS},
        first=statistics.median(one.first for one in found),
        here=statistics.median(one.here for one in found),
        gap=max(one.gap for one in found),
    )


_COUNTS = ("before", "changes", "waits", "between", "proof")


def _move(stage: GcpStage, agent: Resident) -> Move:
    stage.cloud.faults = Faults()
    stage.give(MASTER)
    agent.stand_by()
    mark = stage.mark()
    stage.cloud.faults = SLOW
    told = agent.say("MASTER")
    time.sleep(NOTICED)
    agent.until_ended()
    ended = time.monotonic()
    return _counted(mark.calls(), told).at(
        here=(max(arrivals(mark.changes(), stage.standby).values()) - told) * 1000,
        gap=unowned_seconds(mark.changes(), ended) * 1000,
    )


class _Counted(msgspec.Struct, frozen=True):
    counts: dict[str, int]
    first: float

    def at(self, *, here: float, gap: float) -> Move:
        return Move(**self.counts, first=self.first, here=here, gap=gap)


def _counted(calls: Sequence[Call], told: float) -> _Counted:
    # An agent looks now and then whether its node may do what it would have to.
    calls = [call for call in calls if not call.operation.endswith(".testIamPermissions")]
    writes = [number for number, call in enumerate(calls) if call.mutating]
    waits = [number for number, call in enumerate(calls) if call.operation.endswith(".wait")]
    if not writes:
        raise RuntimeError(f"nothing was moved: {calls}")
    reads = [n for n in range(len(calls)) if n not in writes and n not in waits]
    counts = {
        "before": sum(n < writes[0] for n in reads),
        "changes": len(writes),
        "waits": len(waits),
        "between": sum(writes[0] < n < waits[-1] for n in reads),
        "proof": sum(n > waits[-1] for n in reads),
    }
    return _Counted(counts, (calls[writes[0]].t - told) * 1000)

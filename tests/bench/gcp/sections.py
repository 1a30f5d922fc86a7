"""Google Cloud's numbers as tables with their targets."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.contest import Timing, median
from bench.counts import Counts
from bench.gcp import contest, imports, kinds
from bench.gcp.contest import AGENT, FLOOR, FRESH, GCLOUD, SCRIPT
from bench.gcp.kinds import LATENCY_MS, OPERATION_MS, Move
from bench.gcp.stage import KINDS, GcpStage, stage
from bench.report import Section, Target
from bench.resident import resident

FEW = 5  # rounds of what takes seconds each
# As the provider's README lists them: reads before, changes, waits, reads after.
CALLS = {"forwarding-rule": 5, "route": 7, "private-ip": 8, "public-ip": 9}
GAPS = {"forwarding-rule": 0.0, "route": 0.0}
TWO_OPERATIONS = 2 * (OPERATION_MS + LATENCY_MS)
MOST_MIB = 200
RATIO = 0.75
NAMES = {
    GCLOUD: "(a) gcloud, by hand",
    SCRIPT: "(b) a script with Google's client",
    FRESH: "(c) cloudfail promote, fresh process",
    AGENT: "(d) cloudfail promote, agent up",
    FLOOR: "(e) one request, connected already",
}
SLOWED = f"API calls take {LATENCY_MS:.0f} ms more, and operations {OPERATION_MS / 1000:g} s"


def moves(counts: Counts) -> Section:
    """Return what a move of each kind takes where the agent has its plan prepared."""
    with _scene() as scene:
        rounds = min(counts.rounds, FEW)
        found = {kind: kinds.middle(kinds.moves(scene, kind, rounds)) for kind in KINDS}
    return Section(
        "moves",
        "A move of each kind by the agent",
        ("kind", "reads before", "changes", "waits", "reads after", "first change", "here", "gap"),
        tuple(
            (kind, m.before, m.changes, m.waits, m.between + m.proof, m.first, m.here, m.gap)
            for kind, m in found.items()
        ),
        targets=tuple(target for kind, move in found.items() for target in _held_to(kind, move)),
        notes=(
            f"{SLOWED}; ms since the line in the FIFO; of the gap (nobody has it) the worst",
            "the nodes are in two zones; the public address came there by cloudfail",
        ),
    )


def _held_to(kind: str, move: Move) -> Iterator[Target]:
    yield Target(f"{kind}, calls before the first change", move.before, 0)
    yield Target(f"{kind}, calls in all", move.calls, CALLS[kind])
    yield Target(f"{kind}, gap", move.gap, GAPS.get(kind, TWO_OPERATIONS), "ms")


def hand(counts: Counts) -> Section:
    """Return a move by hand beside cloudfail's, of a rule and of an address."""
    rounds = min(counts.rounds, FEW)
    with _scene() as scene:
        found = {kind: contest.contest(scene, kind, rounds) for kind in contest.BY_HAND}
    middles = {
        (kind, name): median(runs[name])
        for kind, runs in found.items()
        for name in NAMES
        if name in runs
    }
    return Section(
        "hand",
        "Moved by hand, and by cloudfail (ms from spawn)",
        ("kind", "way", "cloud shows it here", "exit", "no holder", "reads", "writes", "/ (a)"),
        tuple(
            (
                kind,
                NAMES[name],
                *(t.moved_ms, t.ended_ms, t.unowned_ms, t.reads, t.writes),
                t.moved_ms / middles[kind, GCLOUD].moved_ms,
            )
            for (kind, name), t in middles.items()
        ),
        targets=tuple(_faster(kind, middles) for kind in found),
        notes=(
            f"{SLOWED}; medians of {rounds} rounds; of no holder, reads and writes the worst",
            "exit: with the proof by another look in (c) and (d); waits count as reads",
        ),
    )


def _faster(kind: str, middles: Mapping[tuple[str, str], Timing]) -> Target:
    ours, by_hand = middles[kind, AGENT], middles[kind, GCLOUD]
    return Target(
        f"{kind}, (d) / (a), until the cloud shows it", ours.moved_ms / by_hand.moved_ms, 1
    )


def sdk(counts: Counts) -> Section:
    """Return what Google's client costs a fresh process, and what is left of that."""
    found = imports.imports(counts.rounds)
    with _scene() as scene:
        now, whole = imports.promotes(scene, counts.rounds)
    names = {
        imports.NOTHING: "python, nothing imported",
        imports.AUTH: "google.auth and requests alone",
        imports.PARTS: "google.cloud.compute_v1 by its parts, as cloudfail does",
        imports.WHOLE: "google.cloud.compute_v1, whole",
    }
    base = found[imports.WHOLE]
    rows = [
        (what, found[name].wall_ms, found[name].wall_ms / base.wall_ms, found[name].memory_mib)
        for name, what in names.items()
    ]
    parts = found[imports.PARTS].wall_ms / base.wall_ms
    return Section(
        "sdk",
        "Google's client imported (ms from spawn to exit)",
        ("process", "ms", "/ whole", "resident MiB"),
        (
            *rows,
            ("cloudfail promote, a rule", now, now / whole, ""),
            ("the same, the whole package imported", whole, 1, ""),
        ),
        targets=(
            Target("by its parts / whole", parts, RATIO),
            Target("promote / with the whole package", now / whole, 0.85),
        ),
        notes=("in turn, medians; calls and operations take no time here",),
    )


def rest(counts: Counts) -> Section:
    """Return the agent's memory, beside that of Google's client alone."""
    with _scene() as scene, resident(scene, [kinds.owned("public-ip")]) as agent:
        agent.stand_by()
        time.sleep(min(counts.idle, 5.0))
        used, began = agent.cpu_seconds(), time.monotonic()
        time.sleep(counts.idle)
        share = (agent.cpu_seconds() - used) / (time.monotonic() - began)
        memory = agent.memory_mib()
        alone = imports.imports(3)
    return Section(
        "rest",
        "The agent at rest",
        ("what", "value"),
        (
            ("resident memory, MiB", memory),
            ("google.cloud.compute_v1 alone, whole, MiB", alone[imports.WHOLE].memory_mib),
            ("google.cloud.compute_v1 alone, by its parts, MiB", alone[imports.PARTS].memory_mib),
            (f"processor, % of a core over {counts.idle:.0f} s", share * 100),
        ),
        targets=(Target("resident memory", memory, MOST_MIB, "MiB"),),
        notes=("as BACKUP, with one instance that claims a public address",),
    )


SECTIONS: Mapping[str, Callable[[Counts], Section]] = {
    "moves": moves,
    "hand": hand,
    "sdk": sdk,
    "rest": rest,
}


@contextmanager
def _scene() -> Iterator[GcpStage]:
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        stage(Path(folder)) as scene,
    ):
        yield scene

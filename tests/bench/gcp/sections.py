"""Google Cloud's numbers as tables with their targets."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench import ways
from bench.counts import Counts
from bench.gcp import contest, imports
from bench.gcp.stage import GcpStage, stage
from bench.imports import imports as of_codes
from bench.moves import Move
from bench.moves import section as of_moves
from bench.report import Section, Target
from bench.rest import section as of_rest
from bench.slow import FEW, LATENCY_MS, OPERATION_MS
from bench.ways import AGENT, FLOOR, FRESH, HAND, SCRIPT

# As the provider's README lists them: reads before, changes, waits, reads after.
CALLS = {"forwarding-rule": 5, "route": 7, "private-ip": 8, "public-ip": 9}
GAPS = {"forwarding-rule": 0.0, "route": 0.0}
TWO_OPERATIONS = 2 * (OPERATION_MS + LATENCY_MS)
MOST_MIB = 200
RATIO = 0.75
NAMES = {
    HAND: "(a) gcloud, by hand",
    SCRIPT: "(b) a script with Google's client",
    FRESH: "(c) cloudfail promote, fresh process",
    AGENT: "(d) cloudfail promote, agent up",
    FLOOR: "(e) one request, connected already",
}


def moves(counts: Counts) -> Section:
    """Return what a move of each kind takes where the agent has its plan prepared."""
    note = "the nodes are in two zones; the public address came there by cloudfail"
    with _scene() as scene:
        return of_moves(scene, counts.rounds, _held_to, [note])


def _held_to(kind: str, move: Move) -> Iterator[Target]:
    yield Target(f"{kind}, calls before the first change", move.before, 0)
    yield Target(f"{kind}, calls in all", move.calls, CALLS[kind])
    yield Target(f"{kind}, gap", move.gap, GAPS.get(kind, TWO_OPERATIONS), "ms")


def hand(counts: Counts) -> Section:
    """Return a move by hand beside cloudfail's, of a rule and of an address."""
    rounds = min(counts.rounds, FEW)
    with _scene() as scene:
        found = {kind: contest.contest(scene, kind, rounds) for kind in contest.BY_HAND}
    note = "exit: with the proof by another look in (c) and (d); waits count as reads"
    return ways.section(found, NAMES, HAND, [f"{rounds} rounds", note])


def sdk(counts: Counts) -> Section:
    """Return what Google's client costs a fresh process, and what is left of that."""
    found = of_codes(imports.CODE, counts.rounds)
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
    alone = {
        "google.cloud.compute_v1 alone, whole": imports.CODE[imports.WHOLE],
        "google.cloud.compute_v1 alone, by its parts": imports.CODE[imports.PARTS],
    }
    with _scene() as scene:
        return of_rest(scene, counts, MOST_MIB, alone)


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

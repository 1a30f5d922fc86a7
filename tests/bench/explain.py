"""Where the time of a fresh `cloudfail promote` goes, line by line."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from cloudfail import process

from bench.contest import PATIENCE
from bench.scene import MASTER
from bench.stage import ADDRESS, Stage

TRACED = Path(__file__).with_name("traced.py")
START = "interpreter start"
EXIT = "interpreter exit"
WIRE = ("describe", "mutate", "verify")


class Trace(msgspec.Struct, frozen=True):
    """What `traced.py` writes; `ended` is CLOCK_MONOTONIC in seconds."""

    start_ms: float
    spent_ms: Mapping[str, float]
    ended: float


class Line(msgspec.Struct, frozen=True):
    """One part of the whole; `of_cloud_ms` of it the cloud took to answer."""

    what: str
    ms: float
    of_cloud_ms: float = 0.0


Parts = Mapping[str, tuple[float, float]]


def middle(runs: Sequence[Parts]) -> Sequence[Line]:
    """Return the medians of each part, in order; they add up to a run from spawn to exit."""
    labels = list(dict.fromkeys(label for run in runs for label in run))
    none = (0.0, 0.0)
    return [
        Line(
            what=label,
            ms=statistics.median(run.get(label, none)[0] for run in runs),
            of_cloud_ms=statistics.median(run.get(label, none)[1] for run in runs),
        )
        for label in labels
    ]


def trace(stage: Stage) -> Parts:
    """Promote once, traced: each part's milliseconds, and those of them the cloud took."""
    stage.give(MASTER)
    mark = stage.mark()
    out = stage.folder / "trace.json"
    argv = [sys.executable, str(TRACED), str(out), "promote"]
    argv += ["--provider", "aws", "--public-ip", ADDRESS]
    spawned = time.monotonic()
    done = process.run(
        argv,
        env={**stage.environment(), "BENCH_SPAWNED": repr(spawned)},
        cwd="/",
        stdin=process.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    ended = time.monotonic()
    if done.returncode != 0:
        raise RuntimeError(f"traced promote: exit {done.returncode}\n{done.stderr!r}")
    trace = msgspec.json.decode(out.read_bytes(), type=Trace)
    cloud = dict(zip(WIRE, (call.seconds * 1000 for call in mark.calls()), strict=False))
    lines = {START: (trace.start_ms, 0.0)}
    lines |= {label: (ms, cloud.get(label, 0.0)) for label, ms in trace.spent_ms.items()}
    return lines | {EXIT: ((ended - trace.ended) * 1000, 0.0)}

"""What importing Google's client costs: whole, by its parts, and what is left without it."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Mapping, Sequence

import msgspec
from cloudfail import process

from bench.contest import run
from bench.gcp.stage import KINDS, GcpStage
from bench.scene import MASTER

PATIENCE = 60.0
_PARTS = """\
from cloudfail.imports import defer, uncollected
with uncollected():
    defer("google.cloud.compute_v1")
    import google.cloud.compute_v1.types
import google.cloud.compute_v1.services.forwarding_rules
import google.cloud.compute_v1.services.target_instances
import google.cloud.compute_v1.services.instances
"""
NOTHING, AUTH, PARTS, WHOLE = "nothing", "auth", "parts", "whole"
CODE = {
    NOTHING: "",
    AUTH: "import google.auth.transport.requests\n",
    PARTS: _PARTS,
    WHOLE: "import google.cloud.compute_v1\n",
}
# Ends as cloudfail does: Python would take everything apart again.
_END = """\
import os
os.write(1, open('/proc/self/statm', 'rb').read().split()[1])
os._exit(0)
"""
# As cloudfail did it once: its command, with the whole package imported first.
_WITH_WHOLE = """\
import sys
from cloudfail.imports import uncollected
with uncollected():
    import google.cloud.compute_v1
from cloudfail.cli.main import entry
entry()
"""


class Import(msgspec.Struct, frozen=True):
    """Milliseconds from spawn to exit, and resident MiB at the end."""

    wall_ms: float
    memory_mib: float


def imports(rounds: int) -> Mapping[str, Import]:
    """Import in fresh processes, in turn; return the medians."""
    runs: dict[str, list[Import]] = {name: [] for name in CODE}
    for _ in range(rounds):
        for name, code in CODE.items():
            runs[name].append(_import(code))
    return {
        name: Import(
            statistics.median(run.wall_ms for run in found),
            statistics.median(run.memory_mib for run in found),
        )
        for name, found in runs.items()
    }


def _import(code: str) -> Import:
    began = time.monotonic()
    done = process.run(
        [sys.executable, "-c", code + _END],
        stdin=process.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=True,
        cwd="/",
    )
    took = (time.monotonic() - began) * 1000
    return Import(took, int(done.stdout) * os.sysconf("SC_PAGE_SIZE") / 2**20)


def promotes(stage: GcpStage, rounds: int) -> tuple[float, float]:
    """Promote in fresh processes: the median milliseconds as it is, and with the whole package."""
    config = stage.folder / "imports.toml"
    config.write_text(f"[provider.gcp]\n{stage.settings}")
    words = ["promote", "--config", str(config), "--provider", "gcp"]
    words += KINDS["forwarding-rule"].flags
    ways = (["cloudfail", *words], [sys.executable, "-c", _WITH_WHOLE, *words])
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for argv, times in zip(ways, took, strict=True):
            times.append(_promote(stage, argv))
    return statistics.median(took[0]), statistics.median(took[1])


def _promote(stage: GcpStage, argv: Sequence[str]) -> float:
    stage.give(MASTER)
    began = time.monotonic()
    run(argv, stage.environment())
    return (time.monotonic() - began) * 1000

"""What it costs a fresh process to import something: time and resident memory."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Mapping

import msgspec
from cloudfail import process

PATIENCE = 60.0
# Ends as cloudfail does: Python would take everything apart again.
_END = """\
import os
os.write(1, open('/proc/self/statm', 'rb').read().split()[1])
os._exit(0)
"""


class Import(msgspec.Struct, frozen=True):
    """Milliseconds from spawn to exit, and resident MiB at the end."""

    wall_ms: float
    memory_mib: float


def imports(codes: Mapping[str, str], rounds: int) -> Mapping[str, Import]:
    """Import in fresh processes, in turn; return the medians."""
    runs: dict[str, list[Import]] = {name: [] for name in codes}
    for _ in range(rounds):
        for name, code in codes.items():
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

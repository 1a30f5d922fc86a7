"""The agent of a cloud's provider at rest: what it takes, beside what the SDK alone does."""

from __future__ import annotations

import time
from collections.abc import Mapping

from bench.counts import Counts
from bench.imports import imports
from bench.report import Section, Target
from bench.resident import resident
from bench.slow import SlowScene

_SETTLED, _ROUNDS = 5.0, 3
CLAIMED = "public-ip"


def section(stage: SlowScene, counts: Counts, most_mib: float, alone: Mapping[str, str]) -> Section:
    """Return the agent's memory and share of a processor; `alone`: what is said -> the imports."""
    with resident(stage, [stage.kinds[CLAIMED].owned]) as agent:
        agent.stand_by()
        time.sleep(min(counts.idle, _SETTLED))
        used, began = agent.cpu_seconds(), time.monotonic()
        time.sleep(counts.idle)
        share = (agent.cpu_seconds() - used) / (time.monotonic() - began)
        memory = agent.memory_mib()
        found = imports(alone, _ROUNDS)
    return Section(
        "rest",
        "The agent at rest",
        ("what", "value"),
        (
            ("resident memory, MiB", memory),
            *((f"{name}, MiB", one.memory_mib) for name, one in found.items()),
            (f"processor, % of a core over {counts.idle:.0f} s", share * 100),
        ),
        targets=(Target("resident memory", memory, most_mib, "MiB"),),
        notes=("as BACKUP, with one instance that claims a public address",),
    )

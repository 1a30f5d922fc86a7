"""What importing Google's client costs: whole, by its parts, and what is left without it."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence

from bench.contest import run
from bench.gcp.stage import KINDS, GcpStage
from bench.scene import MASTER

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
# As cloudfail did it once: its command, with the whole package imported first.
_WITH_WHOLE = """\
import sys
from cloudfail.imports import uncollected
with uncollected():
    import google.cloud.compute_v1
from cloudfail.cli.main import entry
entry()
"""


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

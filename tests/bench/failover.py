"""kill-master in the lab: real keepalived nodes, and for how long a user's packets were lost."""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence

import msgspec
from cloudfail import process

from bench.stage import BIN

PATIENCE = 180.0


class Failover(msgspec.Struct, frozen=True):
    """What `cloudfail lab run --output json` measured, in milliseconds."""

    verdict: str
    detection_ms: float
    cloudfail_ms: float
    api_ms: float
    unowned_ms: float
    wrong_owner_ms: float
    dark_ms: float
    api_calls: int

    @property
    def beyond_ms(self) -> float:
        """The dark time that is neither VRRP's detection nor the API's answers."""
        return self.dark_ms - self.detection_ms - self.api_ms


def middle(runs: Sequence[Failover]) -> Failover:
    """Return the medians, field by field; the worst verdict and the most calls."""
    return Failover(
        verdict=next((run.verdict for run in runs if run.verdict != "pass"), "pass"),
        detection_ms=statistics.median(run.detection_ms for run in runs),
        cloudfail_ms=statistics.median(run.cloudfail_ms for run in runs),
        api_ms=statistics.median(run.api_ms for run in runs),
        unowned_ms=statistics.median(run.unowned_ms for run in runs),
        wrong_owner_ms=statistics.median(run.wrong_owner_ms for run in runs),
        dark_ms=statistics.median(run.dark_ms for run in runs),
        api_calls=max(run.api_calls for run in runs),
    )


def kill_master() -> Failover:
    """Let the lab kill a master. RuntimeError when it could not."""
    done = process.run(
        ["cloudfail", "lab", "run", "kill-master", "--output", "json"],
        env=_environment(),
        stdin=process.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    try:
        return msgspec.json.decode(done.stdout, type=Failover)
    except msgspec.MsgspecError as exc:
        raise RuntimeError(f"lab: exit {done.returncode}: {done.stderr!r} ({exc})") from exc


def _environment() -> dict[str, str]:
    """Nodes would compile at each start, and time it, where PYTHONDONTWRITEBYTECODE is set."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PATH": f"{BIN}:{os.environ.get('PATH', os.defpath)}"}

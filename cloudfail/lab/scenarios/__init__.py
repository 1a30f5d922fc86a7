"""The rehearsals that `cloudfail lab run` knows, by name."""

from __future__ import annotations

from collections.abc import Mapping

from cloudfail.errors import UsageError
from cloudfail.lab.scenario import Scenario
from cloudfail.lab.scenarios import (
    api,
    bare_line,
    crash,
    daemon,
    day_two,
    death,
    drift,
    egress,
    maintenance,
    partition,
    reboot,
)

_ALL = (
    *(death.KILL_MASTER, death.STOP_MASTER, death.FREEZE_MASTER),
    *(partition.CUT_LINK, partition.PARTITION_HEAL, partition.FLAP),
    *(api.API_THROTTLED, api.API_DOWN, crash.CRASH_MID_PROMOTE),
    *(reboot.REBOOT_BACKUP, egress.STANDBY_EGRESS, bare_line.BARE_LINE),
    *(daemon.KILL_KEEPALIVED, daemon.HANG_KEEPALIVED, partition.ONE_WAY),
    *(crash.KILL_AGENT, drift.DRIFT, day_two.PAUSE, day_two.HANDOVER),
    *(maintenance.MAINTENANCE, maintenance.MAINTENANCE_PREEMPT),
)
SCENARIOS: Mapping[str, Scenario] = {scenario.name: scenario for scenario in _ALL}


def scenario(name: str) -> Scenario:
    """Look a scenario up; raise UsageError that lists them all."""
    if name not in SCENARIOS:
        raise UsageError(f"no scenario is named {name!r}; there are {', '.join(SCENARIOS)}")
    return SCENARIOS[name]

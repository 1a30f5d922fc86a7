"""What the agent costs while nothing happens, and whether it grows while much does."""

from __future__ import annotations

import time

import msgspec

from bench.resident import Resident
from bench.scene import STANDBY, Scene

_PAUSE = 0.01  # seconds between two lines of the FIFO: the record of roles keeps up with them
_DRAINED = 1.0  # seconds until what is recorded and logged of the last ones is written
_SETTLED = 5.0  # seconds: what a new role sets off is over, the check of its permissions included
_FIRST = 10  # the growth counts from the first tenth on: by then everything is loaded


class Weight(msgspec.Struct, frozen=True):
    """`idle` and the MiB are resident memory; `cpu` is a share of one core."""

    idle: float
    cpu: float
    early: float
    late: float

    @property
    def growth(self) -> float:
        return self.late - self.early


def weigh(stage: Scene, agent: Resident, seconds: float, transitions: int) -> Weight:
    """Let it stand by for `seconds`, and then change its role as often as that."""
    agent.stand_by()
    cpu, idle = _idle(agent, seconds), agent.memory_mib()
    stage.give(STANDBY)
    first = max(1, transitions // _FIRST)
    _change(agent, first)
    early = agent.memory_mib()
    _change(agent, transitions - first)
    return Weight(idle, cpu, early, agent.memory_mib())


def _idle(agent: Resident, seconds: float) -> float:
    time.sleep(min(seconds, _SETTLED))
    used, began = agent.cpu_seconds(), time.monotonic()
    time.sleep(seconds)
    return (agent.cpu_seconds() - used) / (time.monotonic() - began)


def _change(agent: Resident, transitions: int) -> None:
    """Its address is there already: each run looks, and writes nothing."""
    for number in range(transitions):
        agent.say("BACKUP" if number % 2 else "MASTER")
        time.sleep(_PAUSE)
    agent.say("MASTER")
    time.sleep(_PAUSE)
    agent.stand_by()
    time.sleep(_DRAINED)

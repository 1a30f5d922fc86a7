"""`cloudfail promote` on a node with an agent, beside an interpreter that does nothing."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence

import msgspec
from cloudfail import process

from bench.contest import PATIENCE
from bench.resident import Resident, environment
from bench.scene import MASTER, Scene


class Asked(msgspec.Struct, frozen=True):
    """Milliseconds from spawn to exit; `api` of them the cloud took to answer the agent."""

    promote: float
    api: float
    nothing: float


def ask(stage: Scene, agent: Resident) -> Asked:
    """Let the role come and promote be asked at once, as keepalived's notify script does."""
    stage.give(MASTER)
    agent.stand_by()
    since = agent.seen()
    world = environment(stage, agent.folder)
    nothing = _ms([sys.executable, "-c", "pass"], world)
    agent.say("MASTER")
    config = str(agent.folder / "cloudfail.toml")
    took = _ms(["cloudfail", "promote", "--config", config, "--instance", "edge"], world)
    agent.until_ended()
    api = sum(call.seconds for call in agent.calls(since)) * 1000
    return Asked(took, api, nothing)


def _ms(argv: Sequence[str], world: Mapping[str, str]) -> float:
    began = time.monotonic()
    done = process.run(
        argv,
        env={k: v for k, v in world.items() if k in _NEEDED or k.startswith("CLOUDFAIL")},
        cwd=os.sep,
        stdin=process.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    took = (time.monotonic() - began) * 1000
    if done.returncode != 0:
        raise RuntimeError(f"{argv}: exit {done.returncode}\n{done.stdout!r}\n{done.stderr!r}")
    return took


_NEEDED = frozenset({"PATH", "HOME", "LANG"})

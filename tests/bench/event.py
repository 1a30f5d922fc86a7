"""From keepalived's line in the FIFO to the first mutating request, beside the bare library."""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from cloudfail import process

from bench.resident import Resident
from bench.scene import MASTER
from bench.stage import ADDRESS, Stage

BARE = Path(__file__).with_name("bare.py")
# EC2 lets an account associate five addresses a second; the agent keeps to that.
EVERY = 0.21
_KEYS = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}  # asks no metadata


class Transitions(msgspec.Struct, frozen=True):
    """Milliseconds until the request arrived: from the line, and from the library's own call."""

    agent: Sequence[float]
    bare: Sequence[float]


class Bare:
    """The vendor's client in a process of its own, warm."""

    def __init__(self, stage: Stage, started: process.Popen[str]) -> None:
        self._stage, self._started = stage, started

    def call(self) -> float:
        """Associate the address; return the milliseconds until the request arrived."""
        out, into = self._started.stdout, self._started.stdin
        assert out is not None
        assert into is not None
        since = len(self._stage.cloud.calls)
        into.write("\n")
        into.flush()
        began = float(out.readline())
        return (_arrival(self._stage, since) - began) * 1000


@contextmanager
def bare(stage: Stage) -> Iterator[Bare]:
    argv = [sys.executable, str(BARE), stage.built.public_ips[ADDRESS], stage.standby]
    with process.Popen(
        [*argv, stage.built.region],
        env={**stage.environment(), **_KEYS},
        stdin=process.PIPE,
        stdout=process.PIPE,
        text=True,
    ) as started:
        yield Bare(stage, started)
        assert started.stdin is not None
        started.stdin.close()


def transitions(stage: Stage, agent: Resident, count: int, every: float = EVERY) -> Transitions:
    """Have the agent take the address, and the library by itself, in turn."""
    ours, theirs = [], []
    with bare(stage) as floor:
        floor.call()
        for _ in range(count):
            began = time.monotonic()
            ours.append(transition(stage, agent))
            stage.give(MASTER)
            theirs.append(floor.call())
            time.sleep(max(0.0, began + every - time.monotonic()))
    return Transitions(ours, theirs)


def transition(stage: Stage, agent: Resident) -> float:
    """Let the agent stand by, and then take; return the milliseconds until its request arrived."""
    stage.give(MASTER)
    agent.stand_by()
    since = agent.seen()
    told = agent.say("MASTER")
    time.sleep(0.02)
    agent.until(lambda: bool(agent.writes(since)), "write")
    first = agent.writes(since)[0]
    agent.until_ended()
    return (first.t - told) * 1000


def _arrival(stage: Stage, since: int) -> float:
    calls = stage.cloud.api.calls(since)
    return next(call.t for call in calls if call.operation == "AssociateAddress")


def quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[max(0, math.ceil(len(values) * share) - 1)]


def ratio(found: Transitions) -> float:
    return statistics.median(found.agent) / statistics.median(found.bare)

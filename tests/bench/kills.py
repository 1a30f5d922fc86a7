"""kill -9 of the master, again and again in one lab: with the agent, and with nobody but keepalived.

`python -m bench.kills INTERVAL LATENCY COUNT` prints a JSON line a pair of kills. Each comes
right after an advert of the master, so that VRRP takes equally long to notice.
"""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
from cloudfail import process
from cloudfail.clock import SystemClock
from cloudfail.lab.timeline import Kind

from agent.real.session import At, enter, opened, pair, say

MODULE = "bench.kills"
_AN_HOUR = 3600.0


class Pair(msgspec.Struct, frozen=True):
    """Milliseconds since the kill: keepalived told b, the address was there; and told, alone."""

    told: float
    here: float
    alone: float


def measure(interval: float, latency: float, count: int) -> Sequence[Pair]:
    """Kill so many masters in a lab of their own. RuntimeError when one did not come to b."""
    tests = str(Path(__file__).resolve().parents[1])
    done = process.run(
        [sys.executable, "-m", MODULE, str(interval), str(latency), str(count)],
        env={**os.environ, "PYTHONPATH": tests},
        stdin=process.DEVNULL,
        capture_output=True,
        timeout=_AN_HOUR,
        check=False,
    )
    pairs = [msgspec.json.decode(line, type=Pair) for line in done.stdout.splitlines()]
    if done.returncode or len(pairs) < count:
        raise RuntimeError(f"{MODULE}: exit {done.returncode}\n{done.stderr.decode()[-2000:]}")
    return pairs


def beyond(pairs: Sequence[Pair], latency: float) -> float:
    """Return what is left of the median beyond VRRP's own and one answer of the API."""
    here = statistics.median(one.here for one in pairs)
    return here - statistics.median(one.alone for one in pairs) - latency


def main(words: list[str]) -> int:
    if (code := enter(MODULE, words)) is not None:
        return code
    interval, latency, count = float(words[0]), float(words[1]), int(words[2])
    with opened(pair(interval=interval)) as site:
        at = At(site, SystemClock())
        for _ in range(count):
            told, here = _kill(at, latency, with_agent=True)
            alone, _ = _kill(at, latency, with_agent=False)
            say(Pair(told=told, here=here, alone=alone))
    return 0


def _kill(at: At, latency: float, *, with_agent: bool) -> tuple[float, float]:
    at.start()
    at.set_latency(latency)
    standby = at.real.machines["b"].agent
    assert standby is not None
    if not with_agent:
        standby.stop(2)
    at.real._ear.next_of("a", 3 * at.interval)
    began = at.now
    at.site.kill("a")
    at.require_master("b")
    if with_agent:
        at.require_holder("b")
    here = at.moved_to("b", began) if with_agent else began
    assert here is not None
    return (_told(at, began) - began) * 1000, (here - began) * 1000


def _told(at: At, began: float) -> float:
    """When keepalived became master on b, by its own log."""
    events = at.site.timeline.events()
    return next(
        one.t
        for one in events
        if (one.node, one.kind, one.detail) == ("b", Kind.VRRP, "MASTER") and one.t >= began
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

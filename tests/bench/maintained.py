"""Maintenance that the cloud announces to the master, again and again in one lab.

`python -m bench.maintained PROVIDER INTERVAL COUNT` prints a JSON line an announcement. A route is
claimed: the one kind that no cloud here leaves with nobody while it moves.
"""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from cloudfail import process
from cloudfail.clock import SystemClock
from cloudfail.lab.timeline import Event, Kind
from cloudfail.lab.topology import Topology, with_claims
from cloudfail.lab.verdict import longest_loss

from agent.real.session import At, enter, opened, say
from bench.counts import Counts
from bench.report import Section, Target

MODULE = "bench.maintained"
_INTERVAL = 1.0
_MOST = 10  # each takes a handover back, and a standby that has looked
_AN_HOUR = 3600.0
_POLLED = 10.0  # seconds in which an agent has seen what is announced, or over


class Handed(msgspec.Struct, frozen=True):
    """Milliseconds, from the poll that saw it: keepalived mastered on b, and the route was there.

    `dark`: the longest time in which a client got no answer; `nobody`: the route had no holder.
    """

    told: float
    here: float
    dark: float
    nobody: float


def measure(provider: str, interval: float, count: int) -> Sequence[Handed]:
    """Announce so often in a lab of its own. RuntimeError when one did not come to b."""
    tests = str(Path(__file__).resolve().parents[1])
    done = process.run(
        [sys.executable, "-m", MODULE, provider, str(interval), str(count)],
        env={**os.environ, "PYTHONPATH": tests},
        stdin=process.DEVNULL,
        capture_output=True,
        timeout=_AN_HOUR,
        check=False,
    )
    found = [msgspec.json.decode(line, type=Handed) for line in done.stdout.splitlines()]
    if done.returncode or len(found) < count:
        raise RuntimeError(f"{MODULE}: exit {done.returncode}\n{done.stderr.decode()[-2000:]}")
    return found


def section_of(provider: str) -> Callable[[Counts], Section]:
    """Return how the provider's section of the bench is made."""
    return lambda counts: section(provider, counts)


def section(provider: str, counts: Counts) -> Section:
    """Return what an announced interruption takes, until the peer has it all."""
    count = min(counts.rounds, _MOST)
    found = measure(provider, _INTERVAL, count)
    columns = Handed.__struct_fields__
    rows = {
        "median": [statistics.median(getattr(one, name) for one in found) for name in columns],
        "most": [max(getattr(one, name) for one in found) for name in columns],
    }
    told, _, _, nobody = rows["most"]
    return Section(
        "maintained",
        f"Maintenance that the cloud announces to the master (ms, {count} times)",
        ("", "peer is master", "route is there", "dark", "nobody has it"),
        tuple((name, *values) for name, values in rows.items()),
        targets=(
            Target("from the poll that saw it to the peer being master, most", told, 1000, "ms"),
            Target("the route with nobody, most", nobody, 0, "ms"),
        ),
        notes=(
            f"from the poll that saw it; adverts every {_INTERVAL:g} s, priorities 150 and 100",
            "dark: the longest time in which a client of the route got no answer, at 100 packets a second",
        ),
    )


def main(words: list[str]) -> int:
    if (code := enter(MODULE, words)) is not None:
        return code
    provider, interval, count = words[0], float(words[1]), int(words[2])
    wanted = Topology(advert_interval=interval, provider=provider, agent=True, notices=True)
    with opened(with_claims(wanted, "route")) as site:
        at = At(site, SystemClock())
        for _ in range(count):
            say(_announce(at))
    return 0


def _announce(at: At) -> Handed:
    at.start()
    began = at.now
    at.announce("a")
    at.require_master("b")
    at.require_holder("b")
    at.require_backup("a")
    seen = at.site.control.announced()[0].seen
    at.site.control.withdraw("a")
    at.wait(lambda: not at.agent("a")["maintenance"]["notices"], _POLLED)
    events = [event for event in at.site.timeline.events() if event.t >= began]
    here = _first(events, Kind.HOLDER, at.topology.target)
    left = next((e.t for e in events if (e.kind, e.node) == (Kind.HOLDER, "")), here)
    return Handed(
        told=(_first(events, Kind.VRRP, "MASTER") - seen) * 1000,
        here=(here - seen) * 1000,
        dark=longest_loss(at.site.packets(), began) * 1000,
        nobody=(here - left) * 1000,
    )


def _first(events: Sequence[Event], kind: Kind, detail: str) -> float:
    return next(e.t for e in events if (e.kind, e.node, e.detail) == (kind, "b", detail))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The agent's numbers as tables with their targets."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from cloudfail.lab.cloud.aws.world import World
from cloudfail.lab.cloud.faults import Faults

from bench import asked, crowd, event, kills, many, weight
from bench.contest import LATENCY_MS
from bench.counts import Counts
from bench.report import Section, Target
from bench.resident import Owned, Resident, public_ips, resident
from bench.stage import ADDRESS, Stage, small_world, stage

EDGE = Owned("edge", 51, public_ips(ADDRESS))
INTERVALS = (1.0, 0.1)
SLACK = 1.1
LOTS = 3  # each takes EC2's buckets ten seconds


def told(counts: Counts) -> Section:
    """Return from the line in the FIFO to the first mutating request."""
    with _pair() as (scene, agent):
        found = event.transitions(scene, agent, counts.transitions)
        unprepared = agent.unprepared
    rows = {"cloudfail agent, from the line": found.agent, "botocore alone, warm": found.bare}
    return Section(
        "told",
        f"A line in the FIFO, until the first mutating request arrives (ms, {counts.transitions})",
        ("from", "median", "p90", "p99", "most"),
        tuple((name, *_spread(values)) for name, values in rows.items()),
        targets=(
            Target("median", statistics.median(found.agent), 5, "ms"),
            Target("p99", event.quantile(found.agent, 0.99), 20, "ms"),
            Target("median / botocore alone", event.ratio(found), 2),
            Target("runs that had to look first", unprepared, 0),
        ),
        notes=("in turn, every 0.21 s: EC2 takes five AssociateAddress a second",),
    )


def kill(counts: Counts) -> Section:
    """Return kill -9 of the master until the address is here, at two advert intervals."""
    runs = {
        f"{interval:g} s": kills.measure(interval, LATENCY_MS, counts.kills)
        for interval in INTERVALS
    }
    return Section(
        "kill",
        f"kill -9 of the master, with the agent (ms, calls of {LATENCY_MS:.0f} ms)",
        ("adverts every", "notified, no agent", "notified", "address here", "beyond"),
        tuple((name, *_killed(pairs)) for name, pairs in runs.items()),
        targets=tuple(
            Target(f"beyond detection and one call, {name}", _killed(pairs)[-1], 20, "ms")
            for name, pairs in runs.items()
        ),
        notes=(
            f"medians of {counts.kills} kills, each paired with one without an agent: only noted",
            "beyond: address here - notified, no agent - one call's latency",
        ),
    )


def ask(counts: Counts) -> Section:
    """Return what `cloudfail promote` takes where an agent does the work."""
    with _pair() as (scene, agent):
        runs = [asked.ask(scene, agent) for _ in range(counts.rounds)]
    promote, api, nothing = (
        statistics.median(getattr(run, name) for run in runs)
        for name in ("promote", "api", "nothing")
    )
    return Section(
        "ask",
        "cloudfail promote with the agent up (ms from spawn to exit)",
        ("what", "ms", "/ python -c pass"),
        (
            ("python -c pass", nothing, 1),
            ("cloudfail promote", promote, promote / nothing),
            ("of that, the API's answers to the agent", api, api / nothing),
        ),
        targets=(Target("promote less the API / python -c pass", (promote - api) / nothing, 2.5),),
        notes=("asked at the moment of the FIFO's line, as from notify_master; until verified",),
    )


def rest(counts: Counts) -> Section:
    """Return the agent's memory and processor time at default intervals."""
    with _pair() as (scene, agent):
        found = weight.weigh(scene, agent, counts.idle, counts.growth)
    return Section(
        "rest",
        "The agent at rest, and after many transitions",
        ("what", "value"),
        (
            ("resident memory, MiB", found.idle),
            (f"processor, % of a core over {counts.idle:.0f} s", found.cpu * 100),
            (f"resident memory after {counts.growth // 10} transitions, MiB", found.early),
            (f"resident memory after {counts.growth} transitions, MiB", found.late),
        ),
        targets=(
            Target("resident memory", found.idle, 80, "MiB"),
            Target("processor at rest", found.cpu * 100, 0.5, "%"),
            Target(f"growth over {counts.growth} transitions", found.growth, 1, "MiB"),
        ),
        notes=("as BACKUP, with one instance; AWS only",),
    )


def lots(counts: Counts) -> Section:
    """Return a hundred public addresses and as many routes in one instance."""
    with crowd.roomy(), _stage(many.world(crowd.CLAIMS)) as scene:
        scene.cloud.faults = Faults(latency_ms=LATENCY_MS)
        runs = []
        for _ in range(min(counts.rounds, LOTS)):
            scene.built = many.rebuilt(scene, many.world(crowd.CLAIMS))
            with resident(scene, crowd.one_instance(scene, crowd.CLAIMS)) as agent:
                runs.append(crowd.take_all(agent, crowd.CLAIMS))
    took = many.middle(runs)
    bound = max(many.bucket_ms(took), took.calls / many.WIDTH * LATENCY_MS)
    return Section(
        "lots",
        f"{crowd.CLAIMS} public addresses and {crowd.CLAIMS} routes in one agent's instance (ms)",
        ("writes", "reads", "buckets", "calls/width", "line to verified"),
        (
            (
                str(sum(took.writes.values())),
                took.reads,
                many.bucket_ms(took),
                took.calls / many.WIDTH * LATENCY_MS,
                took.wall_ms,
            ),
        ),
        targets=(Target("line to verified / bound", took.wall_ms / bound, SLACK),),
        notes=(
            "bound: the larger of what EC2's buckets allow and calls / width x latency",
            "EC2 itself gives an interface at most 50 addresses; here it gives 100",
        ),
    )


def crowded(counts: Counts) -> Section:
    """Return twenty instances that become MASTER in one moment."""
    with (
        _stage(many.world(crowd.INSTANCES)) as scene,
        resident(scene, crowd.instances()) as agent,
    ):
        scene.cloud.faults = Faults(latency_ms=LATENCY_MS)
        runs = [crowd.start_all(scene, agent) for _ in range(counts.rounds)]
        memory, unprepared = agent.memory_mib(), agent.unprepared
    first, last, spread = (
        statistics.median(getattr(run, name) for run in runs)
        for name in ("first", "last", "spread")
    )
    return Section(
        "crowd",
        f"{crowd.INSTANCES} instances in one agent, all MASTER in one moment (ms)",
        ("", "first call", "last call", "apart"),
        (("median", first, last, spread), ("most", *_most(runs))),
        targets=(
            Target("the last instance's call after the first one's", spread, 50, "ms"),
            Target("runs that had to look first", unprepared, 0),
        ),
        notes=(f"resident memory then: {memory:.0f} MiB",),
    )


SECTIONS: Mapping[str, Callable[[Counts], Section]] = {
    "told": told,
    "kill": kill,
    "ask": ask,
    "rest": rest,
    "lots": lots,
    "crowd": crowded,
}


def _most(runs: Sequence[crowd.Started]) -> tuple[float, float, float]:
    return (
        max(run.first for run in runs),
        max(run.last for run in runs),
        max(run.spread for run in runs),
    )


def _spread(values: Sequence[float]) -> tuple[float, ...]:
    shares = (0.9, 0.99, 1.0)
    return (statistics.median(values), *(event.quantile(values, share) for share in shares))


def _killed(pairs: Sequence[kills.Pair]) -> tuple[float, float, float, float]:
    alone, notified, here = (
        statistics.median(getattr(one, name) for one in pairs) for name in ("alone", "told", "here")
    )
    return alone, notified, here, kills.beyond(pairs, LATENCY_MS)


@contextmanager
def _pair() -> Iterator[tuple[Stage, Resident]]:
    with _stage(small_world()) as scene, resident(scene, [EDGE]) as agent:
        yield scene, agent


@contextmanager
def _stage(world: World) -> Iterator[Stage]:
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        stage(world, Path(folder)) as scene,
    ):
        yield scene

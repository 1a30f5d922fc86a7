"""Each number of the bench as a table with its targets."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cloudfail.lab.cloud.faults import Faults

from bench import contest, explain, failover, many, written
from bench.contest import LATENCY_MS, Timing
from bench.counts import Counts
from bench.report import Section, Target
from bench.stage import ADDRESS, small_world, stage
from bench.tls import behind_tls

RATIO = 0.4
SLACK = 1.15
SLOW_MS = 250.0
BATCHES = 5
LONG = f"cloudfail lint, {written.LINES} lines"
GENERATE = "cloudfail generate, a node of a pair"
DELAYED = Faults(latency_ms=LATENCY_MS)
NAMES = {
    "script": "(a) two-line script, awscli",
    "cloudfail": "(b) cloudfail promote, fresh process",
    "floor": "(c) one request, connected already",
}
WARM = f"every API call takes {LATENCY_MS:.0f} ms more; warm page cache; compiled; plain HTTP"


def move(rounds: int) -> Section:
    """Return the three ways to move one Elastic IP, interleaved."""
    with _folder() as folder, stage(small_world(), Path(folder)) as scene:
        scene.cloud.faults = DELAYED
        middles = {n: contest.median(t) for n, t in contest.contest(scene, rounds).items()}
    script, ours = middles["script"], middles["cloudfail"]
    return Section(
        "move",
        "Move one Elastic IP (ms from spawn)",
        ("way", "cloud shows it here", "exit", "no holder", "reads", "writes", "/ (a)"),
        tuple(
            (
                NAMES[name],
                t.moved_ms,
                t.ended_ms,
                t.unowned_ms,
                t.reads,
                t.writes,
                _ratio(t, script),
            )
            for name, t in middles.items()
        ),
        targets=(
            Target("(b) / (a), until the cloud shows it", ours.moved_ms / script.moved_ms, RATIO),
            Target("(b) / (a), until exit", ours.ended_ms / script.ended_ms, RATIO),
            Target("(b) without a holder", ours.unowned_ms, 0, "ms"),
            Target("(b) mutating calls", ours.writes, 1),
            Target("(b) describes, before and after", ours.reads, 2),
        ),
        notes=(WARM, "medians; of `no holder`, reads and writes the worst"),
    )


def cost(rounds: int) -> Section:
    """Return what is left of (b) above (c), line by line."""
    plain, traced = [], []
    with _folder() as folder, stage(small_world(), Path(folder)) as scene:
        scene.cloud.faults = DELAYED
        for _ in range(rounds):
            plain.append(contest.measure(scene, contest.promote))
            traced.append(explain.trace(scene))
    whole, lines = contest.median(plain).ended_ms, explain.middle(traced)
    explained = sum(line.ms for line in lines)
    return Section(
        "cost",
        "Where a fresh promote spends its time (ms)",
        ("part", "ms", "of which the cloud"),
        (
            *((line.what, line.ms, line.of_cloud_ms) for line in lines),
            ("sum of the parts", explained, sum(line.of_cloud_ms for line in lines)),
            ("from spawn to exit, not traced", whole, ""),
            ("unexplained (negative: cost of tracing)", whole - explained, ""),
        ),
        notes=(
            "main thread, innermost part; medians, part by part",
            "modules that cloudfail and the SDK both need are charged to who asks first: cloudfail",
            "the metadata service is asked while the SDK is imported; TLS: see that section",
        ),
    )


def tls(rounds: int) -> Section:
    """Return what TLS adds to (b)."""
    with _folder() as folder, stage(small_world(), Path(folder)) as scene:
        scene.cloud.faults = DELAYED
        plain, wrapped = [], []
        with behind_tls(scene.cloud.endpoint, Path(folder)) as (url, bundle):
            extra = {"AWS_ENDPOINT_URL": url, "AWS_CA_BUNDLE": str(bundle)}
            for _ in range(rounds):
                plain.append(contest.measure(scene, contest.promote))
                wrapped.append(contest.measure(scene, contest.Promote(extra)))
    without, over = contest.median(plain), contest.median(wrapped)
    return Section(
        "tls",
        "What TLS adds to a fresh promote (ms)",
        ("", "cloud shows it here", "exit"),
        (
            ("plain HTTP", without.moved_ms, without.ended_ms),
            ("TLS 1.3, CA bundle of certifi", over.moved_ms, over.ended_ms),
            ("TLS", over.moved_ms - without.moved_ms, over.ended_ms - without.ended_ms),
        ),
        notes=("loopback: the round trips of the handshake cost nothing here",),
    )


def calls(rounds: int) -> Section:
    """Return the calls for one public address: free, and held already."""
    del rounds
    with _folder() as folder, stage(small_world(), Path(folder)) as scene:
        taken = contest.measure(scene, contest.promote)
        order = "".join("w" if call.mutating else "r" for call in scene.cloud.calls)[-3:]
        mark = scene.mark()
        contest.promote(scene)
        again = [call.mutating for call in mark.calls()]
    before, _, after = order.partition("w")
    return Section(
        "calls",
        f"Calls for one public address ({ADDRESS})",
        ("state", "describes before", "writes", "describes after"),
        (
            ("the peer's", len(before), taken.writes, len(after)),
            ("held already", len(again) - sum(again), sum(again), 0),
        ),
        targets=(
            Target("writes for one public-ip", taken.writes, 1),
            Target("describes before", len(before), 1),
            Target("describes after", len(after), 1),
            Target("writes when held already", sum(again), 0),
        ),
    )


def batch(rounds: int) -> Section:
    """Return 50 public addresses and 50 routes beside 5 and 5, and with slower calls."""
    runs: dict[str, tuple[many.Batch, float]] = {}
    with _folder() as folder, stage(small_world(), Path(folder)) as scene:
        for latency, count in ((LATENCY_MS, 5), (LATENCY_MS, many.COUNT), (SLOW_MS, many.COUNT)):
            scene.cloud.faults = Faults(latency_ms=latency)
            one_call = many.answer_ms(scene)
            found = many.middle([many.run(scene, count) for _ in range(min(rounds, BATCHES))])
            runs[f"{count} + {count}, calls of {latency:.0f} ms"] = (found, one_call)
    few, *lots = (run for run, _ in runs.values())
    return Section(
        "batch",
        f"{many.COUNT} public addresses and {many.COUNT} routes in {many.TABLES} tables (ms)",
        ("claims", "reads", "writes", "buckets", "pool", "calls/width", "EC2", "spawn to exit"),
        tuple(
            (
                name,
                run.reads,
                sum(run.writes.values()),
                many.bucket_ms(run),
                many.pool_ms(run, one_call),
                run.calls / many.WIDTH * one_call,
                run.wall_ms,
                run.process_ms,
            )
            for name, (run, one_call) in runs.items()
        ),
        targets=(
            Target("describes grow by", max(run.reads for run in lots) - few.reads, 0),
            *(
                Target(f"EC2 / bound, {name}", run.wall_ms / many.bound_ms(run, one_call), SLACK)
                for name, (run, one_call) in list(runs.items())[1:]
            ),
        ),
        notes=(
            "bound: the larger of buckets (what EC2's limits allow) and pool",
            "pool: calls / width, rounded up in each of the phases look, write, look again",
            "calls/width: the same, were the phases independent",
        ),
    )


def lab(rounds: int) -> Section:
    """Return kill-master, split into what keepalived, cloudfail and the API take."""
    runs, fresh = [], []
    with _folder() as folder, stage(small_world(), Path(folder)) as scene:
        for _ in range(rounds):
            runs.append(failover.kill_master())
            fresh.append(contest.measure(scene, contest.promote))
    ours = contest.median(fresh)
    took = failover.middle(runs)
    return Section(
        "lab",
        "kill-master in the lab (ms)",
        ("", "detection", "cloudfail", "API", "dark", "dark beyond", "no holder", "calls"),
        tuple(
            (
                name,
                run.detection_ms,
                run.cloudfail_ms,
                run.api_ms,
                run.dark_ms,
                run.beyond_ms,
                run.unowned_ms,
                run.api_calls,
            )
            for name, run in (("median", took), *((f"run {n}", r) for n, r in enumerate(runs, 1)))
        ),
        targets=(
            Target("runs that failed", sum(run.verdict != "pass" for run in runs), 0),
            Target(
                "dark beyond detection and API, against (b)", _beyond(runs), ours.ended_ms, "ms"
            ),
        ),
        notes=(
            f"(b), calls not delayed, spawn to exit, between these runs: {ours.ended_ms:.0f} ms",
            "dark beyond: the dark time without VRRP's detection and the API's answers",
        ),
    )


def conf(rounds: int) -> Section:
    """Return how long a keepalived.conf takes to lint and to generate."""
    with _folder() as name:
        folder = Path(name)
        written.write(folder)
        runs = {
            "python -c ''": written.interpreter(folder, rounds),
            "cloudfail lint, a node of a pair": written.lint("pair.conf", folder, rounds),
            LONG: written.lint("long.conf", folder, rounds),
            GENERATE: written.generate(folder, rounds),
        }
    return Section(
        "conf",
        "keepalived.conf linted and generated (ms)",
        ("command", "spawn to exit", "own time"),
        tuple((command, run.wall_ms, run.own_ms) for command, run in runs.items()),
        targets=(
            Target(f"{LONG}, own time", runs[LONG].own_ms, 1000, "ms"),
            Target(f"{GENERATE}, own time", runs[GENERATE].own_ms, 300, "ms"),
        ),
        notes=("fresh processes; own time is the processor's; keepalived's version is given",),
    )


Bench = Callable[[int], Section]
SECTIONS: Mapping[str, Bench] = {
    "calls": calls,
    "move": move,
    "cost": cost,
    "tls": tls,
    "batch": batch,
    "conf": conf,
    "lab": lab,
}


def of_rounds(section: Bench) -> Callable[[Counts], Section]:
    return lambda counts: section(counts.rounds)


def _ratio(timing: Timing, script: Timing) -> float:
    return timing.moved_ms / script.moved_ms


def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="bench-")


def _beyond(runs: Sequence[failover.Failover]) -> float:
    return statistics.median(run.beyond_ms for run in runs)

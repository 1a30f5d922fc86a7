"""50 public addresses and 50 routes at once: how the time and the calls grow with the count."""

from __future__ import annotations

import json
import math
import statistics
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from itertools import groupby

import msgspec
from cloudfail import process
from cloudfail.lab.cloud.aws.world import Built, Subnet, World, WorldNode, WorldPublicIp, WorldTable
from cloudfail.lab.cloud.records import Call
from cloudfail.throttle import Limit

from bench.contest import PATIENCE, Floor, measure
from bench.scene import MASTER, STANDBY
from bench.stage import Stage, small_world
from cloudfail_aws.operations import DEFAULT_WRITE, LIMITS

COUNT = 50
TABLES = 5
WIDTH = 16  # the default of `width`


class Batch(msgspec.Struct, frozen=True):
    """One run. `wall_ms` is from the first EC2 request's arrival to the last one's answer.

    `phases` are the numbers of calls that looked, wrote, and looked again.
    """

    wall_ms: float
    process_ms: float
    reads: int
    writes: Mapping[str, int]
    phases: tuple[int, ...]

    @property
    def calls(self) -> int:
        return sum(self.phases)


def addresses(subnet: int, count: int) -> list[str]:
    """Return a node's private addresses: the primary one first."""
    return [f"10.0.{subnet}.{10 + number}" for number in range(count)]


def world(count: int) -> World:
    """Both nodes have `count` private addresses; the master's hold the public ones."""
    nodes = [
        WorldNode(
            name,
            addresses(subnet, count)[0],
            f"10.0.{subnet}.0/24",
            private_ips=tuple(addresses(subnet, count)[1:]),
            instance_type="c5.18xlarge",  # 50 addresses an interface
        )
        for subnet, name in ((1, MASTER), (2, STANDBY))
    ]
    return World(
        subnets=(Subnet("10.0.1.0/24"), Subnet("10.0.2.0/24", zone="eu-central-1b")),
        nodes=tuple(nodes),
        public_ips=tuple(
            WorldPublicIp(public(number), holder=MASTER, private_address=private)
            for number, private in enumerate(addresses(1, count))
        ),
        route_tables=tuple(
            WorldTable(f"t{number}", tuple((net, MASTER) for net in networks(count)))
            for number in range(TABLES)
        ),
    )


def public(number: int) -> str:
    return f"203.0.113.{number + 1}"


def networks(count: int) -> list[str]:
    """Return the destinations: `count` routes over all tables."""
    return [f"10.{100 + number}.0.0/16" for number in range(max(count // TABLES, 1))]


def config(stage: Stage, count: int) -> str:
    """Return a cloudfail.toml that claims all of it."""
    nodes = "".join(
        f'[[instance.edge.node]]\nname = "{name}"\naddress = "{node.address}"\n'
        f"priority = {priority}\n"
        for priority, (name, node) in enumerate(stage.built.nodes.items(), start=100)
    )
    ips = "".join(
        f'[[instance.edge.claim]]\nkind = "public-ip"\naddress = "{public(number)}"\n'
        # The first sits on the primary address, which is what a claim means that names none.
        + (f'private_address = "{private}"\n' if number else "")
        for number, private in enumerate(addresses(2, count))
    )
    tables = json.dumps(list(stage.built.tables.values()))
    routes = "".join(
        f'[[instance.edge.claim]]\nkind = "route"\ndestination = "{net}"\ntables = {tables}\n'
        for net in networks(count)
    )
    return f'[instance.edge]\nprovider = "aws"\n{nodes}{ips}{routes}'


def run(stage: Stage, count: int) -> Batch:
    """Build the world anew, and promote the standby in a fresh process."""
    stage.built = rebuilt(stage, world(count))
    path = stage.folder / "many.toml"
    path.write_text(config(stage, count))
    mark = stage.mark()
    began = time.monotonic()
    done = process.run(
        ["cloudfail", "promote", "--config", str(path), "--node", STANDBY],
        env=stage.environment(),
        cwd="/",
        stdin=process.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    ended = time.monotonic()
    if done.returncode != 0:
        raise RuntimeError(f"promote of {count}: exit {done.returncode}\n{done.stderr!r}")
    return _batch(mark.calls(), (ended - began) * 1000)


def bound_ms(batch: Batch, answer: float) -> float:
    """Return the least time that EC2's buckets, the pool's width and the latency allow."""
    return max(bucket_ms(batch), pool_ms(batch, answer))


def pool_ms(batch: Batch, answer: float) -> float:
    """Return `calls / width x latency`, rounded up in each phase.

    A phase cannot begin before the one before it has ended, and a call is not divisible.
    """
    return sum(math.ceil(calls / WIDTH) for calls in batch.phases) * answer


def bucket_ms(batch: Batch) -> float:
    """Return for how long EC2's token buckets hold these writes back."""
    return max(_wait_ms(LIMITS.get(name, DEFAULT_WRITE), n) for name, n in batch.writes.items())


def _wait_ms(limit: Limit, calls: int) -> float:
    return max(0.0, calls - limit.capacity) / limit.refill * 1000


def answer_ms(stage: Stage) -> float:
    """Return how long the cloud takes for one call: the median of a few writes by themselves."""
    stage.built = rebuilt(stage, small_world())
    with closing(Floor(stage)) as floor:
        return statistics.median(measure(stage, floor).ended_ms for _ in range(5))


def rebuilt(stage: Stage, wanted: World) -> Built:
    """Build another world in the same cloud, which keeps its faults."""
    faults = stage.cloud.faults
    built = stage.cloud.build(wanted)
    stage.cloud.faults = faults
    return built


def middle(batches: Sequence[Batch]) -> Batch:
    """Return the run whose wall time is the median's."""
    wanted = statistics.median_low(batch.wall_ms for batch in batches)
    return next(batch for batch in batches if math.isclose(batch.wall_ms, wanted))


def _batch(calls: Sequence[Call], process_ms: float) -> Batch:
    calls = sorted(calls, key=lambda call: call.t)
    last = max(call.t + call.seconds for call in calls)
    return Batch(
        wall_ms=(last - calls[0].t) * 1000,
        process_ms=process_ms,
        reads=sum(not call.mutating for call in calls),
        writes=Counter(call.operation for call in calls if call.mutating),
        phases=tuple(len(list(some)) for _, some in groupby(calls, lambda call: call.mutating)),
    )

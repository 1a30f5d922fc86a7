"""One public address moved in three ways: the old script, cloudfail, and the bare request."""

from __future__ import annotations

import http.client
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec
from cloudfail import process

from bench.scene import MASTER, STANDBY, Mark, Scene, arrivals, unowned_seconds
from bench.stage import ADDRESS, Stage

LATENCY_MS = 50.0
PATIENCE = 60.0

# Section 1 of the design: what people run under notify_master today.
TWO_LINES = """\
aws ec2 disassociate-address --public-ip "$EIP"
aws ec2 associate-address --public-ip "$EIP" --instance-id "$INSTANCE_ID"
"""


class Timing(msgspec.Struct, frozen=True):
    """One move, in milliseconds from its start. `unowned_ms`: the address had no holder."""

    moved_ms: float
    ended_ms: float
    unowned_ms: float
    reads: int
    writes: int


Way = Callable[[Stage], None]
S = TypeVar("S", bound=Scene)


def two_lines(stage: Stage) -> None:
    """Two processes of awscli, in sh."""
    extra = {
        "EIP": ADDRESS,
        "INSTANCE_ID": stage.built.nodes[STANDBY].instance_id,
        "AWS_DEFAULT_REGION": stage.built.region,
    }
    run(["/bin/sh", "-ec", TWO_LINES], {**stage.environment(), **extra})


class Promote(msgspec.Struct, frozen=True):
    """A fresh process of cloudfail, as keepalived would start it; `extra` for its environment."""

    extra: Mapping[str, str] = {}

    def __call__(self, stage: Stage) -> None:
        argv = ["cloudfail", "promote", "--provider", "aws", "--public-ip", ADDRESS]
        run(argv, {**stage.environment(), **self.extra})


promote = Promote()


class Floor:
    """One request over a connection that stands already: nothing can be faster."""

    def __init__(self, stage: Stage) -> None:
        parts = urlsplit(stage.cloud.endpoint)
        self._link = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
        self._stage = stage
        self._headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "Authorization": "AWS4-HMAC-SHA256 Credential=bench/20200101/"
            f"{stage.built.region}/ec2/aws4_request, SignedHeaders=host, Signature=0",
        }
        self.request({"Action": "DescribeAddresses"})

    def __call__(self, stage: Stage) -> None:
        self.request(
            {
                "Action": "AssociateAddress",
                "AllocationId": stage.built.public_ips[ADDRESS],
                "NetworkInterfaceId": stage.standby,
                "AllowReassociation": "true",
            }
        )

    def request(self, form: Mapping[str, str]) -> None:
        """Send one call of EC2's query API. Raises RuntimeError when it is refused."""
        body = urlencode({"Version": "2016-11-15", **form})
        self._link.request("POST", "/", body, self._headers)
        answer = self._link.getresponse()
        text = answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(f"{form['Action']}: {answer.status} {text.decode()}")

    def close(self) -> None:
        self._link.close()


def measure(scene: S, way: Callable[[S], None], ready: Callable[[], None] = lambda: None) -> Timing:
    """Let one way move everything from the master to the standby. RuntimeError if it did not.

    `ready` is called when the master has it again, before the time begins.
    """
    scene.give(MASTER)
    ready()
    mark = Mark(scene)
    began = time.monotonic()
    way(scene)
    ended = time.monotonic()
    changes = mark.changes()
    moved = arrivals(changes, scene.standby)
    if not moved:
        raise RuntimeError(f"nothing did move: {changes}")
    calls = mark.calls()
    writes = sum(call.mutating for call in calls)
    return Timing(
        moved_ms=(max(moved.values()) - began) * 1000,
        ended_ms=(ended - began) * 1000,
        unowned_ms=unowned_seconds(changes, ended) * 1000,
        reads=len(calls) - writes,
        writes=writes,
    )


def contest(stage: Stage, rounds: int) -> Mapping[str, Sequence[Timing]]:
    """Interleave the three, so that whatever else the machine does hits each alike."""
    with closing(Floor(stage)) as floor:
        ways: Mapping[str, Way] = {"script": two_lines, "cloudfail": promote, "floor": floor}
        times: dict[str, list[Timing]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                times[name].append(measure(stage, way))
    return times


def median(times: Sequence[Timing]) -> Timing:
    """The median of each field by itself, but the worst of `unowned_ms` and of the calls."""
    return Timing(
        moved_ms=statistics.median(t.moved_ms for t in times),
        ended_ms=statistics.median(t.ended_ms for t in times),
        unowned_ms=max(t.unowned_ms for t in times),
        reads=max(t.reads for t in times),
        writes=max(t.writes for t in times),
    )


def run(argv: Sequence[str], environment: Mapping[str, str], patience: float = PATIENCE) -> None:
    done = process.run(
        argv,
        env=environment,
        stdin=process.DEVNULL,
        stdout=process.PIPE,
        stderr=process.PIPE,
        timeout=patience,
        check=False,
        cwd="/",
    )
    if done.returncode != 0:
        raise RuntimeError(f"{argv}: exit {done.returncode}\n{done.stdout!r}\n{done.stderr!r}")

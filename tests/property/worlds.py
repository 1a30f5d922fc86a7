"""Random worlds and clouds, and a watcher of what a run saw and sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from cloudfail.model import Claim, Holding, PrivateIp, PublicIp, Route, Step
from cloudfail.outcome import Outcome
from cloudfail.promote import promote
from cloudfail.provider import Setup
from cloudfail.run import Run
from cloudfail.testing import FakeCloud, FakeWorld, Fault, ready_run
from hypothesis import strategies as st

FIRST = PrivateIp(address=ip_address("10.0.0.100"))
CLAIMS: tuple[Claim, ...] = (
    PublicIp(address=ip_address("203.0.113.7")),
    PublicIp(address=ip_address("203.0.113.8"), private_address=FIRST.address),
    FIRST,
    PrivateIp(address=ip_address("10.0.0.101")),
    Route(destination=ip_network("10.99.0.0/16"), table="rtb-1"),
)
# What the nodes have besides: a release of "all that b has" would hit it.
UNTOUCHED = {
    "private-ip 10.0.0.10": "a",
    "private-ip 10.0.0.11": "b",
    "public-ip 203.0.113.99": "c",
}

READ_SCRIPT = [Fault.OK, Fault.ERROR_BEFORE, Fault.STALE, Fault.STALER, Fault.UNSAID]
WRITE_SCRIPT = [
    fault for fault in Fault if fault not in READ_SCRIPT[2:] and not fault.startswith("crash")
]
CRASHES = [Fault.CRASH_BEFORE, Fault.CRASH_AFTER]


@dataclass(frozen=True, slots=True)
class Kind:
    """What kind of cloud it is."""

    atomic: bool
    batch: bool
    width: int = 3


held = st.fixed_dictionaries({claim: st.sampled_from(["", "a", "b", "c"]) for claim in CLAIMS})
kinds = st.builds(Kind, atomic=st.booleans(), batch=st.booleans(), width=st.sampled_from([1, 4]))
splitting = st.builds(
    Kind, atomic=st.just(False), batch=st.booleans(), width=st.sampled_from([1, 4])
)
reads = st.lists(st.sampled_from(READ_SCRIPT), max_size=8)
writes = st.lists(st.sampled_from(WRITE_SCRIPT), max_size=12)
crashing_reads = st.lists(st.sampled_from([*READ_SCRIPT, Fault.CRASH_BEFORE]), max_size=6)
crashing_writes = st.lists(st.sampled_from(WRITE_SCRIPT + CRASHES), max_size=12)
nodes = st.sampled_from(["a", "b"])


def hooked(run: Run) -> Setup:
    return Setup(settings=None, before_write=run.before_write, on_call=run.on_call)


class Watched(FakeCloud):
    """A cloud that keeps what was seen and what was sent, in order."""

    def __init__(self, *args: object, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        self.log: list[tuple[str, Claim, str]] = []

    def observe(self, claims: Sequence[Claim]) -> Sequence[Holding]:
        seen = list(super().observe(claims))
        self.log += [("seen", holding.claim, holding.owner.value) for holding in seen]
        return seen

    def _accept(self, step: Step, *, done: bool) -> None:
        super()._accept(step, done=done)
        self.log += [("sent", claim, step.call) for claim in step.claims]


def cloud_of(
    world: FakeWorld,
    me: str,
    kind: Kind,
    run: Run,
    *,
    reads: Iterable[Fault] = (),
    writes: Iterable[Fault] = (),
    lags: Iterable[float] = (),
) -> Watched:
    return Watched(
        world, me, setup=hooked(run), atomic=kind.atomic, batch=kind.batch,
        reads=reads, writes=writes, lags=lags,
    )  # fmt: skip


def promoted(
    world: FakeWorld,
    me: str,
    kind: Kind,
    *,
    run: Run | None = None,
    reads: Iterable[Fault] = (),
    writes: Iterable[Fault] = (),
    lags: Iterable[float] = (),
) -> tuple[Outcome, Watched]:
    run = run or ready_run(width=kind.width)
    cloud = cloud_of(world, me, kind, run, reads=reads, writes=writes, lags=lags)
    return promote(cloud, CLAIMS, run), cloud
